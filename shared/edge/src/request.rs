//! Requests: who asks, and for what.

use std::{
    collections::BTreeSet,
    str::FromStr,
    time::{Duration, Instant, UNIX_EPOCH},
};

use serde::{
    Serialize,
    de::{DeserializeOwned, value::StrDeserializer},
};
use sijang_domain::{
    Command, Error, FieldError, Fingerprint, IdempotencyKey, Name, Page, Position, Rejection, RequestTime, Timestamp,
    TraceId, UserId, Violation,
};

use crate::{CursorKey, Failure, Invocation, List, body, gateway_request::GatewayRequest};

/// The scope that customers' tokens carry.
const CUSTOMER: &str = "shop/customer";
/// The scope that administrators' tokens carry.
const ADMIN: &str = "shop/admin";

/// The claims that list the scopes of a token: `scope` (RFC 9068) and `scp` (Okta, Microsoft Entra ID).
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];

/// Kept back from the function's own time limit, to answer in.
const RESERVE: Duration = Duration::from_millis(500);
/// The most time that a request is tried: a client waits no longer (API Gateway would cut it off at 30 seconds).
const PATIENCE: Duration = Duration::from_secs(8);

/// The most unknown parameters that a problem names.
const MAX_UNKNOWN: usize = 5;
/// The most characters of a parameter's name that a problem repeats.
const MAX_NAME: usize = 40;

/// A request, and when it came.
#[derive(Debug)]
pub struct Request {
    http: GatewayRequest,
    time: RequestTime,
    id: String,
    trace: Option<TraceId>,
}

impl Request {
    /// The request of an invocation.
    ///
    /// # Errors
    /// When the clock shows no time that an order could be of.
    pub(crate) fn new(http: GatewayRequest, invocation: &Invocation) -> Result<Self, Failure> {
        let Invocation { clock, limit, trace, .. } = *invocation;
        let id = invocation.request_id.clone();
        let broken = || Error::Internal("the clock is not between 1970 and 2200".to_owned());
        let since_epoch = clock.duration_since(UNIX_EPOCH).map_err(|_| broken())?;
        let millis = i64::try_from(since_epoch.as_millis()).map_err(|_| broken())?;
        let now = Timestamp::from_millis(millis).map_err(|_| broken())?;
        let left = Duration::from_millis(limit).checked_sub(since_epoch).and_then(|left| left.checked_sub(RESERVE));
        // Some local runtimes hand out limits that lie in the past.
        let left = left.filter(|left| !left.is_zero()).unwrap_or(PATIENCE).min(PATIENCE);
        Ok(Self { http, time: RequestTime { now, deadline: Instant::now() + left }, id, trace })
    }

    /// When the request came, and until when it may be tried.
    pub fn time(&self) -> RequestTime {
        self.time
    }

    pub(crate) fn if_none_match(&self) -> Option<&str> {
        self.http.header("if-none-match")
    }

    /// The customer: the token's subject. Nothing else in a request says who asks.
    pub fn customer(&self) -> Result<UserId, Failure> {
        self.subject_with(CUSTOMER)
    }

    /// The administrator. The gateway has asked for the scope; it is asked for again here.
    pub fn admin(&self) -> Result<UserId, Failure> {
        self.subject_with(ADMIN)
    }

    /// The customer whom staff name in the path, as `{user_id}`. The caller needs the scope of staff.
    pub fn named_customer(&self) -> Result<UserId, Failure> {
        self.admin()?;
        let user_id = self.http.path_parameter("user_id").unwrap_or_default();
        UserId::parse(user_id).map_err(|violation| invalid_parameter("user_id", violation))
    }

    fn subject_with(&self, scope: &str) -> Result<UserId, Failure> {
        let subject = self.http.claim("sub").ok_or(Failure::Unauthenticated)?;
        let subject = UserId::parse(subject).map_err(|_| Failure::Unauthenticated)?;
        // An ID token tells a client who somebody is; it permits nothing. Cognito marks it by this claim.
        if self.http.claim("token_use").is_some_and(|r#use| r#use != "access") {
            return Err(Failure::Unauthenticated);
        }
        if self.scopes().any(|granted| granted == scope) { Ok(subject) } else { Err(Failure::Forbidden) }
    }

    /// The scopes of the token.
    fn scopes(&self) -> impl Iterator<Item = &str> {
        SCOPE_CLAIMS.iter().filter_map(|name| self.http.claim(name)).flat_map(|scopes| {
            // API Gateway writes a claim that is a list as `[a b]`.
            let list = scopes.strip_prefix('[').and_then(|scopes| scopes.strip_suffix(']'));
            list.unwrap_or(scopes).split_whitespace()
        })
    }

    /// The body, if it is JSON of the form of a `T`.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if !self.http.header("content-type").is_none_or(is_json) {
            return Err(Failure::UnsupportedMediaType);
        }
        body::parse(self.http.body())
    }

    /// No body, for a request that says everything by its path. `{}` and `null`, which some clients always send, are
    /// none.
    pub fn no_body(&self) -> Result<(), Failure> {
        if body::is_empty(self.http.body()) {
            Ok(())
        } else {
            Err(Failure::Invalid(vec![FieldError::new("", Violation::Unknown)]))
        }
    }

    /// No query parameters but these: one that is misspelt would change nothing, and nobody would know.
    pub fn only_parameters(&self, known: &[&str]) -> Result<(), Failure> {
        let unknown: BTreeSet<String> =
            self.http.parameter_names().filter(|name| !known.contains(name)).map(shown).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let error = |name: String| FieldError::new(format!("?{name}"), Violation::UnknownParameter);
        Err(Failure::Invalid(unknown.into_iter().take(MAX_UNKNOWN).map(error).collect()))
    }

    /// A required query parameter.
    pub fn required<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Result<T, Failure> {
        self.parameter(name, parse)?.ok_or_else(|| invalid_parameter(name, Violation::Missing))
    }

    /// An identifier from the path. One that cannot exist is one that does not exist.
    pub fn path<T: FromStr>(&self, name: &str, missing: Rejection) -> Result<T, Failure> {
        let value = self.http.path_parameter(name).and_then(|value| value.parse().ok());
        value.ok_or_else(|| missing.into())
    }

    /// A query parameter, if it is given.
    pub fn parameter<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Result<Option<T>, Failure> {
        let value = self.value(name)?;
        value.map(parse).transpose().map_err(|violation| invalid_parameter(name, violation))
    }

    /// A query parameter that selects elements of a list, if it is given. An empty one, which forms send, selects
    /// nothing.
    pub fn filter<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Result<Option<T>, Failure> {
        if self.value(name)? == Some("") { Ok(None) } else { self.parameter(name, parse) }
    }

    /// A filter that is one of a type's names, as they stand in answers.
    pub fn choice<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        self.filter(name, named)
    }

    /// A required parameter that is one of a type's names.
    pub fn required_choice<T: DeserializeOwned>(&self, name: &str) -> Result<T, Failure> {
        self.required(name, named)
    }

    /// The one value of a query parameter.
    fn value(&self, name: &str) -> Result<Option<&str>, Failure> {
        match self.http.parameters(name)[..] {
            [] => Ok(None),
            [value] => Ok(Some(value)),
            [..] => Err(invalid_parameter(name, Violation::Repeated)),
        }
    }

    /// The client's idempotency key, if it sent one.
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Failure> {
        let key = self.http.header("idempotency-key").map(|key| IdempotencyKey::parse(unquoted(key)));
        key.transpose().map_err(|_| Failure::KeyInvalid)
    }

    /// The command of `user` to do `what`.
    pub fn command(&self, user: UserId, operation: &'static str, what: &impl Serialize) -> Result<Command, Failure> {
        let key = self.idempotency_key()?.ok_or(Failure::KeyRequired)?;
        let Self { time, trace, .. } = *self;
        let request_id = self.id.clone();
        Ok(Command { user, operation, key, fingerprint: Fingerprint::of(what), time, request_id, trace, reason: None })
    }

    /// The command of a member of staff, with its reason. The reason is part of the fingerprint.
    pub fn staff_command(
        &self,
        staff: UserId,
        operation: &'static str,
        what: &impl Serialize,
        reason: Option<Name>,
    ) -> Result<Command, Failure> {
        let command = match &reason {
            Some(reason) => self.command(staff, operation, &(what, reason))?,
            None => self.command(staff, operation, what)?,
        };
        Ok(Command { reason, ..command })
    }

    /// Which page of `list` is asked for: `?limit=` (1 to 100, else 20) and `?cursor=`.
    pub fn page(&self, key: &CursorKey, list: &'static str, owner: &str) -> Result<PageRequest, Failure> {
        let limit = self.parameter("limit", |limit| {
            let out = Violation::OutOfRange { min: 1, max: 100 };
            let digits = limit.bytes().all(|byte| byte.is_ascii_digit());
            let limit = limit.parse().ok().filter(|limit| digits && (1..=100).contains(limit));
            limit.ok_or(out)
        })?;
        let cursor = self.parameter("cursor", |cursor| Ok(cursor.to_owned()))?;
        let after = match cursor {
            Some(cursor) => Some(key.open(list, owner, &cursor).ok_or(Failure::InvalidCursor)?),
            None => None,
        };
        let (key, owner) = (key.clone(), owner.to_owned());
        Ok(PageRequest { limit: limit.unwrap_or(20), after, key, list, owner })
    }
}

/// The value of this name.
fn named<T: DeserializeOwned>(name: &str) -> Result<T, Violation> {
    T::deserialize(StrDeserializer::<serde::de::value::Error>::new(name)).map_err(|_| Violation::Malformed)
}

fn invalid_parameter(name: &str, violation: Violation) -> Failure {
    Failure::Invalid(vec![FieldError::new(format!("?{name}"), violation)])
}

/// The name of a parameter that a client chose, short and harmless wherever it is shown.
fn shown(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.[]".contains(c);
    name.chars().take(MAX_NAME).map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// The key in quotes (a string of RFC 8941, as the IETF draft on `Idempotency-Key` has it) is the key without them.
fn unquoted(key: &str) -> &str {
    key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(key)
}

/// Whether a `Content-Type` says JSON, with whatever parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Which page of which list is asked for.
pub struct PageRequest {
    /// How many elements at most.
    pub limit: usize,
    /// The position after which the page begins; without one, the first page.
    pub after: Option<Position>,
    key: CursorKey,
    list: &'static str,
    owner: String,
}

impl PageRequest {
    /// The page that was asked for, with the cursor of the next one.
    pub fn list<T>(&self, page: Page<T>) -> List<T> {
        let next_cursor = page.next.map(|position| self.key.seal(self.list, &self.owner, &position));
        List { data: page.data, next_cursor }
    }
}

#[cfg(test)]
impl Request {
    pub(crate) fn trace(&self) -> Option<TraceId> {
        self.trace
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Event;

    fn request(event: Value) -> Request {
        let event: Event = serde_json::from_value(event).unwrap();
        Request::new(event.into(), &Invocation::new("r-1", None, 0)).unwrap()
    }

    fn of(claims: &Value) -> Request {
        let headers = json!({"authorization": "Bearer a.b.c", "x-user": "intruder", "sub": "intruder"});
        request(json!({"headers": headers, "requestContext": {"authorizer": {"jwt": {"claims": claims}}}}))
    }

    #[test]
    fn only_verified_claims_say_who_asks() {
        let alice = of(&json!({"sub": "alice", "scope": "openid shop/customer"}));
        assert_eq!(alice.customer().unwrap().as_str(), "alice");
        for nobody in [json!({}), json!({"sub": ""}), json!({"sub": "two words"}), json!({"username": "alice"})] {
            assert!(matches!(of(&nobody).customer(), Err(Failure::Unauthenticated)));
        }
        let headers = json!({"authorization": "Bearer a.b.c", "x-user": "intruder"});
        assert!(matches!(request(json!({"headers": headers})).customer(), Err(Failure::Unauthenticated)));
    }

    #[test]
    fn a_scope_is_a_whole_word_and_opens_its_own_routes_only() {
        let with = |scope: &str| of(&json!({"sub": "alice", "scope": scope}));
        assert!(with("shop/admin").admin().is_ok() && with("shop/admin shop/customer").customer().is_ok());
        for scope in ["", "shop/customer", "shop/administrator", "xshop/admin", "shop/admin,shop/customer", "*"] {
            assert!(matches!(with(scope).admin(), Err(Failure::Forbidden)), "{scope}");
        }
        for scope in ["", "shop/admin", "shop/customers"] {
            assert!(matches!(with(scope).customer(), Err(Failure::Forbidden)), "{scope}");
        }
    }

    #[test]
    fn named_customer_is_read_from_the_path_for_staff_only() {
        let with = |scope: &str, user_id: &str| {
            let claims = json!({"sub": "agent", "scope": scope});
            let context = json!({"authorizer": {"jwt": {"claims": claims}}});
            request(json!({"requestContext": context, "pathParameters": {"user_id": user_id}})).named_customer()
        };
        assert_eq!(with("shop/admin", "auth0|alice").unwrap().as_str(), "auth0|alice");
        for scope in ["", "shop/customer"] {
            assert!(matches!(with(scope, "alice"), Err(Failure::Forbidden)), "{scope}");
        }
        for user_id in ["", "two words", "앨리스", &"a".repeat(129)] {
            assert!(matches!(with("shop/admin", user_id), Err(Failure::Invalid(_))), "{user_id}");
        }
    }

    #[test]
    fn an_id_token_permits_nothing() {
        let with = |r#use: &str| of(&json!({"sub": "alice", "scope": "shop/customer", "token_use": r#use}));
        assert!(with("access").customer().is_ok());
        assert!(matches!(with("id").customer(), Err(Failure::Unauthenticated)));
    }

    #[test]
    fn a_body_is_json_whatever_else_is_said_of_it() {
        let with = |kind: &str, body: &str| {
            let event = json!({"headers": {"Content-Type": kind}, "body": body, "isBase64Encoded": kind.is_empty()});
            request(event).body::<crate::MoneyBody>().err().map(|failure| failure.kind().code)
        };
        let money = r#"{"amount":1,"currency":"KRW"}"#;
        assert_eq!(with("application/json; charset=utf-8", money), None);
        assert_eq!(with("text/plain", money), Some("unsupported-media-type"));
        assert_eq!(with("application/json-patch", money), Some("unsupported-media-type"));
        assert_eq!(with("", money), Some("unsupported-media-type"));
        assert_eq!(with("application/json", "eyJ9"), Some("malformed-json"));
        let encoded = request(json!({"body": "not base64", "isBase64Encoded": true}));
        assert!(matches!(encoded.body::<crate::MoneyBody>(), Err(Failure::MalformedJson)));
    }

    #[test]
    fn a_scope_is_granted_by_either_claim_as_text_or_list() {
        let with = |claims: Value| of(&claims).admin();
        for scopes in
            [json!("a shop/admin"), json!("[a shop/admin]"), json!(["a", "shop/admin"]), json!(["shop/admin"])]
        {
            assert!(with(json!({"sub": "alice", "scp": scopes})).is_ok(), "{scopes}");
            assert!(with(json!({"sub": "alice", "scope": scopes})).is_ok(), "{scopes}");
            assert!(with(json!({"sub": "alice", "scope": "a", "scp": scopes})).is_ok(), "{scopes}");
        }
        for scopes in
            [json!("[shop/admin"), json!("shop/admin]"), json!(["xshop/admin"]), json!([["shop/admin"]]), json!({})]
        {
            assert!(matches!(with(json!({"sub": "alice", "scp": scopes})), Err(Failure::Forbidden)), "{scopes}");
        }
        assert!(matches!(with(json!({"sub": "alice", "scopes": "shop/admin"})), Err(Failure::Forbidden)));
    }

    #[test]
    fn an_unknown_parameter_is_rejected_by_its_cleaned_name() {
        let with = |query: &str| request(json!({"rawQueryString": query})).only_parameters(&["limit", "cursor"]);
        let named = |query: &str| match with(query) {
            Err(Failure::Invalid(errors)) => {
                errors.into_iter().map(|error| error.pointer).collect::<Vec<_>>().join(" ")
            }
            other => panic!("{query}: {other:?}"),
        };
        assert!(with("").is_ok() && with("cursor=a&limit=1").is_ok() && with("limi%74=1").is_ok());
        for (query, name) in [
            ("Limit=1", "?Limit"),
            ("utm_source=x", "?utm_source"),
            ("limit[]=1", "?limit[]"),
            ("=", "?"),
            ("a%20b%00=secret", "?a_b_"),
            ("<script>", "?_script_"),
            ("limit=1&user_id=x&user_id=y&a=1", "?a ?user_id"),
            ("가=1", "?_"),
        ] {
            assert_eq!(named(query), name, "{query}");
        }
        assert_eq!(named(&"k".repeat(500)), format!("?{}", "k".repeat(40)));
        assert_eq!(named("a&b&c&d&e&f&g"), "?a ?b ?c ?d ?e");
    }

    #[test]
    fn an_empty_filter_is_no_filter() {
        let with = |query: &str| request(json!({"rawQueryString": query}));
        let filter = |query: &str| with(query).filter("name_prefix", |text| Ok(text.to_owned()));
        assert_eq!(filter("name_prefix=").unwrap(), None);
        assert_eq!(filter("").unwrap(), None);
        assert_eq!(filter("name_prefix=+").unwrap().as_deref(), Some(" "));
        assert!(filter("name_prefix=&name_prefix=").is_err());
        assert_eq!(with("status=").choice::<bool>("status").unwrap(), None);
        assert!(with("status=x").choice::<bool>("status").is_err());
        for query in ["", "status=", "status=x"] {
            assert!(with(query).required_choice::<bool>("status").is_err(), "{query}");
        }
        let limit = |query: &str| with(query).parameter("limit", |text| Ok(text.to_owned())).unwrap();
        assert_eq!(limit("limit=").as_deref(), Some(""), "only a filter may be empty");
    }

    #[test]
    fn no_body_is_also_an_empty_object_and_null() {
        let with = |body: Value| request(json!({"body": body})).no_body();
        for none in
            [json!(null), json!(""), json!("{}"), json!(" { } "), json!("null"), json!("\u{feff}{}"), json!("\n")]
        {
            assert!(with(none.clone()).is_ok(), "{none}");
        }
        for some in ["[]", "{\"a\":1}", "0", "\"\"", "{}{}", "nul", "{", "}", "\u{fffd}"] {
            assert!(with(some.into()).is_err(), "{some}");
        }
    }

    #[test]
    fn a_key_in_quotes_is_the_key_without_them() {
        let with = |key: &str| request(json!({"headers": {"idempotency-key": key}})).idempotency_key();
        let plain = with("8e03978e-40d5-43dd").unwrap();
        assert_eq!(with("\"8e03978e-40d5-43dd\"").unwrap(), plain);
        for key in ["\"", "\"\"", "\"a", "a\"", "\"\"a\"\"", "\"a\"b\"", "\"a\";x"] {
            assert!(matches!(with(key), Err(Failure::KeyInvalid)), "{key}");
        }
    }

    #[test]
    fn a_key_is_one_of_letters_digits_and_a_few_signs() {
        let with = |key: &str| request(json!({"headers": {"idempotency-key": key}})).idempotency_key();
        assert!(with("a-Z.0_9:").is_ok_and(|key| key.is_some()));
        // Of a key that was sent twice, the gateway makes one with a comma.
        for key in ["", " ", "one,two", "가", "a/b", &"k".repeat(129)] {
            assert!(matches!(with(key), Err(Failure::KeyInvalid)), "{key}");
        }
        let operation = request(json!({})).command(UserId::parse("alice").unwrap(), "place-order", &0);
        assert!(matches!(operation, Err(Failure::KeyRequired)));
    }
}
