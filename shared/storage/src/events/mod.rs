//! Order events on their way from the events table to the statistics: the outbox message, and the queue.

mod lag;
mod queue;

use std::time::Instant;

use sijang_domain::{CloudEvent, Error, OrderEvent, RequestTime, Timestamp, TraceId};

use crate::{
    Store,
    coupons::counters_of,
    idempotency::{EventRow, Subject},
    products::stocks_of,
};

pub use lag::record_lag;
pub use queue::{Message, OrderEvents, Received};

/// The message for an event item that came out of the stream.
///
/// # Errors
/// When the item is not an order event. Such an item can never be relayed, however often it is tried.
pub fn order_event_of(item: serde_dynamo::Item) -> Result<CloudEvent, Error> {
    let row: EventRow = serde_dynamo::from_item(item).map_err(|error| Error::corrupt("event", error))?;
    let user_id = row.customer()?;
    let order = row.order.ok_or_else(|| Error::corrupt("event", "not of an order"))?.order()?;
    let event = OrderEvent { user_id, order };
    let at = Timestamp::from_millis(row.at).map_err(|_| Error::corrupt("event", "impossible time"))?;
    let event = CloudEvent::of(event, at);
    if event.r#type == row.r#type { Ok(event) } else { Err(Error::corrupt("event", "type and order differ")) }
}

impl Store {
    /// Finishes a staff command that its own process did not finish: `item` is the command's event, from the stream.
    /// An event of a command without a rollout changes nothing.
    pub async fn finish_command(&self, item: serde_dynamo::Item, deadline: Instant) -> Result<(), Error> {
        let row: EventRow = serde_dynamo::from_item(item).map_err(|error| Error::corrupt("event", error))?;
        let now = Timestamp::from_millis(row.at).map_err(|_| Error::corrupt("event", "impossible time"))?;
        let time = RequestTime { now, deadline };
        let Subject { product_id, coupon_id } = row.subject()?;
        if let Some(product_id) = product_id {
            self.finish_rollout(&stocks_of(&self.tables.products, product_id), time).await?;
        }
        if let Some(coupon_id) = coupon_id {
            self.finish_rollout(&counters_of(&self.tables.coupons, coupon_id), time).await?;
        }
        Ok(())
    }
}

/// The trace of the request that wrote an event item. It travels beside the message and is not part of the event.
pub fn trace_of(item: &serde_dynamo::Item) -> Option<TraceId> {
    match item.get("trace")? {
        serde_dynamo::AttributeValue::B(bytes) => TraceId::from_bytes(bytes),
        _ => None,
    }
}
