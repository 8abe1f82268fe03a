//! The event by which API Gateway invokes a function (HTTP API, payload format 2.0).
//!
//! `lambda_http` cannot deserialize some events and panics at others while it converts them. The client would get the
//! gateway's bare 500. [`Event`] deserializes from anything, and holds nothing that the conversion panics at. It keeps
//! every value that a handler reads as the client sent it: the handler rejects the value with a problem document.

use std::panic;

use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_http::{
    aws_lambda_events::apigw::ApiGatewayV2httpRequest,
    http::{header::HOST, uri::PathAndQuery},
    request::LambdaRequest,
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sijang_domain::TraceId;

use crate::partial_event;

/// The most bytes of a path, and of a query, that go into a URI. API Gateway takes 10,240 bytes for the request line
/// and all headers, and [`lambda_http::http::Uri`] 65,534. The conversion writes up to three bytes for one byte of a
/// path.
const MAX_URI_PART: usize = 10_240;

/// Stands for a body that is not the base64 it is said to be. It is no JSON document, and it is not empty.
const UNREADABLE_BODY: &str = "\u{fffd}";

/// The header by which API Gateway and X-Ray pass a trace on.
pub(crate) const TRACE_HEADER: &str = "x-amzn-trace-id";

/// A request as API Gateway passes it on, in a form that `lambda_http` converts without a panic.
#[derive(Debug, Clone, Default)]
pub struct Event(ApiGatewayV2httpRequest);

impl<'de> Deserialize<'de> for Event {
    /// Never fails: what cannot be read is left out.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Box::<RawValue>::deserialize(deserializer).map(|json| Self::read(json.get())).unwrap_or_default())
    }
}

impl Event {
    fn read(json: &str) -> Self {
        // A map of headers panics when it is full.
        let whole = panic::catch_unwind(|| serde_json::from_str(json));
        let request = match whole {
            Ok(Ok(request)) => request,
            Ok(Err(_)) | Err(_) => partial_event::read(json),
        };
        Self(convertible(request))
    }

    /// The trace that API Gateway or the client began.
    pub(crate) fn trace(&self) -> Option<TraceId> {
        self.0.headers.get(TRACE_HEADER)?.to_str().ok().and_then(TraceId::of_header)
    }

    /// The name that API Gateway gave the request.
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.0.request_context.request_id.as_deref()
    }
}

impl From<Event> for LambdaRequest {
    fn from(Event(request): Event) -> Self {
        Self::ApiGatewayV2(request)
    }
}

/// The same request without what the conversion of `lambda_http` panics at.
fn convertible(mut request: ApiGatewayV2httpRequest) -> ApiGatewayV2httpRequest {
    // Scheme, host, stage and path become a URL, whatever they are. No handler reads a host or a stage.
    request.headers.remove(HOST);
    request.request_context.domain_name = None;
    request.request_context.stage = None;
    request.raw_path = request.raw_path.filter(|path| path.starts_with('/') && path.len() <= MAX_URI_PART);

    // The query is appended to the URL as it is. One that no URI has goes into the map that handlers read.
    let query = request.raw_query_string.unwrap_or_default();
    let is_uri = query.len() <= MAX_URI_PART && PathAndQuery::try_from(format!("/?{query}")).is_ok();
    if !is_uri {
        request.query_string_parameters = query.parse().unwrap_or_default();
    }
    request.raw_query_string = is_uri.then_some(query);

    if request.is_base64_encoded && request.body.as_deref().is_some_and(|body| STANDARD.decode(body).is_err()) {
        request.body = Some(UNREADABLE_BODY.to_owned());
        request.is_base64_encoded = false;
    }
    request
}

#[cfg(test)]
impl Event {
    /// The event as it came, with what `lambda_http` panics at.
    pub(crate) fn unchecked(json: serde_json::Value) -> Self {
        Self(serde_json::from_value(json).unwrap())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::gateway_request::GatewayRequest;

    fn request(event: &Value) -> GatewayRequest {
        GatewayRequest::from(serde_json::from_value::<Event>(event.clone()).unwrap())
    }

    /// An event of the gateway, with all that `lambda_http` needs to read it whole.
    fn complete() -> Value {
        json!({
            "rawPath": "/v1/products", "rawQueryString": "limit=5",
            "headers": {"host": "shop.example", "x-forwarded-proto": "https", "x-odd": "a"},
            "requestContext": {"requestId": "r-1", "stage": "$default", "domainName": "shop.example",
                "http": {"method": "GET", "path": "/v1/products"}},
            "isBase64Encoded": false,
        })
    }

    fn with(change: impl FnOnce(&mut Value)) -> GatewayRequest {
        let mut event = complete();
        change(&mut event);
        request(&event)
    }

    #[test]
    fn an_event_with_an_odd_host_or_scheme_is_converted() {
        for odd in ["", " ", "not a host/", "[", "a:b:c", "\u{7f}", "가", "a@b", "%"] {
            for header in ["host", "x-forwarded-proto"] {
                let request = with(|event| event["headers"][header] = odd.into());
                assert_eq!(request.parameters("limit"), ["5"], "{header}: {odd:?}");
            }
        }
        let request = with(|event| event["headers"]["host"] = "not a host/".into());
        assert_eq!(request.header("host"), None);
    }

    #[test]
    fn an_event_with_an_odd_domain_name_is_converted() {
        let request = with(|event| {
            event["headers"] = json!({});
            event["requestContext"]["domainName"] = "not a host/".into();
        });
        assert_eq!(request.parameters("limit"), ["5"]);
    }

    #[test]
    fn an_event_with_a_long_stage_is_converted() {
        let request = with(|event| event["requestContext"]["stage"] = "s".repeat(70_000).into());
        assert_eq!(request.parameters("limit"), ["5"]);
    }

    #[test]
    fn an_event_with_an_odd_path_is_converted() {
        for path in ["", ":", "v1", "@:80", "[", "//[", "/a b<>\u{0}", "/가?a#b", "/%zz"] {
            let request = with(|event| event["rawPath"] = path.into());
            assert_eq!(request.parameters("limit"), ["5"], "{path:?}");
        }
    }

    #[test]
    fn an_event_with_a_long_path_is_converted() {
        let request = with(|event| event["rawPath"] = format!("/{}", "가".repeat(20_000)).into());
        assert_eq!(request.parameters("limit"), ["5"]);
    }

    #[test]
    fn a_query_is_decoded_whatever_is_in_it() {
        for c in '\u{0}'..='\u{ff}' {
            let expected = match c {
                '+' => " a".to_owned(),
                '&' => String::new(),
                other => format!("{other}a"),
            };
            let request = with(|event| event["rawQueryString"] = format!("x={c}a").into());
            assert_eq!(request.parameters("x"), [expected], "{c:?}");
        }
        let request = with(|event| event["rawQueryString"] = "a=<x>&b={\"c\"}&d=%zz%ff&&=&a=1".into());
        assert_eq!(request.parameters("a"), ["<x>", "1"]);
        assert_eq!(request.parameters("b"), ["{\"c\"}"]);
        assert_eq!(request.parameters("d"), ["%zz\u{fffd}"]);
        assert_eq!(request.parameters(""), [""]);
    }

    #[test]
    fn a_long_query_is_decoded() {
        for length in [60_000, 70_000] {
            let value = "y".repeat(length);
            let request = with(|event| {
                event["rawPath"] = format!("/{}", "가".repeat(3_000)).into();
                event["rawQueryString"] = format!("x={value}").into();
            });
            assert_eq!(request.parameters("x"), [value]);
        }
    }

    #[test]
    fn a_query_is_read_from_the_raw_query_only() {
        let decoded = json!({"limit": "7"});
        for raw in [json!(null), json!(""), json!("a=<")] {
            let request = with(|event| {
                event["rawQueryString"] = raw.clone();
                event["queryStringParameters"] = decoded.clone();
            });
            assert!(request.parameters("limit").is_empty(), "{raw}");
        }
    }

    #[test]
    fn a_body_that_is_not_the_base64_it_is_said_to_be_is_no_json() {
        let with_body = |body: Value, is_base64: bool| {
            with(|event| {
                event["body"] = body;
                event["isBase64Encoded"] = is_base64.into();
            })
        };
        assert_eq!(with_body("e30=".into(), true).body(), b"{}");
        assert_eq!(with_body("e30=".into(), false).body(), b"e30=");
        assert_eq!(with_body(Value::Null, true).body(), b"");
        for no_base64 in ["e30", "{}", "null", "e30=\n", "\u{0}"] {
            let request = with_body(no_base64.into(), true);
            assert!(!request.body().is_empty(), "{no_base64}");
            assert!(serde_json::from_slice::<Value>(request.body()).is_err(), "{no_base64}");
        }
    }

    #[test]
    fn an_event_with_more_headers_than_a_map_holds_is_converted() {
        let request = with(|event| {
            let headers = (0..40_000).map(|number| (format!("x-{number}"), "a".into()));
            event["headers"] = Value::Object(headers.collect());
        });
        assert_eq!(request.parameters("limit"), ["5"]);
    }

    #[test]
    fn invalid_json_becomes_an_empty_event() {
        for no_json in ["", "{", "nul", "\u{fffd}", "{\"headers\":", "]"] {
            let mut json = serde_json::Deserializer::from_str(no_json);
            let event = Event::deserialize(&mut json).unwrap();
            assert_eq!(event.request_id(), None, "{no_json}");
        }
    }

    #[test]
    fn an_event_has_its_trace_from_its_header() {
        let trace = "1-5759e988-bd862e3fe1be46a994272793";
        let event = json!({"headers": {"X-Amzn-Trace-Id": format!("Root={trace};Sampled=1")}});
        let event: Event = serde_json::from_value(event).unwrap();
        assert_eq!(event.trace().map(|trace| trace.to_string()).as_deref(), Some(trace));
    }
}
