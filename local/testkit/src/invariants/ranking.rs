//! The ranking of popular products: as it is stored, and as the order events add up.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Deserialize;
use sijang_domain::{CloudEvent, Day, OrderStatus, ProductId, Ranking};
use sijang_storage::Item;

use crate::snapshot::Snapshot;

/// Product, units, revenue.
pub(super) type Sold = (String, i64, i64);

/// The newest ranking that is stored.
pub(super) fn stored(shop: &Snapshot) -> Vec<Sold> {
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
    let Some(row) = newest(shop) else { return Vec::new() };
    let row: Row = serde_dynamo::from_item(row.clone()).unwrap();
    row.products.into_iter().map(|ranked| (ranked.p, ranked.units, ranked.revenue)).collect()
}

/// The day for which the newest ranking that is stored holds.
pub(super) fn newest_day(shop: &Snapshot) -> Option<Day> {
    newest(shop).map(|item| item["sk"].as_s().unwrap().parse().unwrap())
}

fn newest(shop: &Snapshot) -> Option<&Item> {
    let rankings = shop.items("sales").filter(|item| item["pk"].as_s().unwrap() == "RANKING#3D");
    rankings.max_by_key(|item| item["sk"].as_s().unwrap())
}

/// The ranking that the aggregation must store.
pub(super) fn expected(events: &[CloudEvent]) -> Vec<Sold> {
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
