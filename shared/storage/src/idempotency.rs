//! One key, one answer: the event item that decides the answer to every copy of a keyed command.
//!
//! The key of the item is user, operation and idempotency key. Whichever answer is written under it first is the answer
//! of every copy, however the copies overlap:
//!
//! - An **acceptance** is written by the command's own transaction, on the condition that there is no such item. The item
//!   is then also the outbox message and the history: no state is in progress, because the item appears with everything
//!   else of the transaction or not at all.
//! - A **rejection** is written by one conditional put. It fails when an acceptance stands there (which is then replayed),
//!   and it conflicts while one is in flight (the put is then retried). The table removes it after a day, and the stream
//!   does not relay it.
//!
//! An order's event stores the order in compact form, a quarter of its JSON; the JSON is rendered from it the same way
//! each time. Other events store their answer as it was given.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sijang_domain::{
    Command, CouponId, Error, Fingerprint, Idempotent, Order, ProductId, Rejection, ResponseBody, UserId,
};

use crate::{
    Item, Store,
    dynamodb::transaction::{Backoff, Condition, Outcome, Transaction, from_item, to_item},
    order_record::OrderRecord,
};

/// An event as the table stores it. The stream's filter reads `type`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct EventRow {
    /// `user#operation#idempotency-key`.
    pub(crate) request: String,
    pub(crate) r#type: String,
    /// Milliseconds since the epoch.
    pub(crate) at: i64,
    /// Fingerprint of the request.
    print: ByteBuf,
    /// The trace of the request, in 16 bytes: an order of 19 lines leaves no room for more in its kilobyte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<ByteBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<OrderRecord>,
    /// Whose order it is, when staff gave the command: the key then names the member of staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
    /// The JSON of a stored rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rejection: Option<String>,
    /// The request that was rejected first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// Seconds since the epoch after which the table's TTL removes the item. Only rejections have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

impl EventRow {
    fn of(command: &Command, kind: String) -> Self {
        Self {
            request: event_key(command),
            r#type: kind,
            at: command.time.now.millis(),
            print: ByteBuf::from(command.fingerprint.bytes()),
            trace: command.trace.map(|trace| ByteBuf::from(trace.bytes())),
            ..Self::default()
        }
    }

    /// The customer of an order's event.
    pub(crate) fn customer(&self) -> Result<UserId, Error> {
        self.customer.clone().map_or_else(|| user_of(&self.request), Ok)
    }

    /// The subject of the event's command, by its answer.
    pub(crate) fn subject(&self) -> Result<Subject, Error> {
        let answer = self.answer.as_deref().unwrap_or("{}");
        serde_json::from_str(answer).map_err(|error| Error::corrupt("answer", error))
    }

    fn rejected(command: &Command, rejection: &Rejection) -> Result<Self, Error> {
        let json = serde_json::to_string(rejection).map_err(|error| Error::Internal(error.to_string()))?;
        let kept = i64::try_from(Rejection::KEPT.as_secs()).unwrap_or(i64::MAX);
        Ok(Self {
            rejection: Some(json),
            request_id: Some(command.request_id.clone()),
            expires_at: Some(command.time.now.millis() / 1_000 + kept),
            ..Self::of(command, format!("{}.rejected", command.operation))
        })
    }
}

/// The product or the campaign that a command of staff changed.
#[derive(Debug, Deserialize)]
pub(crate) struct Subject {
    pub(crate) product_id: Option<ProductId>,
    pub(crate) coupon_id: Option<CouponId>,
}

/// The key of the command's event. Neither an operation nor an idempotency key can contain `#`, so the parts can be
/// separated whatever the user is called.
fn event_key(command: &Command) -> String {
    format!("{}#{}#{}", command.user, command.operation, command.key.as_str())
}

/// The user in the key of an event.
fn user_of(request: &str) -> Result<UserId, Error> {
    let user = request.rsplitn(3, '#').nth(2).ok_or_else(|| Error::corrupt("event key", "too few parts"))?;
    UserId::parse(user).map_err(|_| Error::corrupt("event key", "not a user"))
}

/// The answer that an event item stores.
#[derive(Debug)]
pub(crate) enum StoredResult {
    Order(Order),
    Body(ResponseBody),
}

/// An answer that can be read back from the event of its command.
pub(crate) trait Replay: Sized {
    fn replay(stored: StoredResult) -> Result<Self, Error>;
}

impl Replay for Order {
    fn replay(stored: StoredResult) -> Result<Self, Error> {
        match stored {
            StoredResult::Order(order) => Ok(order),
            StoredResult::Body(_) => Err(Error::corrupt("event", "not of an order")),
        }
    }
}

impl Replay for ResponseBody {
    fn replay(stored: StoredResult) -> Result<Self, Error> {
        match stored {
            StoredResult::Body(body) => Ok(body),
            StoredResult::Order(_) => Err(Error::corrupt("event", "of an order")),
        }
    }
}

/// Reads the event that an earlier copy of the command has written.
///
/// # Errors
/// The stored rejection of an earlier copy; [`Rejection::IdempotencyKeyReused`] when the key belongs to another
/// request.
fn stored_result(item: Item, fingerprint: &Fingerprint) -> Result<StoredResult, Error> {
    let row: EventRow = from_item("event", item)?;
    if row.print.as_slice() != fingerprint.bytes() {
        return Err(Rejection::IdempotencyKeyReused.into());
    }
    match (row.order, row.answer, row.rejection) {
        (Some(order), ..) => Ok(StoredResult::Order(order.order()?)),
        (None, Some(answer), _) => Ok(StoredResult::Body(ResponseBody::stored(answer))),
        (None, None, Some(json)) => {
            let rejection = serde_json::from_str(&json).map_err(|error| Error::corrupt("rejection", error))?;
            Err(Error::ReplayedRejection { rejection, request_id: row.request_id.unwrap_or_default() })
        }
        (None, None, None) => Err(Error::corrupt("event", "neither order nor answer")),
    }
}

fn replay<T: Replay>(item: Option<Item>, command: &Command) -> Result<Idempotent<T>, Error> {
    let item = item.ok_or_else(|| Error::corrupt("event", "the engine did not return it"))?;
    T::replay(stored_result(item, &command.fingerprint)?).map(Idempotent::replay)
}

/// The result of a command's transaction.
pub(crate) enum Commit<T> {
    /// It was written, now or by an earlier copy of the command.
    Done(Idempotent<T>),
    /// Nothing was written: the conditions of the actions after the event, in their order.
    Failed(std::vec::IntoIter<Condition>),
}

impl<T: Replay> Commit<T> {
    fn of(outcome: Outcome, command: &Command, answer: T) -> Result<Self, Error> {
        let mut conditions = match outcome {
            Outcome::Committed => return Ok(Self::Done(Idempotent::new(answer))),
            Outcome::Cancelled(conditions) => conditions.into_iter(),
        };
        match conditions.next() {
            Some(Condition::Failed(event)) => replay(event, command).map(Self::Done),
            _ => Ok(Self::Failed(conditions)),
        }
    }
}

impl Transaction {
    /// Begins a command's transaction with the event of a customer's order.
    pub(crate) fn with_order_event(
        table: &str,
        command: &Command,
        customer: &UserId,
        order: &Order,
    ) -> Result<Self, Error> {
        let kind = match order.status {
            sijang_domain::OrderStatus::Paid => sijang_domain::ORDER_PAID,
            sijang_domain::OrderStatus::Cancelled => sijang_domain::ORDER_CANCELLED,
        };
        let order = Some(OrderRecord::of(order));
        let customer = (*customer != command.user).then(|| customer.clone());
        Self::with_event(table, &EventRow { order, customer, ..EventRow::of(command, kind.to_owned()) })
    }

    /// Begins a command's transaction with an event that stores its answer.
    pub(crate) fn with_answer(
        table: &str,
        command: &Command,
        kind: &str,
        answer: &ResponseBody,
    ) -> Result<Self, Error> {
        let answer = Some(answer.as_str().to_owned());
        Self::with_event(table, &EventRow { answer, ..EventRow::of(command, kind.to_owned()) })
    }

    fn with_event(table: &str, row: &EventRow) -> Result<Self, Error> {
        let mut transaction = Self::default();
        transaction.put_new(table, row, "request")?;
        Ok(transaction)
    }
}

impl Store {
    /// Runs a command so that every copy of it gets the same answer: a rejection is stored before it is returned.
    ///
    /// `attempt` need not look for an earlier copy before it rejects. What it saw of the shop may already include the
    /// effect of such a copy; the put of the rejection then finds that copy's event.
    pub(crate) async fn one_answer<T: Replay>(
        &self,
        command: &Command,
        attempt: impl Future<Output = Result<Idempotent<T>, Error>>,
    ) -> Result<Idempotent<T>, Error> {
        // Boxed: the state of a command is large, and it would be copied into every future around it.
        match Box::pin(attempt).await {
            Err(Error::Rejected(rejection)) if rejection != Rejection::IdempotencyKeyReused => {
                self.replay_or_reject(command, rejection).await
            }
            answer => answer,
        }
    }

    /// Stores the rejection, or replays the answer that an earlier copy has stored.
    async fn replay_or_reject<T: Replay>(
        &self,
        command: &Command,
        rejection: Rejection,
    ) -> Result<Idempotent<T>, Error> {
        let item = to_item(&EventRow::rejected(command, &rejection)?)?;
        match self.put_new_alone(&self.tables.events, item, "request", command.time).await? {
            Condition::Held => Err(rejection.into()),
            Condition::Failed(event) => match replay(event, command) {
                // The reply to an earlier attempt of this very put was lost.
                Err(Error::ReplayedRejection { request_id, .. }) if request_id == command.request_id => {
                    Err(rejection.into())
                }
                answer => answer,
            },
        }
    }

    /// Commits a command's transaction, which begins with its event.
    pub(crate) async fn commit_command<T: Replay>(
        &self,
        transaction: Transaction,
        command: &Command,
        answer: T,
    ) -> Result<Commit<T>, Error> {
        let outcome = self.commit(transaction, command.time.deadline).await?;
        Commit::of(outcome, command, answer)
    }

    /// Like [`Store::commit_command`], but returns nothing when another transaction held one of the items, or a table
    /// had no capacity: the caller may then choose other shards.
    pub(crate) async fn try_commit_command_once<T: Replay>(
        &self,
        transaction: Transaction,
        command: &Command,
        answer: T,
        waits: &mut Backoff,
    ) -> Result<Option<Commit<T>>, Error> {
        let outcome = self.try_commit_once(transaction, waits, command.time.deadline).await?;
        outcome.map(|outcome| Commit::of(outcome, command, answer)).transpose()
    }

    /// Commits a command whose items are all new: only its own event can be in the way.
    pub(crate) async fn commit_new(
        &self,
        transaction: Transaction,
        command: &Command,
        answer: ResponseBody,
    ) -> Result<Idempotent<ResponseBody>, Error> {
        match self.commit_command(transaction, command, answer).await? {
            Commit::Done(answer) => Ok(answer),
            Commit::Failed(_) => Err(Error::Internal(format!("a new identifier of {} was taken", command.operation))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sijang_domain::{IdempotencyKey, RequestTime, Timestamp};

    use super::*;

    fn command(user: &str) -> Command {
        let deadline = std::time::Instant::now() + Duration::from_mins(1);
        Command {
            user: UserId::parse(user).unwrap(),
            operation: "place-order",
            key: IdempotencyKey::parse("k-1").unwrap(),
            fingerprint: Fingerprint::of(&()),
            time: RequestTime { now: Timestamp::EPOCH, deadline },
            request_id: "r-1".to_owned(),
            trace: None,
            reason: None,
        }
    }

    #[test]
    fn user_can_be_read_from_an_event_key_whatever_its_name() {
        for name in ["alice", "a#place-order#k", "#", "auth0|1"] {
            let command = command(name);
            assert_eq!(user_of(&event_key(&command)).unwrap(), command.user);
        }
        assert!(user_of("alice#place-order").is_err());
    }

    #[test]
    fn stored_rejection_expires_after_a_day_and_names_its_request() {
        let command = command("alice");
        let row = EventRow::rejected(&command, &Rejection::OrderNotFound).unwrap();
        assert_eq!((row.expires_at, row.r#type.as_str()), (Some(86_400), "place-order.rejected"));
        let stored = stored_result(to_item(&row).unwrap(), &command.fingerprint);
        let Err(Error::ReplayedRejection { rejection, request_id }) = stored else { panic!("{stored:?}") };
        assert_eq!((rejection, request_id.as_str()), (Rejection::OrderNotFound, "r-1"));
        let other = stored_result(to_item(&row).unwrap(), &Fingerprint::of(&1));
        assert!(matches!(other, Err(Error::Rejected(Rejection::IdempotencyKeyReused))));
    }
}
