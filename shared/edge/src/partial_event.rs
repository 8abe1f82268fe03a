//! Reads the valid members of an event that `lambda_http` would reject as a whole.
//!
//! `lambda_http` gives an event up at the first member of another type than it expects, although no handler would look
//! at that member. This module takes each member by itself and leaves out what is of no use: a `null`, a number or a
//! list where text belongs, text that is no header.

use std::{collections::BTreeMap, fmt};

use lambda_http::{
    aws_lambda_events::apigw::{
        ApiGatewayRequestAuthorizer, ApiGatewayRequestAuthorizerJwtDescription, ApiGatewayV2httpRequest,
    },
    http::{HeaderMap, HeaderName, HeaderValue},
};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// The claims that may be a list: [`crate::Request`] takes the scopes from them.
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];

/// The members of the request that a handler looks at, as far as `json` has them.
pub(crate) fn read(json: &str) -> ApiGatewayV2httpRequest {
    let event = Members::of(json);
    let context = event.object("requestContext");
    let claims = context.object("authorizer").object("jwt").object("claims");

    let mut jwt = ApiGatewayRequestAuthorizerJwtDescription::default();
    jwt.claims = claims.0.iter().filter_map(|(name, json)| Some((name.clone(), claim(name, json.get())?))).collect();
    let mut authorizer = ApiGatewayRequestAuthorizer::default();
    authorizer.jwt = Some(jwt);

    let mut request = ApiGatewayV2httpRequest::default();
    request.raw_query_string = event.text("rawQueryString");
    request.headers = headers(&event.object("headers"));
    request.path_parameters = event.object("pathParameters").texts().collect();
    request.body = event.text("body");
    request.is_base64_encoded = event.0.get("isBase64Encoded").is_some_and(|json| json.get() == "true");
    request.request_context.request_id = context.text("requestId");
    request.request_context.route_key = context.text("routeKey");
    request.request_context.authorizer = Some(authorizer);
    let method = context.object("http").text("method");
    request.request_context.http.method = method.and_then(|method| method.parse().ok()).unwrap_or_default();
    request
}

/// The headers that a map of headers can hold.
fn headers(sent: &Members) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in sent.texts() {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        let Ok(value) = header_value(&value) else { continue };
        // Only a full map takes no more.
        let _ = headers.try_insert(name, value);
    }
    headers
}

/// The value, with U+FFFD in place of each control character, which no header can have. Without the character the value
/// could become a valid one that the client did not send.
fn header_value(value: &str) -> Result<HeaderValue, lambda_http::http::header::InvalidHeaderValue> {
    let is_allowed = |c: char| !c.is_ascii_control() || c == '\t';
    let value: String = value.chars().map(|c| if is_allowed(c) { c } else { '\u{fffd}' }).collect();
    HeaderValue::try_from(value)
}

/// The text of a claim. A list of scopes is written as API Gateway writes a list: `[a b]`.
fn claim(name: &str, json: &str) -> Option<String> {
    text(json).or_else(|| {
        let list: Vec<Text> = SCOPE_CLAIMS.contains(&name).then(|| serde_json::from_str(json).ok())??;
        let scopes: Vec<String> = list.into_iter().map(|Text(scope)| scope).collect();
        Some(format!("[{}]", scopes.join(" ")))
    })
}

fn text(json: &str) -> Option<String> {
    serde_json::from_str(json).ok().map(|Text(text)| text)
}

/// The members of a JSON object, unread. Anything else has none.
#[derive(Default)]
struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    fn of(json: &'a str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    fn object(&self, name: &str) -> Self {
        self.0.get(name).map(|json| Self::of(json.get())).unwrap_or_default()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(|json| text(json.get()))
    }

    /// The members that are text.
    fn texts(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().filter_map(|(name, json)| Some((name.clone(), text(json.get())?)))
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((Text(name), json)) = map.next_entry()? {
                    members.insert(name, json);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Text, also when it has half of a surrogate pair: `serde_json` gives that out as bytes only.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl Visitor<'_> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
            }
        }

        deserializer.deserialize_bytes(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{Event, gateway_request::GatewayRequest};

    fn request(event: &str) -> GatewayRequest {
        GatewayRequest::from(serde_json::from_str::<Event>(event).unwrap())
    }

    /// Has no `requestContext.http`, so that it is read in parts.
    fn partial() -> Value {
        json!({
            "rawQueryString": "a=1", "headers": {"accept": "x"}, "pathParameters": {"id": "7"},
            "requestContext": {"requestId": "r-1", "routeKey": "GET /x",
                "authorizer": {"jwt": {"claims": {"sub": "alice"}}}},
            "body": "e30=", "isBase64Encoded": true,
        })
    }

    /// The parts that handlers read.
    fn looked_at(request: &GatewayRequest) -> [String; 7] {
        let text = |found: Option<&str>| found.unwrap_or("-").to_owned();
        [
            request.parameters("a").join(","),
            text(request.header("accept")),
            text(request.path_parameter("id")),
            text(request.request_id()),
            text(request.route()),
            text(request.claim("sub")),
            String::from_utf8_lossy(request.body()).into_owned(),
        ]
    }

    #[test]
    fn an_event_is_read_without_the_members_that_no_handler_looks_at() {
        let read = looked_at(&request(&partial().to_string()));
        assert_eq!(read, ["1", "x", "7", "r-1", "GET /x", "alice", "{}"].map(str::to_owned));
    }

    #[test]
    fn a_member_of_another_type_is_left_out_and_the_others_are_read() {
        let expected = looked_at(&request(&partial().to_string()));
        for (place, absent) in [
            ("/rawQueryString", 0),
            ("/headers", 1),
            ("/headers/accept", 1),
            ("/pathParameters", 2),
            ("/pathParameters/id", 2),
            ("/requestContext/requestId", 3),
            ("/requestContext/routeKey", 4),
            ("/requestContext/authorizer", 5),
            ("/requestContext/authorizer/jwt", 5),
            ("/requestContext/authorizer/jwt/claims", 5),
            ("/requestContext/authorizer/jwt/claims/sub", 5),
            ("/body", 6),
        ] {
            for odd in [json!(null), json!(7), json!(true), json!([["x"]]), json!([])] {
                let mut event = partial();
                *event.pointer_mut(place).unwrap() = odd.clone();
                let mut expected = expected.clone();
                expected[absent] = if absent == 0 || absent == 6 { String::new() } else { "-".to_owned() };
                assert_eq!(looked_at(&request(&event.to_string())), expected, "{place}: {odd}");
            }
        }
    }

    #[test]
    fn a_body_is_base64_only_where_the_event_says_true() {
        for odd in [json!(null), json!(1), json!("true"), json!(false), json!([true])] {
            let mut event = partial();
            event["isBase64Encoded"] = odd.clone();
            assert_eq!(request(&event.to_string()).body(), b"e30=", "{odd}");
        }
    }

    #[test]
    fn an_event_is_what_its_members_are_whatever_it_is_itself() {
        for odd in ["null", "7", "[]", "\"x\"", "{}", r#"{"requestContext":[]}"#] {
            let read = looked_at(&request(odd));
            assert_eq!(read, ["", "-", "-", "-", "-", "-", ""].map(str::to_owned), "{odd}");
        }
    }

    #[test]
    fn a_control_character_does_not_make_a_header_valid() {
        let event = json!({"headers": {"accept": "a\u{0}b\tc\u{7f}가", "no name": "x", "x-good": "y"}});
        let request = request(&event.to_string());
        assert_eq!(request.header("accept"), Some("a\u{fffd}b\tc\u{fffd}가"));
        assert_eq!(request.header("x-good"), Some("y"));
    }

    #[test]
    fn half_of_a_surrogate_pair_and_a_deep_document_spoil_nothing_else() {
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        let event =
            format!(r#"{{"headers":{{"x":{deep},"accept":"\ud800y","\udc00":"z"}},"body":"{{}}","\ud801":{deep}}}"#);
        let request = request(&event);
        assert_eq!(request.header("accept"), Some("\u{fffd}\u{fffd}\u{fffd}y"));
        assert_eq!(request.body(), b"{}");
    }

    #[test]
    fn only_a_list_of_scopes_is_taken_for_text() {
        let claims = json!({"sub": ["alice"], "scp": ["a", "b"], "scope": ["c", 7], "exp": 1});
        let event = json!({"requestContext": {"authorizer": {"jwt": {"claims": claims}}}});
        let request = request(&event.to_string());
        assert_eq!(request.claim("scp"), Some("[a b]"));
        for no_text in ["sub", "scope", "exp"] {
            assert_eq!(request.claim(no_text), None, "{no_text}");
        }
    }

    #[test]
    fn a_method_is_read_and_get_where_there_is_none() {
        let with = |method: Value| {
            let event = json!({"requestContext": {"timeEpoch": "odd", "http": {"method": method}}});
            request(&event.to_string()).is_head()
        };
        assert!(with("HEAD".into()));
        assert!(!with("GET".into()) && !with("no method".into()) && !with(Value::Null));
    }
}
