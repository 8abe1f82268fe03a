//! A function behind the gateway: one request, one reply, one line in the log.

use std::{
    convert::Infallible,
    future::{Future, ready},
    panic::AssertUnwindSafe,
    time::Instant,
};

use futures::FutureExt;
use lambda_http::{
    Adapter,
    lambda_runtime::{Context, LambdaEvent, Service, service_fn},
};
use serde::Serialize;
use sijang_domain::{Error as OperationError, OrderId, Timestamp};
use tracing::{Instrument, field::display};

pub use lambda_runtime::Error;

use crate::{
    Event, Failure, Invocation, Reply, Request, Response, gateway_request::GatewayRequest, invocation,
    language::Language, log, metrics,
};

/// The outcome of a handler.
pub type Answer = Result<Reply, Failure>;

/// Serves requests until the environment ends.
pub async fn serve<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let adapter = Adapter::from(service_fn(move |request: lambda_http::Request| {
        let request = GatewayRequest::from(request);
        let invocation = Invocation::of_request(&request);
        let span = invocation.span();
        reply_to(handle.clone(), request, invocation).map(Ok::<_, Infallible>).instrument(span)
    }));
    invocation::run(move |event, context| adapt(adapter.clone(), event, context)).await
}

/// The response to a request, without Lambda.
pub async fn respond<H, F>(handle: H, event: Event, invocation: Invocation) -> Response
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    reply_to(handle, GatewayRequest::from(event), invocation).await.into()
}

/// Passes an event through `lambda_http` to its service. [`Event`] holds nothing that the conversion panics at today. A
/// panic of a later version is a problem document, too, and not the gateway's bare 500.
async fn adapt<S>(
    mut adapter: Adapter<'static, Reply, S>,
    event: Event,
    mut context: Context,
) -> Result<impl Serialize, Error>
where
    S: Service<lambda_http::Request, Response = Reply, Error = Infallible>,
    S::Future: Send + 'static,
{
    let request_id = event.request_id().unwrap_or(&context.request_id).to_owned();
    if event.trace().is_some() {
        // The adapter would replace the request's trace by the one of the invocation.
        context.xray_trace_id = None;
    }
    let event = LambdaEvent::new(event.into(), context);
    let outcome = AssertUnwindSafe(async move { adapter.call(event).await }).catch_unwind();
    if let Ok(response) = outcome.await {
        return Ok(response?);
    }
    let error = OperationError::Internal("the event could not be converted".to_owned());
    let (reply, _) = failed(&error.into(), Language::English, &request_id, Timestamp::EPOCH);
    let mut adapter = Adapter::from(service_fn(move |_| ready(Ok::<_, Infallible>(reply.clone()))));
    Ok(adapter.call(LambdaEvent::new(Event::default().into(), Context::default())).await?)
}

/// The reply to a request. A handler that fails or panics is answered with a problem document.
async fn reply_to<H, F>(handle: H, request: GatewayRequest, invocation: Invocation) -> Reply
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    let started = Instant::now();
    let language = Language::accepted(request.header("accept-language"));
    let customer = request.claim("sub").map(log::pseudonym);
    let route = request.route().map(str::to_owned);
    let named = request.path_parameter("order_id").and_then(|id| id.parse::<OrderId>().ok());
    let (wants_no_body, is_read) = (request.is_head(), request.is_read());
    let request = Request::new(request, &invocation);
    let now = request.as_ref().map_or(Timestamp::EPOCH, |request| request.time().now);
    // In a box: the state of a handler is large, and would be part of every future around it.
    let handled = AssertUnwindSafe(Box::pin(async { handle(request?).await })).catch_unwind().await;
    let answer = handled.unwrap_or_else(|_| Err(OperationError::Internal("the handler panicked".to_owned()).into()));
    let (reply, outcome) = match answer {
        Ok(reply) => {
            reply.replayed.into_iter().for_each(metrics::command);
            (reply, "ok")
        }
        Err(failure) => {
            let (reply, code) = failed(&failure, language, &invocation.request_id, now);
            // Only a public route answers a request without claims in this way: what is not there is so for everybody.
            let is_public = is_read && customer.is_none() && reply.status() == 404;
            (if is_public { reply.absent_for_a_second() } else { reply }, code)
        }
    };
    let reply = if wants_no_body { reply.without_body() } else { reply };
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let order_id = reply.order.or(named).map(display);
    tracing::info!(route, order_id, customer, status = reply.status(), outcome, milliseconds, "request");
    reply
}

/// The reply to a request that failed, and the code of its problem. The failure is counted, and logged where an
/// operator has to know.
fn failed(failure: &Failure, language: Language, request_id: &str, now: Timestamp) -> (Reply, &'static str) {
    if let Failure::Operation(error @ (OperationError::Internal(_) | OperationError::Busy(_))) = failure {
        tracing::error!(%error, "the operation failed");
    }
    let code = failure.kind().code;
    metrics::rejection(code);
    (failure.reply(language, request_id, now), code)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use serde_json::{Value, json};
    use sijang_domain::Rejection;

    use super::*;

    fn answered(handle: impl Fn(Request) -> Answer, clock: SystemTime) -> Response {
        let handle = |request| std::future::ready(request).map(&handle);
        let invocation = Invocation { clock, ..Invocation::new("r-1", None, 0) };
        respond(handle, Event::default(), invocation).now_or_never().unwrap()
    }

    fn is_internal(response: &Response) -> bool {
        let problem: Value = serde_json::from_slice(response.body()).unwrap();
        response.status() == 500
            && response.headers()["content-type"] == "application/problem+json"
            && problem["code"] == "internal-error"
            && problem["request_id"] == "r-1"
    }

    /// The response of an event, for the runtime.
    fn adapted(
        handle: impl Fn(Request) -> Answer + Clone + Send + Sync + 'static,
        event: Event,
        context: Context,
    ) -> Value {
        let adapter = Adapter::from(service_fn(move |request: lambda_http::Request| {
            let request = GatewayRequest::from(request);
            let invocation = Invocation::of_request(&request);
            let handle = handle.clone();
            reply_to(move |request| ready(handle(request)), request, invocation).map(Ok::<_, Infallible>)
        }));
        serde_json::to_value(adapt(adapter, event, context).now_or_never().unwrap().unwrap()).unwrap()
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
            assert_eq!((response.status() == 200, is_internal(&response)), (good, !good), "{clock:?}");
        }
    }

    #[test]
    fn a_handler_that_panics_is_answered_with_a_problem() {
        assert!(is_internal(&answered(|_| panic!("on purpose"), SystemTime::now())));
    }

    #[test]
    fn a_conversion_that_panics_is_answered_with_a_problem() {
        let event = Event::unchecked(json!({
            "rawQueryString": "limit=<x>",
            "requestContext": {"requestId": "r-1", "http": {"method": "GET"}},
        }));
        let response = adapted(|_| Ok(Reply::ok(&json!({}))), event, Context::default());
        let problem: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
        assert_eq!((&response["statusCode"], &problem["status"]), (&json!(500), &json!(500)));
        assert_eq!((&problem["code"], &problem["request_id"]), (&json!("internal-error"), &json!("r-1")));
        assert_eq!(response["headers"]["content-type"], "application/problem+json");
    }

    #[test]
    fn a_reply_is_what_the_gateway_takes() {
        let handle = |_: Request| Ok(Reply::ok(&json!({"a": "가"})).with("location", "/x"));
        let event = serde_json::from_value(json!({})).unwrap();
        let response = adapted(handle, event, Context::default());
        assert_eq!(response["statusCode"], 200);
        assert_eq!((&response["body"], &response["isBase64Encoded"]), (&json!("{\"a\":\"가\"}"), &json!(false)));
        let headers = json!({"content-type": "application/json", "cache-control": "no-store", "location": "/x"});
        assert_eq!(response["headers"], headers);
    }

    #[test]
    fn a_trace_of_the_gateway_goes_on_and_else_that_of_the_invocation() {
        let (gateway, lambda) = ("1-5759e988-bd862e3fe1be46a994272793", "1-00000000-000000000000000000000001");
        for (header, expected) in
            [(Some(format!("Root={gateway}")), gateway), (None, lambda), (Some("x".to_owned()), lambda)]
        {
            let event = serde_json::from_value(json!({"headers": {"x-amzn-trace-id": header}})).unwrap();
            let mut context = Context::default();
            context.xray_trace_id = Some(format!("Root={lambda};Sampled=1"));
            let handle = |request: Request| Ok(Reply::ok(&request.trace().map(|trace| trace.to_string())));
            let response = adapted(handle, event, context);
            assert_eq!(response["body"], format!("\"{expected}\""), "{header:?}");
        }
    }

    #[test]
    fn absence_is_cacheable_for_a_second_on_a_public_read_and_nowhere_else() {
        let cache_control = |method: &str, claims: Value, rejection: Rejection| {
            let context = json!({"http": {"method": method}, "authorizer": {"jwt": {"claims": claims}}});
            let event = serde_json::from_value(json!({"requestContext": context})).unwrap();
            let response = adapted(move |_| Err(rejection.clone().into()), event, Context::default());
            let headers = &response["headers"];
            (headers["cache-control"].as_str().unwrap().to_owned(), headers["vary"] == "accept-language")
        };
        let (absent, nobody) = (Rejection::ProductNotFound, json!({}));
        for method in ["GET", "HEAD"] {
            let of_everybody = cache_control(method, nobody.clone(), absent.clone());
            assert_eq!(of_everybody, ("public, max-age=1".to_owned(), true), "{method}");
        }
        for (method, claims, rejection) in [
            ("GET", json!({"sub": "alice"}), absent.clone()),
            ("POST", nobody.clone(), absent),
            ("GET", nobody, Rejection::CouponSoldOut),
        ] {
            assert_eq!(cache_control(method, claims, rejection), ("no-store".to_owned(), false), "{method}");
        }
    }

    #[test]
    fn a_head_request_is_answered_like_a_get_without_a_body() {
        let with = |method: &str| {
            let event = json!({"requestContext": {"http": {"method": method}}});
            adapted(|_| Ok(Reply::ok(&json!({}))), serde_json::from_value(event).unwrap(), Context::default())
        };
        let (get, mut head) = (with("GET"), with("HEAD"));
        assert_eq!((&get["body"], &head["body"]), (&json!("{}"), &json!("")));
        head["body"] = get["body"].clone();
        assert_eq!(head, get);
    }
}
