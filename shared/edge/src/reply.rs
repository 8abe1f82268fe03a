//! Responses.

use lambda_http::{Body, Response};
use serde::Serialize;
use sijang_domain::{Answered, Page, Rendered};

use crate::PageRequest;

/// A response: status, headers, body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// A page of a list as the contract has it.
#[derive(Debug, Serialize)]
pub struct List<T> {
    /// What is on the page.
    pub data: Vec<T>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

impl Reply {
    fn json(status: u16, content_type: &str, body: String) -> Self {
        let reply = Self { status, headers: Vec::new(), body };
        reply.with("content-type", content_type).with("cache-control", "no-store")
    }

    /// 200 with what was asked for.
    pub fn ok(value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Self::json(200, "application/json", body),
            Err(error) => {
                tracing::error!(%error, "an answer that cannot be rendered");
                Self::json(500, "application/json", String::new())
            }
        }
    }

    /// 200 with a page of a list.
    pub fn page<T: Serialize>(page: Page<T>, request: &PageRequest) -> Self {
        let next_cursor = page.next.map(|position| request.cursor(&position));
        Self::ok(&List { data: page.data, next_cursor })
    }

    /// 201 with what was made, the same when it was made before.
    pub fn created(answer: &Answered<impl Serialize>) -> Self {
        Self::answered(201, answer.replayed, Self::ok(&answer.value).body)
    }

    /// An answer that is kept in its rendered form.
    pub fn rendered(status: u16, answer: Answered<Rendered>) -> Self {
        Self::answered(status, answer.replayed, answer.value.into())
    }

    fn answered(status: u16, replayed: bool, body: String) -> Self {
        let reply = Self::json(status, "application/json", body);
        if replayed { reply.with("idempotent-replayed", "true") } else { reply }
    }

    pub(crate) fn problem(status: u16, problem: &serde_json::Value) -> Self {
        Self::json(status, "application/problem+json", problem.to_string())
    }

    /// The same with a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(present, _)| present != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn response(self) -> Result<Response<Body>, lambda_http::http::Error> {
        let builder = Response::builder().status(self.status);
        let builder = self.headers.iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        builder.body(Body::Text(self.body))
    }
}
