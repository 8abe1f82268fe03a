//! Problem details (RFC 9457): the failures of a request, and the documents that they are answered with.
//!
//! This is the one place where errors become HTTP. The types of problems stand in `catalogue`.

use serde::Serialize;
use serde_json::{Map, Value, json};
use sijang_domain::{Error, FieldError, Rejection, Timestamp};

use crate::{language::Language, messages::Text, reply::Reply};

/// A type of problem. Its URI is `/problems/<code>`.
#[derive(Debug, PartialEq, Eq)]
pub struct ProblemType {
    /// Its stable name.
    pub code: &'static str,
    /// Its HTTP status.
    pub status: u16,
    /// The title in English and Korean.
    pub(crate) title: Text,
}

impl ProblemType {
    /// The title in English.
    pub fn title_in_english(&self) -> &'static str {
        self.title.en
    }
}

/// How a request fails.
#[derive(Debug)]
pub enum Failure {
    /// The body is not one JSON document.
    MalformedJson,
    /// The body is too large.
    BodyTooLarge,
    /// The body is said to be something else than JSON.
    UnsupportedMediaType,
    /// Fields of the request are not valid.
    Invalid(Vec<FieldError>),
    /// The cursor is not one that this list gave out.
    InvalidCursor,
    /// There is no idempotency key.
    KeyRequired,
    /// The idempotency key is not valid.
    KeyInvalid,
    /// Nobody is signed in.
    Unauthenticated,
    /// Who is signed in may not do this.
    Forbidden,
    /// The operation failed.
    Operation(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Operation(error)
    }
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Operation(rejection.into())
    }
}

impl From<Vec<FieldError>> for Failure {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}

/// The members of a problem beside its type.
#[derive(Debug, Default)]
pub(crate) struct Occurrence {
    detail: Option<Text<String>>,
    /// Where the errors are, and what they are; without a text, what the title says.
    errors: Vec<(String, Option<Text<String>>)>,
    members: Map<String, Value>,
}

impl Occurrence {
    pub(crate) fn detail(self, en: impl Into<String>, ko: impl Into<String>) -> Self {
        Self { detail: Some(Text { en: en.into(), ko: ko.into() }), ..self }
    }

    pub(crate) fn error(mut self, pointer: &str, text: Text<String>) -> Self {
        self.errors.push((pointer.to_owned(), Some(text)));
        self
    }

    /// An error without a message of its own: the title says it.
    pub(crate) fn error_of_type(mut self, pointer: &str) -> Self {
        self.errors.push((pointer.to_owned(), None));
        self
    }

    /// A figure behind the problem, for programs.
    pub(crate) fn member(mut self, name: &str, value: impl Serialize) -> Self {
        self.members.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }
}

/// The body of a problem: the members of RFC 9457, then ours.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: String,
    code: &'a str,
    request_id: &'a str,
    #[serde(flatten)]
    members: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Value>,
}

impl Failure {
    /// The response for this failure. A replayed rejection names the request that was rejected first, so that all
    /// copies of a command get the same body.
    pub(crate) fn reply(&self, language: Language, request_id: &str, now: Timestamp) -> Reply {
        match self {
            Self::Operation(Error::ReplayedRejection { request_id, .. }) => {
                self.problem(language, request_id, now).with("idempotent-replayed", "true")
            }
            _ => self.problem(language, request_id, now),
        }
    }

    fn problem(&self, language: Language, request_id: &str, now: Timestamp) -> Reply {
        let kind = self.kind();
        let title = kind.title.in_language(language);
        let Occurrence { detail, errors, members } = self.occurrence(now);
        let error = |(pointer, text): (String, Option<Text<String>>)| {
            let detail = text.map_or_else(|| title.to_owned(), |text| text.in_language(language));
            let place = if pointer.starts_with('?') { "parameter" } else { "pointer" };
            json!({ place: pointer.strip_prefix('?').unwrap_or(&pointer), "detail": detail })
        };
        let problem = Problem {
            r#type: format!("/problems/{}", kind.code),
            title,
            status: kind.status,
            detail: detail.map_or_else(|| title.to_owned(), |detail| detail.in_language(language)),
            code: kind.code,
            request_id,
            members,
            errors: errors.into_iter().map(error).collect(),
        };
        let reply = Reply::problem(kind.status, &problem).with("content-language", language.tag());
        match kind.status {
            401 => reply.with("www-authenticate", "Bearer"),
            503 => reply.with("retry-after", "1"),
            _ => reply,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_its_type_texts_and_figures_in_the_language_asked_for() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let money = |minor| sijang_domain::Money::new(minor).unwrap();
        let rejection = Rejection::InsufficientBalance { balance: money(100), required: money(250) };
        let reply = Failure::from(rejection).reply(Language::Korean, "r-1", now);
        assert_eq!(reply.status(), 409);
        let problem = reply.json_body();
        assert_eq!(problem["type"], "/problems/insufficient-balance");
        assert_eq!(problem["title"], "잔액이 부족합니다.");
        assert_eq!(problem["request_id"], "r-1");
        assert_eq!(problem["required"], json!({"amount": 250, "currency": "KRW"}));
        assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    }

    #[test]
    fn replayed_rejection_has_the_body_of_the_first_answer() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let first = Failure::from(Rejection::OrderNotFound).reply(Language::English, "r-1", now);
        let stored = Error::ReplayedRejection { rejection: Rejection::OrderNotFound, request_id: "r-1".to_owned() };
        let copy = Failure::Operation(stored).reply(Language::English, "r-2", now);
        assert_eq!((copy.status(), copy.json_body()), (first.status(), first.json_body()));
        assert_eq!((first.header("idempotent-replayed"), copy.header("idempotent-replayed")), (None, Some("true")));
    }

    #[test]
    fn a_busy_store_is_answered_with_when_to_try_again() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let failure = Failure::Operation(Error::Busy("no gap before the deadline".to_owned()));
        let reply = failure.reply(Language::English, "r-1", now);
        assert_eq!(reply.status(), 503);
        assert_eq!(reply.header("retry-after"), Some("1"));
        let problem = reply.json_body();
        assert_eq!(problem["code"], "busy");
        assert!(!problem.to_string().contains("deadline"), "what happened inside stays inside");
    }

    #[test]
    fn an_internal_error_says_nothing_of_what_went_wrong() {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let failure = Failure::Operation(Error::Internal("table sijang-orders".to_owned()));
        let reply = failure.reply(Language::English, "r-1", now);
        assert_eq!(reply.status(), 500);
        assert!(!reply.json_body().to_string().contains("sijang-orders"));
    }
}
