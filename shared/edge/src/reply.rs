//! Responses.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sijang_domain::{Idempotent, OrderId, Page, ResponseBody};

use crate::{PageRequest, Request, event::Response};

/// A response: status, headers, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// Of a command: whether it had been done before.
    pub(crate) replayed: Option<bool>,
    /// The order that it tells of, for the log.
    pub(crate) order: Option<OrderId>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct List<T> {
    /// What is on the page.
    pub data: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl Reply {
    fn json(status: u16, content_type: &str, body: String) -> Self {
        let reply = Self { status, headers: Vec::new(), body, replayed: None, order: None };
        reply.with("content-type", content_type).with("cache-control", "no-store")
    }

    /// The JSON form of what this crate and the domain define, which always has one.
    fn render(value: &impl Serialize) -> String {
        serde_json::to_string(value).unwrap_or_else(|error| {
            tracing::error!(%error, "an answer that cannot be rendered");
            String::new()
        })
    }

    /// 200 with what was asked for.
    pub fn ok(value: &impl Serialize) -> Self {
        Self::json(200, "application/json", Self::render(value))
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
            let headers = reply.headers.into_iter().filter(|(name, _)| name != "content-type").collect();
            Self { status: 304, headers, body: String::new(), ..reply }
        } else {
            reply
        }
    }

    /// 200 with a page of a list.
    pub fn page<T: Serialize>(page: Page<T>, request: &PageRequest) -> Self {
        let next_cursor = page.next.map(|position| request.cursor(&position));
        Self::ok(&List { data: page.data, next_cursor })
    }

    /// 201 with what was made, the same when it was made before.
    pub fn created(answer: &Idempotent<impl Serialize>) -> Self {
        Self::answered(201, answer.replayed, Self::render(&answer.value))
    }

    /// 200 with what was done, the same when it was done before.
    pub fn done(answer: &Idempotent<impl Serialize>) -> Self {
        Self::answered(200, answer.replayed, Self::render(&answer.value))
    }

    /// An answer that is kept in its rendered form.
    pub fn rendered(status: u16, answer: Idempotent<ResponseBody>) -> Self {
        Self::answered(status, answer.replayed, answer.value.into())
    }

    fn answered(status: u16, replayed: bool, body: String) -> Self {
        let reply = Self { replayed: Some(replayed), ..Self::json(status, "application/json", body) };
        if replayed { reply.with("idempotent-replayed", "true") } else { reply }
    }

    pub(crate) fn problem(status: u16, problem: &impl Serialize) -> Self {
        Self::json(status, "application/problem+json", Self::render(problem))
    }

    /// The same, known to tell of this order.
    #[must_use]
    pub fn of_order(self, order: OrderId) -> Self {
        Self { order: Some(order), ..self }
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(present, _)| present != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn response(self) -> Response {
        Response::new(self.status, self.headers.into_iter().collect(), self.body)
    }
}
