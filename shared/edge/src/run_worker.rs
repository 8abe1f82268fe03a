//! A function without HTTP: one event, one outcome.

use std::future::Future;

use lambda_runtime::{Context, Error};
use serde::{Serialize, de::DeserializeOwned};
use tracing::Instrument;

use crate::invocation::{self, Invocation};

/// Handles events until the environment ends.
pub async fn run_worker<H, F, I, O>(handle: H) -> Result<(), Error>
where
    H: Fn(I) -> F + Clone + Send + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
{
    // In a box: the state of a handler is large, and would be part of every future around it.
    let handle = move |event, context: Context| Box::pin(handle(event)).instrument(Invocation::of(&context).span());
    invocation::run(handle).await
}
