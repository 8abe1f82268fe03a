//! Requests: who asks, for what, from an API Gateway event.

use std::{
    str::FromStr,
    time::{Duration, Instant, UNIX_EPOCH},
};

use serde::{
    Serialize,
    de::{DeserializeOwned, value::StrDeserializer},
};
use sijang_domain::{
    Command, Error, FieldError, Fingerprint, IdempotencyKey, Position, Rejection, RequestTime, Timestamp, TraceId,
    UserId, Violation,
};

use crate::{CursorKey, Event, Failure, Invocation, body};

/// The scope that customers' tokens carry.
const CUSTOMER: &str = "shop/customer";
/// The scope that administrators' tokens carry.
const ADMIN: &str = "shop/admin";

/// Kept back from the function's own time limit, to answer in.
const RESERVE: Duration = Duration::from_millis(500);
/// The most time that a request is tried: a client waits no longer (API Gateway would cut it off at 30 seconds).
const PATIENCE: Duration = Duration::from_secs(8);

/// A request, and when it came.
#[derive(Debug)]
pub struct Request {
    event: Event,
    time: RequestTime,
    request_id: String,
    trace: Option<TraceId>,
}

impl Request {
    /// The request of an event.
    ///
    /// # Errors
    /// When the clock shows no time that an order could be of.
    pub(crate) fn new(event: Event, invocation: &Invocation) -> Result<Self, Failure> {
        let Invocation { clock, limit, trace, .. } = *invocation;
        let request_id = invocation.request_id.clone();
        let broken = || Error::Internal("the clock is not between 1970 and 2200".to_owned());
        let since_epoch = clock.duration_since(UNIX_EPOCH).map_err(|_| broken())?;
        let millis = i64::try_from(since_epoch.as_millis()).map_err(|_| broken())?;
        let now = Timestamp::from_millis(millis).map_err(|_| broken())?;
        let left = Duration::from_millis(limit).checked_sub(since_epoch).and_then(|left| left.checked_sub(RESERVE));
        // Some local runtimes hand out limits that lie in the past.
        let left = left.filter(|left| !left.is_zero()).unwrap_or(PATIENCE).min(PATIENCE);
        Ok(Self { event, time: RequestTime { now, deadline: Instant::now() + left }, request_id, trace })
    }

    /// When the request came, and until when it may be tried.
    pub fn time(&self) -> RequestTime {
        self.time
    }

    pub(crate) fn if_none_match(&self) -> Option<&str> {
        self.event.header("if-none-match")
    }

    /// The customer: the token's subject. Nothing else in a request says who asks.
    pub fn customer(&self) -> Result<UserId, Failure> {
        self.subject_with(CUSTOMER)
    }

    /// The administrator. The gateway has asked for the scope; it is asked for again here.
    pub fn admin(&self) -> Result<UserId, Failure> {
        self.subject_with(ADMIN)
    }

    fn subject_with(&self, scope: &str) -> Result<UserId, Failure> {
        let subject = self.event.claim("sub").ok_or(Failure::Unauthenticated)?;
        let subject = UserId::parse(subject).map_err(|_| Failure::Unauthenticated)?;
        // An ID token says who somebody is, to the client; it permits nothing. Cognito's say so.
        if self.event.claim("token_use").is_some_and(|r#use| r#use != "access") {
            return Err(Failure::Unauthenticated);
        }
        let scopes = self.event.claim("scope").unwrap_or_default();
        if scopes.split_whitespace().any(|granted| granted == scope) { Ok(subject) } else { Err(Failure::Forbidden) }
    }

    /// The body, if it is JSON of the form of a `T`.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if !self.event.header("content-type").is_none_or(is_json) {
            return Err(Failure::UnsupportedMediaType);
        }
        body::parse(&self.event.body().ok_or(Failure::MalformedJson)?)
    }

    /// No body, for a request that says everything by its path.
    pub fn no_body(&self) -> Result<(), Failure> {
        if self.event.body().is_some_and(|body| body.is_empty()) {
            Ok(())
        } else {
            Err(Failure::Invalid(vec![FieldError::new("", Violation::Unknown)]))
        }
    }

    /// No query parameters but these: one that is misspelt would change nothing, and nobody would know.
    pub fn only_parameters(&self, known: &[&str]) -> Result<(), Failure> {
        if self.event.query().all(|(name, _)| known.contains(&name.as_ref())) {
            Ok(())
        } else {
            // The name is the caller's: it is not repeated.
            Err(Failure::Invalid(vec![FieldError::new("?", Violation::Unknown)]))
        }
    }

    /// A required query parameter.
    pub fn required<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Result<T, Failure> {
        let missing = || Failure::Invalid(vec![FieldError::new(format!("?{name}"), Violation::Missing)]);
        self.parameter(name, parse)?.ok_or_else(missing)
    }

    /// An identifier from the path. One that cannot exist is one that does not exist.
    pub fn path<T: FromStr>(&self, name: &str, missing: Rejection) -> Result<T, Failure> {
        let value = self.event.path_parameter(name).and_then(|value| value.parse().ok());
        value.ok_or_else(|| missing.into())
    }

    /// A query parameter, if it is given.
    pub fn parameter<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Result<Option<T>, Failure> {
        let mut all = self.event.query().filter(|(sent, _)| sent == name).map(|(_, value)| value);
        let invalid = |violation| Failure::Invalid(vec![FieldError::new(format!("?{name}"), violation)]);
        let Some(first) = all.next() else { return Ok(None) };
        if all.next().is_some() {
            return Err(invalid(Violation::Repeated));
        }
        parse(&first).map(Some).map_err(invalid)
    }

    /// A query parameter that is one of a type's names, as they stand in answers.
    pub fn choice<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        self.parameter(name, |text| {
            T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text)).map_err(|_| Violation::Malformed)
        })
    }

    /// The client's idempotency key, if it sent one.
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Failure> {
        let key = self.event.header("idempotency-key").map(IdempotencyKey::parse);
        key.transpose().map_err(|_| Failure::KeyInvalid)
    }

    /// The command of `user` to do `what`.
    pub fn command(&self, user: UserId, operation: &'static str, what: &impl Serialize) -> Result<Command, Failure> {
        let key = self.idempotency_key()?.ok_or(Failure::KeyRequired)?;
        let Self { time, trace, .. } = *self;
        let request_id = self.request_id.clone();
        Ok(Command { user, operation, key, fingerprint: Fingerprint::of(what), time, request_id, trace })
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

/// Whether a `Content-Type` says JSON, with whatever parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

/// Which page of which list is asked for.
pub struct PageRequest {
    /// How many elements at most.
    pub limit: usize,
    /// After what.
    pub after: Option<Position>,
    key: CursorKey,
    list: &'static str,
    owner: String,
}

impl PageRequest {
    pub(crate) fn cursor(&self, position: &Position) -> String {
        self.key.seal(self.list, &self.owner, position)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(event: Value) -> Request {
        Request::new(serde_json::from_value(event).unwrap(), &Invocation::new("r-1", None, 0)).unwrap()
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
    fn a_parameter_that_is_not_known_is_rejected_and_not_repeated() {
        let with = |query: &str| request(json!({"rawQueryString": query})).only_parameters(&["limit", "cursor"]);
        assert!(with("").is_ok() && with("cursor=a&limit=1").is_ok() && with("limi%74=1").is_ok());
        for query in ["Limit=1", "limit[]=1", "=", "<script>", "limit=1&user_id=x"] {
            let Err(Failure::Invalid(errors)) = with(query) else { panic!("{query}") };
            assert_eq!((errors.len(), errors[0].pointer.as_str()), (1, "?"), "{query}");
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
