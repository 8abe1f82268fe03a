//! The work of a function without HTTP: one event, one outcome.

use std::future::Future;

use lambda_runtime::Error;
use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument;

use crate::invocation::{self, Invocation};

/// Works off events until the environment ends.
pub async fn work<H, F, I, O>(handle: H) -> Result<(), Error>
where
    H: Fn(I) -> F + Clone + Send + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
{
    // In a box: a handler's state is large, and it would be part of every future around it.
    invocation::run(move |event, invocation: Invocation| Box::pin(handle(event)).instrument(invocation.span())).await
}
