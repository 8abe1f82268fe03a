//! Types that the edge and the store exchange: a command, its time, its idempotent answer, a page of a list.

use std::time::Instant;

use serde::Serialize;

use crate::{Error, Fingerprint, IdempotencyKey, Name, Timestamp, TraceId, UserId};

/// When a request arrived, and until when it may be retried.
#[derive(Debug, Clone, Copy)]
pub struct RequestTime {
    /// The wall-clock time of arrival. Every rule and every timestamp of the request uses this one instant.
    pub now: Timestamp,
    /// The monotonic time after which the request is not retried.
    pub deadline: Instant,
}

/// A command under an idempotency key. User, operation and key together name it.
#[derive(Debug, Clone)]
pub struct Command {
    /// The customer or member of staff, from the access token.
    pub user: UserId,
    /// The name of the function, such as `place-order`.
    pub operation: &'static str,
    /// The value of the `Idempotency-Key` header.
    pub key: IdempotencyKey,
    /// Two requests with the same key are copies when their fingerprints are equal.
    pub fingerprint: Fingerprint,
    /// When the command arrived, and its deadline.
    pub time: RequestTime,
    /// The request's name in the logs. A stored rejection keeps it.
    pub request_id: String,
    /// The trace that the event and its message carry on.
    pub trace: Option<TraceId>,
    /// Why a member of staff gives the command. Customers give no reason.
    pub reason: Option<Name>,
}

impl Command {
    /// The reason of a command that moves money or goods.
    ///
    /// # Errors
    /// When there is none: such a command is not accepted without one.
    pub fn required_reason(&self) -> Result<&Name, Error> {
        self.reason.as_ref().ok_or_else(|| Error::Internal(format!("{} without a reason", self.operation)))
    }
}

/// The answer to a command, and whether an earlier copy of the command produced it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent<T> {
    /// The answer.
    pub value: T,
    /// True when an earlier copy, with the same idempotency key, was accepted.
    pub replayed: bool,
}

impl<T> Idempotent<T> {
    /// The answer of a command that was carried out now.
    pub fn new(value: T) -> Self {
        Self { value, replayed: false }
    }

    /// The stored answer of an earlier copy.
    pub fn replay(value: T) -> Self {
        Self { value, replayed: true }
    }

    /// Converts the answer and keeps the flag.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Idempotent<U> {
        Idempotent { value: convert(self.value), replayed: self.replayed }
    }
}

/// The JSON text of an answer. The event item stores it, so that a replay is equal byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseBody(String);

impl ResponseBody {
    /// Serialises an answer.
    pub fn of(value: &impl Serialize) -> Result<Self, Error> {
        serde_json::to_string(value).map(Self).map_err(|error| Error::Internal(error.to_string()))
    }

    /// The JSON text that the event item stores.
    pub fn stored(json: String) -> Self {
        Self(json)
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<ResponseBody> for String {
    fn from(rendered: ResponseBody) -> Self {
        rendered.0
    }
}

/// Where the next page begins, in a form that only the store reads. The edge signs it and checks the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(pub String);

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The elements, in the order of the list.
    pub data: Vec<T>,
    /// Where the next page begins; nothing on the last page.
    pub next: Option<Position>,
}

impl<T> Page<T> {
    /// Keeps the first `limit` elements. Any element beyond them shows that there is a next page.
    pub fn cut(mut data: Vec<T>, limit: usize, position: impl Fn(&T) -> Position) -> Self {
        let more = data.len() > limit;
        data.truncate(limit);
        let next = data.last().filter(|_| more).map(position);
        Self { data, next }
    }

    /// Converts every element.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(convert).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_answer_is_equal_byte_for_byte() {
        let given = ResponseBody::of(&[1, 2]).unwrap();
        assert_eq!((given.as_str(), String::from(given.clone())), ("[1,2]", "[1,2]".to_owned()));
        assert_eq!(ResponseBody::stored(" [1, 2]".to_owned()).as_str(), " [1, 2]");
    }

    #[test]
    fn next_page_is_named_only_when_it_has_an_element() {
        let cut = |read: &[u8], limit| Page::cut(read.to_vec(), limit, |last| Position(last.to_string()));
        assert_eq!(cut(&[1, 2, 3], 2), Page { data: vec![1, 2], next: Some(Position("2".to_owned())) });
        assert_eq!(cut(&[1, 2], 2), Page { data: vec![1, 2], next: None });
        assert_eq!(cut(&[], 2), Page { data: vec![], next: None });
    }
}
