//! A function without HTTP: one event, one outcome.

use std::{
    future::Future,
    time::{Duration, Instant, SystemTime},
};

use lambda_runtime::{Context, Error};
use serde::{Serialize, de::DeserializeOwned};
use sijang_domain::{RequestTime, Timestamp};
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

/// The time of an invocation that begins now and works for at most `limit`.
///
/// # Errors
/// When the clock is outside the years that the shop knows.
pub fn time_of_worker(limit: Duration) -> Result<RequestTime, Error> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = Timestamp::from_millis(now.as_millis().try_into()?).map_err(|_| "an impossible time")?;
    Ok(RequestTime { now, deadline: Instant::now() + limit })
}
