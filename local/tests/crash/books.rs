//! What the events come to: each order event counted once, and the ranking as it is worked out by adding up.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use serde::Deserialize;
use sijang_domain::{CloudEvent, Error, OrderStatus, ProductId, Ranking, Timestamp};
use sijang_storage::{Item, order_event_of};

use crate::{
    audit,
    shop::at,
    snapshot::Snapshot,
    world::{Environment, World, untraced},
};

/// How far the events of the shop have to be carried when something has been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    /// They are in the stream: relay, count, rank.
    InStream,
    /// They are in the queue: count, rank.
    InQueue,
    /// They are counted: rank.
    Counted,
    /// They are ranked.
    Ranked,
}

/// The night after the day on which the tests take place.
pub fn night() -> Timestamp {
    at("2026-11-21T15:10:00Z")
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

/// Carries the events the rest of the way. Returns what is stored in the end.
pub async fn carry(world: &World, events: Events) -> Result<Snapshot, Error> {
    let Environment { store, queue } = world.safe_environment();
    if events == Events::InStream {
        let shop = Snapshot::of(&world.database).await;
        let messages = messages(&order_events(&shop));
        if messages.is_empty() {
            return Ok(shop);
        }
        let unsent = queue.send(&untraced(&messages), false).await?;
        assert!(unsent.is_empty(), "without faults everything is sent");
    }
    world.drain().await?;
    if events != Events::Ranked {
        store.aggregate(night()).await?;
    }
    Ok(Snapshot::of(&world.database).await)
}

/// What is wrong with the books of the whole shop, when everything has flowed to its end.
pub fn violations(shop: &Snapshot) -> Vec<String> {
    let mut violations = audit::violations(shop);
    let events = order_events(shop);
    let expected: BTreeSet<String> = events.iter().map(|event| event.id.clone()).collect();
    let facts = shop.items("sales").filter(|item| item["pk"].as_s().unwrap().starts_with("FACT#"));
    let counted: Vec<String> = facts.map(|item| item["sk"].as_s().unwrap().clone()).collect();
    if counted.len() != expected.len() || !counted.iter().all(|id| expected.contains(id)) {
        violations.push(format!("events {expected:?} are counted as {counted:?}"));
    }
    if !events.is_empty() {
        let (found, sold) = (ranking(shop), best_sellers(&events));
        if found != sold {
            violations.push(format!("the ranking is {found:?} and not {sold:?}"));
        }
    }
    violations
}

/// A product, units, revenue.
type Sold = (String, i64, i64);

/// The ranking as it is stored for the night.
fn ranking(shop: &Snapshot) -> Vec<Sold> {
    #[derive(Deserialize)]
    struct Row {
        products: Vec<Ranked>,
    }
    #[derive(Deserialize)]
    struct Ranked {
        p: String,
        units: i64,
        revenue: i64,
    }
    let Some(row) = shop.items("sales").find(|item| item["pk"].as_s().unwrap() == "RANKING#3D") else {
        return Vec::new();
    };
    let row: Row = serde_dynamo::from_item(row.clone()).unwrap();
    row.products.into_iter().map(|ranked| (ranked.p, ranked.units, ranked.revenue)).collect()
}

/// The ranking as it has to be.
fn best_sellers(events: &[CloudEvent]) -> Vec<Sold> {
    let mut sums: BTreeMap<ProductId, (i64, i64)> = BTreeMap::new();
    for order in events.iter().map(|event| &event.data.order) {
        let sign = if order.status == OrderStatus::Paid { 1 } else { -1 };
        for line in &order.lines {
            let units = sign * i64::from(line.quantity.units());
            let sum = sums.entry(line.product_id).or_default();
            *sum = (sum.0 + units, sum.1 + units * line.unit_price.minor());
        }
    }
    let mut sold: Vec<_> = sums.into_iter().filter(|(_, (units, _))| *units > 0).collect();
    sold.sort_by_key(|(product, (units, revenue))| (Reverse(*units), Reverse(*revenue), *product));
    sold.truncate(Ranking::LENGTH);
    sold.into_iter().map(|(product, (units, revenue))| (product.to_string(), units, revenue)).collect()
}

/// Enough for anything that meets no fault.
pub fn plenty() -> Instant {
    Instant::now() + Duration::from_secs(20)
}
