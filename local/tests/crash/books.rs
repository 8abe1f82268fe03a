//! What the events come to: each order event counted once, and the ranking as it is worked out by adding up.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use sijang_domain::{CloudEvent, Error, OrderStatus, ProductId, RankedProduct, Ranking, Timestamp};
use sijang_storage::relayed;

use crate::{audit, scenario::Events, shop::at, snapshot::Snapshot, world::World};

/// The night after the day on which the tests take place.
pub fn night() -> Timestamp {
    at("2026-11-21T15:10:00Z")
}

/// The order events in the events table, as they come out of its stream.
pub fn order_events(shop: &Snapshot) -> Vec<CloudEvent> {
    let orders = shop.items("events").filter(|item| item["type"].as_s().unwrap().starts_with("order."));
    orders.map(|item| relayed(item.clone().into()).unwrap()).collect()
}

/// The messages for these events.
pub fn messages(events: &[CloudEvent]) -> Vec<String> {
    events.iter().map(|event| serde_json::to_string(event).unwrap()).collect()
}

/// Carries the events the rest of the way.
pub async fn carry(world: &World, events: Events) -> Result<(), Error> {
    let environment = world.environment();
    if events == Events::InStream {
        let messages = messages(&order_events(&Snapshot::of(&world.database).await));
        if messages.is_empty() {
            return Ok(());
        }
        let unsent = environment.queue.send(&messages, false).await?;
        assert!(unsent.is_empty(), "without faults everything is sent");
    }
    world.drain().await?;
    if events != Events::Ranked {
        environment.store.aggregate(night()).await?;
    }
    Ok(())
}

/// What is wrong with the books of the whole shop, when everything has flowed to its end.
pub async fn violations(world: &World) -> Vec<String> {
    let shop = Snapshot::of(&world.database).await;
    let mut violations = audit::violations(&shop);
    let events = order_events(&shop);
    let expected: BTreeSet<String> = events.iter().map(|event| event.id.clone()).collect();
    let facts = shop.items("sales").filter(|item| item["pk"].as_s().unwrap().starts_with("FACT#"));
    let counted: Vec<String> = facts.map(|item| item["sk"].as_s().unwrap().clone()).collect();
    if counted.len() != expected.len() || !counted.iter().all(|id| expected.contains(id)) {
        violations.push(format!("events {expected:?} are counted as {counted:?}"));
    }
    if !events.is_empty() {
        let ranking = world.environment().store.newest_ranking().await.unwrap();
        let found = ranking.map(|ranking| ranking.products);
        let sold = best_sellers(&events);
        if found.as_ref() != Some(&sold) {
            violations.push(format!("the ranking is {found:?} and not {sold:?}"));
        }
    }
    violations
}

fn best_sellers(events: &[CloudEvent]) -> Vec<RankedProduct> {
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
    let ranked = |(product_id, (units_sold, revenue))| RankedProduct { product_id, units_sold, revenue };
    sold.into_iter().map(ranked).collect()
}

/// Enough for anything that meets no fault.
pub fn plenty() -> Instant {
    Instant::now() + Duration::from_secs(20)
}
