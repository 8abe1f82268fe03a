//! Where MiniStack treats an invocation otherwise than AWS does, it is put right here, between the two: the functions
//! see the events, and the callers the answers, that they would on AWS.

use axum::{
    body::Bytes,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{environment::Failure, runtime_api::new_trace};

const SCHEDULED_TIME: &str = "<aws.scheduler.scheduled-time>";

/// Who invokes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Gateway,
    Stream,
    Other,
}

/// An invocation on its way in.
#[derive(Debug)]
pub(super) struct Event {
    caller: Caller,
    /// The event for the function.
    pub(super) body: Bytes,
}

impl Event {
    pub(super) fn new(body: Bytes) -> Self {
        let event: Value = serde_json::from_slice(&body).unwrap_or_default();
        let caller = if event["requestContext"]["http"].is_object() {
            Caller::Gateway
        } else if event["Records"][0]["eventSource"] == "aws:dynamodb" {
            Caller::Stream
        } else {
            Caller::Other
        };
        let body = match caller {
            Caller::Gateway => with_trace(event, body),
            Caller::Stream => body,
            Caller::Other => with_scheduled_time(&event, body),
        };
        Self { caller, body }
    }

    /// The answer to MiniStack, which takes every status but 2xx for a failed invocation.
    pub(super) fn answer(&self, result: Result<Bytes, Failure>) -> Response {
        match (self.caller, result) {
            (Caller::Gateway, Err(failure)) => gateway_error(&failure),
            // MiniStack does not know partial failures of streams, and would skip what failed. A failed invocation
            // makes it send the whole batch again, which a relay that delivers at least once must bear anyway.
            (Caller::Stream, Ok(answer)) if reports_failures(&answer) => {
                (StatusCode::INTERNAL_SERVER_ERROR, answer).into_response()
            }
            (_, Ok(answer)) => ([(CONTENT_TYPE, "application/json")], answer).into_response(),
            (_, Err(failure)) => {
                let document = json!({"errorType": failure.kind, "errorMessage": failure.message});
                (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(document)).into_response()
            }
        }
    }
}

/// API Gateway begins a trace where the client has not; MiniStack passes on what came.
fn with_trace(mut event: Value, body: Bytes) -> Bytes {
    const TRACE: &str = "x-amzn-trace-id";
    if !event["headers"][TRACE].is_null() {
        return body;
    }
    event["headers"][TRACE] = new_trace().into();
    event.to_string().into()
}

/// EventBridge Scheduler puts the time into the input; MiniStack leaves the placeholder. Its schedules run at the minute.
fn with_scheduled_time(event: &Value, body: Bytes) -> Bytes {
    if !event.as_object().is_some_and(|fields| fields.values().any(|value| value == SCHEDULED_TIME)) {
        return body;
    }
    let now = Timestamp::now().as_second();
    let minute = Timestamp::from_second(now - now.rem_euclid(60)).unwrap_or_else(|_| Timestamp::now());
    String::from_utf8_lossy(&body).replace(SCHEDULED_TIME, &minute.to_string()).into()
}

fn reports_failures(answer: &Bytes) -> bool {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty())
}

/// An HTTP API shows nothing of a failed function. MiniStack would show the error document, with 502.
fn gateway_error(failure: &Failure) -> Response {
    let (status, message) = match failure.kind.as_str() {
        "Sandbox.Timedout" | "TooManyRequestsException" => (503, "Service Unavailable"),
        _ => (500, "Internal Server Error"),
    };
    let answer = json!({
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json!({"message": message}).to_string(),
    });
    axum::Json(answer).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(event: &Value, answer: Result<Value, Failure>) -> StatusCode {
        let answer = answer.map(|answer| answer.to_string().into());
        Event::new(event.to_string().into()).answer(answer).status()
    }

    #[test]
    fn a_partial_failure_of_a_stream_batch_fails_the_batch() {
        let stream = json!({"Records": [{"eventSource": "aws:dynamodb"}]});
        let queue = json!({"Records": [{"eventSource": "aws:sqs"}]});
        let partial = json!({"batchItemFailures": [{"itemIdentifier": "1"}]});
        assert_eq!(status(&stream, Ok(partial.clone())), 500);
        assert_eq!(status(&stream, Ok(json!({"batchItemFailures": []}))), 200);
        assert_eq!(status(&queue, Ok(partial)), 200);
    }

    #[test]
    fn the_gateway_shows_nothing_of_a_failed_function() {
        let failed = || Err(Failure { kind: "Runtime.ExitError".into(), message: "secret".into() });
        assert_eq!(status(&json!({"requestContext": {"http": {}}}), failed()), 200);
        assert_eq!(status(&json!({"scheduled_time": "x"}), failed()), 500);
    }

    #[test]
    fn a_request_without_a_trace_gets_one_and_a_trace_is_kept() {
        let trace = |headers: Value| {
            let event = Event::new(json!({"requestContext": {"http": {}}, "headers": headers}).to_string().into());
            let seen: Value = serde_json::from_slice(&event.body).expect("JSON");
            seen["headers"]["x-amzn-trace-id"].as_str().expect("a trace").to_owned()
        };
        assert_eq!(trace(json!({"x-amzn-trace-id": "Root=1-2-3"})), "Root=1-2-3");
        let (one, other) = (trace(json!({})), trace(json!({"accept": "*/*"})));
        assert!(one != other && one.starts_with("Root=1-") && one.len() == other.len(), "{one} {other}");
    }

    #[test]
    fn the_placeholder_of_a_schedule_becomes_a_time() {
        let event = Event::new(json!({"scheduled_time": SCHEDULED_TIME}).to_string().into());
        let seen: Value = serde_json::from_slice(&event.body).expect("JSON");
        let time: Timestamp = seen["scheduled_time"].as_str().and_then(|text| text.parse().ok()).expect("a time");
        assert_eq!(time.as_second() % 60, 0);
    }
}
