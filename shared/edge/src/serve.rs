//! The work of a function behind the gateway: one request, one reply, one line in the log.

use std::{future::Future, panic::AssertUnwindSafe, time::Instant};

use futures::FutureExt;
use sijang_domain::{Error as OperationError, OrderId, Timestamp};
use tracing::{Instrument, field::display};

pub use lambda_runtime::Error;

use crate::{
    Event, Failure, Invocation, Reply, Request, event::Response, invocation, language::Language, log, metrics,
};

/// What handling a request comes to.
pub type Answer = Result<Reply, Failure>;

/// Serves requests until the environment ends.
pub async fn serve<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    invocation::run(move |event: Event, invocation: Invocation| {
        let invocation = invocation.by(&event);
        let span = invocation.span();
        respond(handle.clone(), event, invocation).map(Ok).instrument(span)
    })
    .await
}

/// The response to a request. Whatever happens on the way to it, it is one of ours.
pub async fn respond<H, F>(handle: H, event: Event, invocation: Invocation) -> Response
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    let started = Instant::now();
    let language = Language::accepted(event.header("accept-language"));
    let customer = event.claim("sub").map(log::pseudonym);
    let route = event.route().map(str::to_owned);
    let named = event.path_parameter("order_id").and_then(|id| id.parse::<OrderId>().ok());
    let request = Request::new(event, &invocation);
    let now = request.as_ref().map_or(Timestamp::EPOCH, |request| request.time().now);
    // In a box: a handler's state is large, and it would be part of every future around it.
    let handled = AssertUnwindSafe(Box::pin(async { handle(request?).await })).catch_unwind().await;
    let answer = handled.unwrap_or_else(|_| Err(OperationError::Internal("the handler panicked".to_owned()).into()));
    let (reply, outcome) = match answer {
        Ok(reply) => {
            reply.replayed.into_iter().for_each(metrics::command);
            (reply, "ok")
        }
        Err(failure) => {
            if let Failure::Operation(error @ (OperationError::Internal(_) | OperationError::Busy(_))) = &failure {
                tracing::error!(%error, "the operation failed");
            }
            let code = failure.kind().code;
            metrics::rejection(code);
            (failure.reply(language, &invocation.request_id, now), code)
        }
    };
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let order_id = reply.order.or(named).map(display);
    tracing::info!(route, order_id, customer, status = reply.status, outcome, milliseconds, "request");
    reply.response()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use serde_json::{Value, json};

    use super::*;

    fn answered(handle: impl Fn(Request) -> Answer, clock: SystemTime) -> Response {
        let handle = |request| std::future::ready(request).map(&handle);
        let invocation = Invocation { clock, ..Invocation::new("r-1", None, 0) };
        respond(handle, Event::default(), invocation).now_or_never().unwrap()
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
