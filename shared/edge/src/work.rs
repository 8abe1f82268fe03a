//! The loop of a function without HTTP: one event, one outcome, its metrics.

use std::{future::Future, sync::Arc};

use lambda_runtime::{Error, LambdaEvent, run_concurrent, service_fn};
use serde::{Serialize, de::DeserializeOwned};

use crate::{log, metrics};

/// Works off events until the environment ends: one after the other, or as many at once as Lambda lets the environment
/// have (`AWS_LAMBDA_MAX_CONCURRENCY`, on managed instances).
pub async fn work<H, F, I, O>(handle: H) -> Result<(), Error>
where
    H: Fn(I) -> F + Send + Sync + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
{
    log::start();
    metrics::start();
    let handle = Arc::new(handle);
    run_concurrent(service_fn(move |LambdaEvent { payload, .. }: LambdaEvent<I>| {
        let handle = Arc::clone(&handle);
        async move {
            let outcome = handle(payload).await;
            metrics::flush();
            outcome
        }
    }))
    .await
}
