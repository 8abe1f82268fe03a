//! The event item: idempotency record, outbox message and history in one (see [`crate::command`]).
//!
//! An order's event keeps the order in its compact form, a quarter of its JSON; the JSON is rendered from it the same
//! way each time. Other events keep their answer as it was given.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use sijang_domain::{
    CloudEvent, Command, Error, Fingerprint, Order, OrderEvent, Refusal, Rendered, Timestamp, TraceId,
};

use crate::{
    Item, Store,
    command::{request_of, user_of},
    orders::OrderRecord,
    transaction::{Transaction, from_item, key},
};

/// An event as the table has it. The stream's filter reads `type`.
#[derive(Debug, Serialize, Deserialize)]
struct EventRow {
    /// `user#operation#idempotency-key`.
    request: String,
    r#type: String,
    /// Milliseconds since the epoch.
    at: i64,
    /// Fingerprint of the request.
    print: ByteBuf,
    /// The trace of the request. Sixteen bytes, because an order of 19 lines has no room for more in its kilobyte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<ByteBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

/// What an earlier request with the same key was answered.
#[derive(Debug)]
pub(crate) enum Recorded {
    Order(Order),
    Answer(Rendered),
}

impl Recorded {
    pub(crate) fn order(self) -> Result<Order, Error> {
        match self {
            Self::Order(order) => Ok(order),
            Self::Answer(_) => Err(Error::corrupt("event", "not of an order")),
        }
    }

    pub(crate) fn answer(self) -> Result<Rendered, Error> {
        match self {
            Self::Answer(answer) => Ok(answer),
            Self::Order(_) => Err(Error::corrupt("event", "of an order")),
        }
    }
}

impl Transaction {
    /// Begins a command's transaction with the event of an order.
    pub(crate) fn with_order_event(table: &str, command: &Command, order: &Order) -> Result<Self, Error> {
        let kind = match order.status {
            sijang_domain::OrderStatus::Paid => sijang_domain::ORDER_PAID,
            sijang_domain::OrderStatus::Cancelled => sijang_domain::ORDER_CANCELLED,
        };
        Self::with_event(table, command, kind, Some(OrderRecord::of(order)), None)
    }

    /// Begins a command's transaction with an event that keeps its answer.
    pub(crate) fn with_answer(table: &str, command: &Command, kind: &str, answer: &Rendered) -> Result<Self, Error> {
        Self::with_event(table, command, kind, None, Some(answer.as_str().to_owned()))
    }

    fn with_event(
        table: &str,
        command: &Command,
        kind: &str,
        order: Option<OrderRecord>,
        answer: Option<String>,
    ) -> Result<Self, Error> {
        let row = EventRow {
            request: request_of(command),
            r#type: kind.to_owned(),
            at: command.moment.now.millis(),
            print: ByteBuf::from(command.fingerprint.bytes()),
            trace: command.trace.map(|trace| ByteBuf::from(trace.bytes())),
            order,
            answer,
        };
        let mut transaction = Self::default();
        transaction.put_new(table, &row, "request")?;
        Ok(transaction)
    }
}

/// Reads the event that stands in the way of a command: the answer to repeat, or the refusal of a key used for
/// something else.
pub(crate) fn recorded(item: Option<Item>, fingerprint: &Fingerprint) -> Result<Recorded, Error> {
    let item = item.ok_or_else(|| Error::corrupt("event", "the engine did not return it"))?;
    let row: EventRow = from_item("event", item)?;
    if row.print.as_slice() != fingerprint.bytes() {
        return Err(Refusal::IdempotencyKeyReused.into());
    }
    match (row.order, row.answer) {
        (Some(order), _) => Ok(Recorded::Order(order.order()?)),
        (None, Some(answer)) => Ok(Recorded::Answer(Rendered::recorded(answer))),
        (None, None) => Err(Error::corrupt("event", "neither order nor answer")),
    }
}

impl Store {
    /// The answer that an earlier request with this key got, or else the refusal.
    ///
    /// The way to refuse what no transaction has seen: what was accepted once must not be refused when it is sent
    /// again, though the price or the balance has changed since.
    pub(crate) async fn recorded_or_refused(&self, command: &Command, refusal: Refusal) -> Result<Recorded, Error> {
        self.recorded(command).await?.ok_or_else(|| refusal.into())
    }

    /// The answer that an earlier request with this key got, if there was one.
    pub(crate) async fn recorded(&self, command: &Command) -> Result<Option<Recorded>, Error> {
        let item = self.get(&self.tables.events, key([("request", request_of(command))]), true).await?;
        item.map(|item| recorded(Some(item), &command.fingerprint)).transpose()
    }
}

/// The message for an event item that came out of the stream.
///
/// # Errors
/// When the item is not an order event: it can never be relayed, however often it is tried.
pub fn relayed(item: serde_dynamo::Item) -> Result<CloudEvent, Error> {
    let row: EventRow = serde_dynamo::from_item(item).map_err(|error| Error::corrupt("event", error))?;
    let order = row.order.ok_or_else(|| Error::corrupt("event", "not of an order"))?.order()?;
    let event = OrderEvent { user_id: user_of(&row.request)?, order };
    let at = Timestamp::from_millis(row.at).map_err(|_| Error::corrupt("event", "impossible time"))?;
    let event = CloudEvent::of(event, at);
    if event.r#type == row.r#type { Ok(event) } else { Err(Error::corrupt("event", "type and order differ")) }
}

/// The trace of the request that an event item is of, if it is known. It is not part of the event, which tells of the
/// order and not of how it came about: it goes beside the message.
pub fn traced(item: &serde_dynamo::Item) -> Option<TraceId> {
    match item.get("trace")? {
        serde_dynamo::AttributeValue::B(bytes) => TraceId::from_bytes(bytes),
        _ => None,
    }
}
