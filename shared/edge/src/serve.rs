//! The loop of a function: one request, one reply, one line in the log.

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Instant, SystemTime},
};

use futures::FutureExt;
use lambda_runtime::{LambdaEvent, run_concurrent, service_fn};
use sijang_domain::{Error as OperationError, Timestamp};

pub use lambda_runtime::Error;

use crate::{Event, Failure, Reply, Request, event::Response, language::Language, log, metrics};

/// What handling a request comes to.
pub type Answer = Result<Reply, Failure>;

/// Serves requests until the environment ends: one after the other, or as many at once as Lambda lets the environment
/// have (`AWS_LAMBDA_MAX_CONCURRENCY`, on managed instances).
pub async fn serve<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    log::start();
    metrics::start();
    let handle = Arc::new(handle);
    run_concurrent(service_fn(move |LambdaEvent { payload, context }: LambdaEvent<Event>| {
        let handle = Arc::clone(&handle);
        async move {
            let id = payload.request_id().map_or(context.request_id, str::to_owned);
            let response = respond(&*handle, payload, &id, SystemTime::now(), context.deadline).await;
            metrics::flush();
            Ok::<_, Error>(response)
        }
    }))
    .await
}

/// The response to a request named `id` that came at `clock`, to a function whose time is up at `limit` (milliseconds
/// since the epoch). Whatever happens in between, it is one of ours.
pub async fn respond<H, F>(handle: H, event: Event, id: &str, clock: SystemTime, limit: u64) -> Response
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    let started = Instant::now();
    let language = Language::accepted(event.header("accept-language"));
    let customer = event.claim("sub").map(log::pseudonym);
    let request = Request::new(event, clock, limit);
    let now = request.as_ref().map_or(Timestamp::EPOCH, |request| request.moment().now);
    // In a box: a handler's state is large, and it would be part of every future around it.
    let handled = AssertUnwindSafe(Box::pin(async { handle(request?).await })).catch_unwind().await;
    let answer = handled.unwrap_or_else(|_| Err(OperationError::Internal("the handler panicked".to_owned()).into()));
    let (reply, code) = match answer {
        Ok(reply) => {
            reply.replayed.into_iter().for_each(metrics::command);
            (reply, "ok")
        }
        Err(failure) => {
            if let Failure::Operation(error @ (OperationError::Internal(_) | OperationError::Busy(_))) = &failure {
                tracing::error!(request_id = id, %error, "the operation failed");
            }
            let code = failure.kind().code;
            metrics::refusal(code);
            (failure.reply(language, id, now), code)
        }
    };
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id = id, customer, status = reply.status, outcome = code, milliseconds, "request");
    reply.response()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::{Value, json};

    use super::*;

    fn answered(handle: impl Fn(Request) -> Answer, clock: SystemTime) -> Response {
        let handle = |request| std::future::ready(request).map(&handle);
        respond(handle, Event::default(), "r-1", clock, 0).now_or_never().unwrap()
    }

    fn is_internal(response: &Response) -> bool {
        let problem: Value = serde_json::from_str(&response.body).unwrap();
        response.status_code == 500
            && response.headers["content-type"] == "application/problem+json"
            && problem["code"] == "internal-error"
            && problem["request_id"] == "r-1"
    }

    #[test]
    fn a_clock_that_is_broken_is_answered_with_a_problem() {
        let ok = |_| Ok(Reply::ok(&json!({})));
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        for (clock, good) in [
            (SystemTime::now(), true),
            (UNIX_EPOCH, true),
            (at(7_258_118_400), true),
            (at(7_258_118_401), false),
            (at(1 << 40), false),
            (UNIX_EPOCH - Duration::from_millis(1), false),
        ] {
            let response = answered(ok, clock);
            assert_eq!((response.status_code == 200, is_internal(&response)), (good, !good), "{clock:?}");
        }
    }

    #[test]
    fn a_handler_that_panics_is_answered_with_a_problem() {
        assert!(is_internal(&answered(|_| panic!("on purpose"), SystemTime::now())));
    }
}
