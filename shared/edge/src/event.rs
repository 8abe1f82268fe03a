//! The event by which API Gateway invokes a function (HTTP API, payload format 2.0), and the answer that it takes.
//!
//! Only what is looked at is read, and what a client can choose is taken as it is: it is judged later, where there is a
//! problem document to answer with. An event that cannot be read would be the gateway's bare 500.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use sijang_domain::TraceId;

/// A request, as API Gateway passes it on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Event {
    #[serde(deserialize_with = "or_default")]
    raw_query_string: String,
    /// Of a header that was sent twice the gateway makes one, with a comma between the values.
    #[serde(deserialize_with = "or_default")]
    headers: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    path_parameters: BTreeMap<String, String>,
    request_context: Context,
    #[serde(deserialize_with = "or_default")]
    body: String,
    is_base64_encoded: bool,
}

/// What the gateway itself says of a request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Context {
    request_id: Option<String>,
    route_key: Option<String>,
    authorizer: Option<Authorizer>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Authorizer {
    jwt: Option<Jwt>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Jwt {
    claims: BTreeMap<String, Value>,
}

/// The answer, as API Gateway takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status.
    pub status_code: u16,
    /// The headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body, which is text.
    pub body: String,
    is_base64_encoded: bool,
}

impl Response {
    pub(crate) fn new(status_code: u16, headers: BTreeMap<String, String>, body: String) -> Self {
        Self { status_code, headers, body, is_base64_encoded: false }
    }
}

/// A `null` is what is not there.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(field: D) -> Result<T, D::Error> {
    Option::deserialize(field).map(Option::unwrap_or_default)
}

impl Event {
    pub(crate) fn request_id(&self) -> Option<&str> {
        self.request_context.request_id.as_deref()
    }

    /// The route that was taken, as the template writes it: `GET /v1/orders/{order_id}`.
    pub(crate) fn route(&self) -> Option<&str> {
        self.request_context.route_key.as_deref()
    }

    /// The trace that the gateway has begun, or that the client has.
    pub(crate) fn trace(&self) -> Option<TraceId> {
        self.header("x-amzn-trace-id").and_then(TraceId::of_header)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(sent, _)| sent.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn path_parameter(&self, name: &str) -> Option<&str> {
        self.path_parameters.get(name).map(String::as_str)
    }

    /// The parameters of the query, decoded, in their order and as often as they were sent.
    pub(crate) fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        form_urlencoded::parse(self.raw_query_string.as_bytes())
    }

    /// A claim of the token that the gateway's authorizer has verified. Nothing else in an event says who asks.
    pub(crate) fn claim(&self, name: &str) -> Option<&str> {
        self.request_context.authorizer.as_ref()?.jwt.as_ref()?.claims.get(name)?.as_str()
    }

    /// The bytes of the body; none when it says that it is base64 and is not.
    pub(crate) fn body(&self) -> Option<Cow<'_, [u8]>> {
        if self.is_base64_encoded {
            STANDARD.decode(&self.body).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(self.body.as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(event: Value) -> Event {
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn whatever_a_client_sends_the_event_is_read() {
        let event = event(json!({
            "rawPath": "/v1/products/a b<>\u{0}",
            "rawQueryString": "a=<script>&b={\"c\"}&d=%zz%ff&&=",
            "headers": {"X-Odd": "\u{0}\u{7f}가", "host": "not a host/", "x-forwarded-proto": ":"},
            "pathParameters": {"product_id": "a b<>\u{0}"},
            "requestContext": {"requestId": "r", "authorizer": null},
            "body": "not base64",
            "isBase64Encoded": true,
        }));
        assert_eq!(event.query().count(), 4);
        assert_eq!(event.header("x-odd"), Some("\u{0}\u{7f}가"));
        assert_eq!(event.body(), None);
    }

    #[test]
    fn what_the_gateway_leaves_out_or_sends_as_null_is_not_there() {
        let nulls = json!({"rawQueryString": null, "headers": null, "pathParameters": null, "body": null});
        for event in [event(json!({})), event(nulls)] {
            assert_eq!((event.request_id(), event.claim("sub"), event.query().count()), (None, None, 0));
            assert_eq!(event.body().as_deref(), Some(&[][..]));
        }
    }

    #[test]
    fn only_claims_of_text_count() {
        let event = event(json!({"requestContext": {"authorizer": {"jwt": {"claims": {"sub": 7, "scope": "a b"}}}}}));
        assert_eq!((event.claim("sub"), event.claim("scope")), (None, Some("a b")));
    }
}
