//! The order events on their way from the events table to the ranking, delivered in process and without faults.

use sijang_domain::{CloudEvent, Error, Timestamp};
use sijang_storage::{Item, order_event_of};

use crate::{
    services::{Clients, Services, untraced},
    snapshot::Snapshot,
};

/// Where the order events of the shop are, and so which steps are still to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// In the stream: they are to be relayed, counted and ranked.
    InStream,
    /// In the queue: they are to be counted and ranked.
    InQueue,
    /// Counted: they are to be ranked.
    Counted,
    /// Ranked: nothing is to be done.
    Ranked,
}

/// When the daily aggregation runs after the day on which the tests take place.
pub fn aggregation_time() -> Timestamp {
    "2026-11-21T15:10:00Z".parse().unwrap()
}

/// The items of the events table that its stream gives to the relay.
pub fn relayed_items(shop: &Snapshot) -> Vec<Item> {
    let orders = shop.items("events").filter(|item| item["type"].as_s().unwrap().starts_with("order."));
    orders.cloned().collect()
}

/// The order events in the events table, as the relay makes them.
pub fn order_events(shop: &Snapshot) -> Vec<CloudEvent> {
    relayed_items(shop).into_iter().map(|item| order_event_of(item.into()).unwrap()).collect()
}

/// The messages for these events.
pub fn messages(events: &[CloudEvent]) -> Vec<String> {
    events.iter().map(|event| serde_json::to_string(event).unwrap()).collect()
}

/// Delivers the events to the end of the pipeline. Returns the stored items after that.
///
/// # Errors
/// When a step fails, or messages stay in the queue.
pub async fn deliver_pending(services: &Services, stage: Stage) -> Result<Snapshot, Error> {
    let Clients { store, queue } = services.direct_clients();
    if stage == Stage::InStream {
        let shop = Snapshot::of(&services.database).await;
        let messages = messages(&order_events(&shop));
        if messages.is_empty() {
            return Ok(shop);
        }
        let unsent = queue.send(&untraced(&messages), false).await?;
        assert!(unsent.is_empty(), "without faults everything is sent");
    }
    services.drain(aggregation_time()).await?;
    if stage != Stage::Ranked {
        store.aggregate(aggregation_time(), aggregation_time()).await?;
    }
    Ok(Snapshot::of(&services.database).await)
}
