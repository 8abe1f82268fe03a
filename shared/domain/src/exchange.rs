//! The words in which the edge asks and the store answers: a command, its moment, its answer, a page of a list.

use std::time::Instant;

use serde::Serialize;

use crate::{Error, Fingerprint, IdempotencyKey, Timestamp, TraceId, UserId};

/// When a request came, and until when it may be tried.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// When it came: the one time that everything of the request is judged and stamped by.
    pub now: Timestamp,
    /// When to give up.
    pub deadline: Instant,
}

/// Who asks for what under which key.
#[derive(Debug, Clone)]
pub struct Command {
    /// Who asks.
    pub user: UserId,
    /// The operation: the function's name.
    pub operation: &'static str,
    /// The client's key.
    pub key: IdempotencyKey,
    /// What is asked.
    pub fingerprint: Fingerprint,
    /// When, and until when.
    pub moment: Moment,
    /// By which its way is followed.
    pub trace: Option<TraceId>,
}

/// An answer, and whether it was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered<T> {
    /// The answer.
    pub value: T,
    /// Whether an earlier request with the same key got it.
    pub replayed: bool,
}

impl<T> Answered<T> {
    /// An answer given for the first time.
    pub fn new(value: T) -> Self {
        Self { value, replayed: false }
    }

    /// An answer that was given before.
    pub fn replay(value: T) -> Self {
        Self { value, replayed: true }
    }

    /// The same with another form of the answer.
    pub fn map<U>(self, form: impl FnOnce(T) -> U) -> Answered<U> {
        Answered { value: form(self.value), replayed: self.replayed }
    }
}

/// An answer in its JSON form, kept in the event so that a replay is the same byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered(String);

impl Rendered {
    /// The JSON form of an answer.
    pub fn of(value: &impl Serialize) -> Result<Self, Error> {
        serde_json::to_string(value).map(Self).map_err(|error| Error::Internal(error.to_string()))
    }

    /// The JSON form of an answer that was given before.
    pub fn recorded(json: String) -> Self {
        Self(json)
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Rendered> for String {
    fn from(rendered: Rendered) -> Self {
        rendered.0
    }
}

/// Where a page ended, in a form that only the store reads. The edge authenticates it before it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(pub String);

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub data: Vec<T>,
    /// Where the next one begins, if there is one.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// The first `limit` of what was read; what was read beyond shows that there is a next page.
    pub fn cut(mut data: Vec<T>, limit: usize, position: impl Fn(&T) -> Position) -> Self {
        let more = data.len() > limit;
        data.truncate(limit);
        let next = data.last().filter(|_| more).map(position);
        Self { data, next }
    }

    /// The same page with its elements in another form.
    pub fn map<U>(self, form: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(form).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_was_recorded_is_the_same_byte_for_byte() {
        let given = Rendered::of(&[1, 2]).unwrap();
        assert_eq!((given.as_str(), String::from(given.clone())), ("[1,2]", "[1,2]".to_owned()));
        assert_eq!(Rendered::recorded(" [1, 2]".to_owned()).as_str(), " [1, 2]");
    }

    #[test]
    fn a_next_page_is_promised_only_when_something_is_on_it() {
        let cut = |read: &[u8], limit| Page::cut(read.to_vec(), limit, |last| Position(last.to_string()));
        assert_eq!(cut(&[1, 2, 3], 2), Page { data: vec![1, 2], next: Some(Position("2".to_owned())) });
        assert_eq!(cut(&[1, 2], 2), Page { data: vec![1, 2], next: None });
        assert_eq!(cut(&[], 2), Page { data: vec![], next: None });
    }
}
