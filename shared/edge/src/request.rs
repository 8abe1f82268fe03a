//! Requests: who asks, for what, from an API Gateway event.

use std::{
    str::FromStr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use lambda_http::{RequestExt, aws_lambda_events::apigw::ApiGatewayV2httpRequestContext, request::RequestContext};
use serde::{
    Serialize,
    de::{DeserializeOwned, value::StrDeserializer},
};
use sijang_domain::{
    Command, FieldError, Fingerprint, IdempotencyKey, Moment, Position, Refusal, Timestamp, UserId, Violation,
};

use crate::{CursorKey, Failure, body, language::Language};

/// The scope that customers' tokens carry.
const CUSTOMER: &str = "shop/customer";
/// The scope that administrators' tokens carry.
const ADMIN: &str = "shop/admin";

/// Kept back from the function's own time limit, to answer in.
const RESERVE: Duration = Duration::from_millis(500);
/// The most time that a request is tried: a client waits no longer (API Gateway would cut it off at 30 seconds).
const PATIENCE: Duration = Duration::from_secs(8);

/// A request, as API Gateway passed it on.
#[derive(Debug)]
pub struct Request {
    inner: lambda_http::Request,
    moment: Moment,
    id: String,
}

impl Request {
    pub(crate) fn new(inner: lambda_http::Request) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since_epoch.as_millis()).unwrap_or_default();
        let limit = inner.lambda_context_ref().map(|context| context.deadline).unwrap_or_default();
        let left = Duration::from_millis(limit).checked_sub(since_epoch).and_then(|left| left.checked_sub(RESERVE));
        // Some local runtimes hand out limits that lie in the past.
        let left = left.filter(|left| !left.is_zero()).unwrap_or(PATIENCE).min(PATIENCE);
        #[allow(clippy::expect_used)]
        let now = Timestamp::from_millis(now).expect("the clock is between 1970 and 2200");
        let moment = Moment { now, deadline: Instant::now() + left };
        let gateway = match inner.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
            _ => None,
        };
        let id = gateway.or_else(|| Some(inner.lambda_context_ref()?.request_id.clone())).unwrap_or_default();
        Self { inner, moment, id }
    }

    /// When the request came, and until when it may be tried.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn language(&self) -> Language {
        Language::accepted(self.header("accept-language"))
    }

    pub(crate) fn if_none_match(&self) -> Option<&str> {
        self.header("if-none-match")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.inner.headers().get(name).and_then(|value| value.to_str().ok())
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
        let Some(RequestContext::ApiGatewayV2(ApiGatewayV2httpRequestContext { authorizer, .. })) =
            self.inner.request_context_ref()
        else {
            return Err(Failure::Unauthenticated);
        };
        let claims = authorizer.as_ref().and_then(|authorizer| authorizer.jwt.as_ref()).map(|jwt| &jwt.claims);
        let claims = claims.ok_or(Failure::Unauthenticated)?;
        let subject = claims.get("sub").ok_or(Failure::Unauthenticated)?;
        let subject = UserId::parse(subject).map_err(|_| Failure::Unauthenticated)?;
        let scopes = claims.get("scope").map(String::as_str).unwrap_or_default();
        if scopes.split_whitespace().any(|granted| granted == scope) { Ok(subject) } else { Err(Failure::Forbidden) }
    }

    /// The body, if it has the form of a `T`.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        body::parse(self.inner.body())
    }

    /// No body, for a request that says everything by its path.
    pub fn no_body(&self) -> Result<(), Failure> {
        if self.inner.body().is_empty() {
            Ok(())
        } else {
            Err(Failure::Invalid(vec![FieldError::new("", Violation::Unknown)]))
        }
    }

    /// A required query parameter.
    pub fn required<T>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Result<T, Failure> {
        let missing = || Failure::Invalid(vec![FieldError::new(format!("?{name}"), Violation::Missing)]);
        self.parameter(name, parse)?.ok_or_else(missing)
    }

    /// An identifier from the path. One that cannot exist is one that does not exist.
    pub fn path<T: FromStr>(&self, name: &str, missing: Refusal) -> Result<T, Failure> {
        let parameters = self.inner.path_parameters_ref();
        let value = parameters.and_then(|parameters| parameters.first(name)).and_then(|value| value.parse().ok());
        value.ok_or_else(|| missing.into())
    }

    /// A query parameter, if it is given.
    pub fn parameter<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Violation>,
    ) -> Result<Option<T>, Failure> {
        let all = self.inner.query_string_parameters_ref().and_then(|parameters| parameters.all(name));
        let invalid = |violation| Failure::Invalid(vec![FieldError::new(format!("?{name}"), violation)]);
        match all.as_deref() {
            None | Some([]) => Ok(None),
            Some([one]) => parse(one).map(Some).map_err(invalid),
            Some(_) => Err(invalid(Violation::Repeated)),
        }
    }

    /// A query parameter that is one of a type's names, as they stand in answers.
    pub fn choice<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        self.parameter(name, |text| {
            T::deserialize(StrDeserializer::<serde::de::value::Error>::new(text)).map_err(|_| Violation::Malformed)
        })
    }

    /// The client's idempotency key, if it sent one.
    pub fn idempotency_key(&self) -> Result<Option<IdempotencyKey>, Failure> {
        let mut keys = self.inner.headers().get_all("idempotency-key").iter();
        let Some(key) = keys.next() else { return Ok(None) };
        if keys.next().is_some() {
            return Err(Failure::KeyInvalid);
        }
        let key = key.to_str().ok().and_then(|key| IdempotencyKey::parse(key).ok());
        key.map(Some).ok_or(Failure::KeyInvalid)
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
