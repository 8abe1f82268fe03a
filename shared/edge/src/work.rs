//! The loop of a function without HTTP: one event, one outcome, its metrics.

use std::future::Future;

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::{log, metrics};

/// Works off events until the environment ends.
pub async fn work<H, F, I, O>(handle: H) -> Result<(), Error>
where
    H: Fn(I) -> F,
    F: Future<Output = Result<O, Error>>,
    I: DeserializeOwned,
    O: Serialize,
{
    log::start();
    metrics::start();
    let handle = &handle;
    run(service_fn(move |LambdaEvent { payload, .. }: LambdaEvent<I>| async move {
        let outcome = handle(payload).await;
        metrics::flush();
        outcome
    }))
    .await
}
