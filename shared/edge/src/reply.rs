//! Replies: status, headers, body.

use std::future::{Future, ready};
use std::pin::Pin;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lambda_http::{
    Body, IntoResponse,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sijang_domain::{Idempotent, OrderId, Page, ResponseBody};

use crate::{PageRequest, Request};

/// A response of `lambda_http`.
pub type Response = lambda_http::Response<Body>;

/// The reply to a request: status, headers, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    /// Of a command: whether it had been done before.
    pub(crate) replayed: Option<bool>,
    /// The order that the reply is about, for the log.
    pub(crate) order: Option<OrderId>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    /// The elements of the page.
    pub data: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl Reply {
    fn json(status: StatusCode, content_type: &str, body: String) -> Self {
        let reply = Self { status, headers: HeaderMap::new(), body, replayed: None, order: None };
        reply.with("content-type", content_type).with("cache-control", "no-store")
    }

    /// The JSON of a type of this crate or the domain, which can always be serialized.
    fn render(value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer that cannot be rendered");
            String::new()
        })
    }

    /// 200 with the requested resource.
    pub fn ok(value: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, "application/json", Self::render(value))
    }

    /// The same for everybody, and good for a while: with an `ETag`, and 304 to a client that has it already.
    #[must_use]
    pub fn public(self, request: &Request, seconds: u32) -> Self {
        let digest = Sha256::digest(&self.body);
        let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..12]));
        let known = request.if_none_match().is_some_and(|tags| {
            tags.split(',').any(|known| known.trim() == "*" || known.trim().trim_start_matches("W/") == tag)
        });
        let reply = self.with("etag", tag).with("cache-control", format!("public, max-age={seconds}"));
        if known {
            let mut headers = reply.headers;
            headers.remove(CONTENT_TYPE);
            Self { status: StatusCode::NOT_MODIFIED, headers, body: String::new(), ..reply }
        } else {
            reply
        }
    }

    /// The same, cacheable: a problem of a public route, in the language that the client prefers.
    pub(crate) fn absent_for_a_second(self) -> Self {
        self.with("cache-control", "public, max-age=1").with("vary", "accept-language")
    }

    /// 200 with a page of a list.
    pub fn page<T: Serialize>(page: Page<T>, request: &PageRequest) -> Self {
        Self::ok(&request.list(page))
    }

    /// 201 with the created resource; a replay has the same answer.
    pub fn created(answer: &Idempotent<impl Serialize>) -> Self {
        Self::answered(StatusCode::CREATED, answer.replayed, Self::render(&answer.value))
    }

    /// 200 with the result; a replay has the same answer.
    pub fn done(answer: &Idempotent<impl Serialize>) -> Self {
        Self::answered(StatusCode::OK, answer.replayed, Self::render(&answer.value))
    }

    /// An answer that is kept in its rendered form.
    pub fn rendered(status: u16, answer: Idempotent<ResponseBody>) -> Self {
        Self::answered(status_code(status), answer.replayed, answer.value.into())
    }

    fn answered(status: StatusCode, replayed: bool, body: String) -> Self {
        let reply = Self { replayed: Some(replayed), ..Self::json(status, "application/json", body) };
        if replayed { reply.with("idempotent-replayed", "true") } else { reply }
    }

    pub(crate) fn problem(status: u16, problem: &impl Serialize) -> Self {
        Self::json(status_code(status), "application/problem+json", Self::render(problem))
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The same, marked as the reply about this order.
    #[must_use]
    pub fn of_order(self, order: OrderId) -> Self {
        Self { order: Some(order), ..self }
    }

    /// The same with a header. The name is in lower case.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        match HeaderValue::try_from(value.into()) {
            Ok(value) => drop(self.headers.insert(HeaderName::from_static(name), value)),
            Err(error) => tracing::error!(%error, name, "a header that cannot be sent"),
        }
        self
    }

    /// The same for a HEAD request.
    pub(crate) fn without_body(self) -> Self {
        Self { body: String::new(), ..self }
    }
}

/// A status that a handler names, which is one of HTTP's.
fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl From<Reply> for Response {
    fn from(reply: Reply) -> Self {
        let mut response = Self::new(reply.body.into());
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        response
    }
}

/// The body is text: `lambda_http` need not find that out from the content type, byte by byte.
impl IntoResponse for Reply {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response> + Send>> {
        Box::pin(ready(self.into()))
    }
}

#[cfg(test)]
impl Reply {
    /// The body, which is JSON.
    pub(crate) fn json_body(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
