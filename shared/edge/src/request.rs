//! Requests: who asks, for what, from an API Gateway event.

use std::{
    str::FromStr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{
    Serialize,
    de::{DeserializeOwned, value::StrDeserializer},
};
use sijang_domain::{
    Command, Error, FieldError, Fingerprint, IdempotencyKey, Moment, Position, Refusal, Timestamp, UserId, Violation,
};

use crate::{CursorKey, Event, Failure, body};

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
    moment: Moment,
}

impl Request {
    /// A request that came at `clock`, to a function whose time is up at `limit` (milliseconds since the epoch).
    ///
    /// # Errors
    /// When the clock shows no time that an order could be of.
    pub(crate) fn new(event: Event, clock: SystemTime, limit: u64) -> Result<Self, Failure> {
        let broken = || Error::Internal("the clock is not between 1970 and 2200".to_owned());
        let since_epoch = clock.duration_since(UNIX_EPOCH).map_err(|_| broken())?;
        let millis = i64::try_from(since_epoch.as_millis()).map_err(|_| broken())?;
        let now = Timestamp::from_millis(millis).map_err(|_| broken())?;
        let left = Duration::from_millis(limit).checked_sub(since_epoch).and_then(|left| left.checked_sub(RESERVE));
        // Some local runtimes hand out limits that lie in the past.
        let left = left.filter(|left| !left.is_zero()).unwrap_or(PATIENCE).min(PATIENCE);
        Ok(Self { event, moment: Moment { now, deadline: Instant::now() + left } })
    }

    /// When the request came, and until when it may be tried.
    pub fn moment(&self) -> Moment {
        self.moment
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
    pub fn path<T: FromStr>(&self, name: &str, missing: Refusal) -> Result<T, Failure> {
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
        Ok(Command { user, operation, key, fingerprint: Fingerprint::of(what), moment: self.moment })
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
