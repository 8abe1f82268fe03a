//! Everything that the running shop has stored, read from its tables past the API, and checked by the invariants.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::civil::Date;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_cloud::seoul;
use sijang_storage::{AttributeValue, Item};
use sijang_testkit::{
    http::Shop,
    invariants::{uncounted_events, violations_once_counted},
    snapshot::Snapshot,
};
use tokio::time::{Instant, sleep};

use crate::{
    ministack::CUSTOMER_OF_OLD_EVENTS,
    world::{World, lone_trial},
};

/// How long the event pipeline may take: MiniStack looks at its streams and queues every second.
pub const PIPELINE: Duration = Duration::from_mins(4);

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![lone_trial(world, "stored::invariants_hold_and_reconciliation_finds_nothing", async |shop| {
        Stored::once_counted(&shop).await.check();
        assert_eq!(reconcile(&shop, seoul::day(jiff::Timestamp::now())).await, json!([]));
    })]
}

/// The findings of the reconciliation of a day, when every event of it has been counted.
pub async fn reconcile(shop: &Shop, day: Date) -> Value {
    let event = json!({"day": day.to_string(), "settling_minutes": 0});
    let mut report = shop.stack().invoke("reconcile-day", &event).await.unwrap();
    assert_eq!((&report.error, &report.payload["done"]), (&None, &json!(true)), "{}", report.payload);
    report.payload["findings"].take()
}

/// All items of all tables.
pub struct Stored(Snapshot);

impl Stored {
    pub async fn read(shop: &Shop) -> Self {
        Self(Snapshot::read(shop.db(), |table| shop.table(table)).await)
    }

    /// The same, once every order event has been counted.
    pub async fn once_counted(shop: &Shop) -> Self {
        let end = Instant::now() + PIPELINE;
        loop {
            let stored = Self::read(shop).await;
            let uncounted = uncounted_events(&stored.0);
            if uncounted.is_empty() {
                return stored;
            }
            if Instant::now() > end {
                let queues = [shop.waiting("OrderEventsQueueUrl").await, shop.waiting("OrderEventsDlqUrl").await];
                let some = &uncounted[..uncounted.len().min(5)];
                panic!(
                    "{} events not counted, {some:?}; queue and DLQ (waiting, in flight): {queues:?}",
                    uncounted.len()
                );
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Asserts the invariants, and that every order event is counted. The messages that a trial has put into the queue by
    /// itself belong to no order of the shop: their facts are left out.
    pub fn check(&self) {
        let mut snapshot = self.0.clone();
        let of_a_trial = |user: &AttributeValue| user.as_s().is_ok_and(|user| user == CUSTOMER_OF_OLD_EVENTS);
        snapshot.items_mut("sales").retain(|_, item| !item.get("user").is_some_and(of_a_trial));
        let violations = violations_once_counted(&snapshot);
        assert!(violations.is_empty(), "{violations:#?}");
    }

    /// Ids of all orders.
    pub fn orders(&self) -> BTreeSet<&str> {
        self.0.items("orders").map(|item| text(item, "order_id")).collect()
    }

    /// Ids of the orders with this product.
    pub fn orders_of(&self, product: &str) -> BTreeSet<&str> {
        let has_product = |item: &&Item| {
            let lines = item["order"].as_m().unwrap()["lines"].as_l().unwrap();
            lines.iter().any(|line| text(line.as_m().unwrap(), "p") == product)
        };
        self.0.items("orders").filter(has_product).map(|item| text(item, "order_id")).collect()
    }

    /// The price of each shard of this product, in won.
    pub fn prices_of(&self, product: &str) -> Vec<String> {
        let of_product = |item: &&Item| {
            let owner = text(item, "product_id");
            text(item, "sk").starts_with("STOCK#") && owner.split('#').next() == Some(product)
        };
        self.0.items("products").filter(of_product).map(|item| item["price"].as_n().unwrap().clone()).collect()
    }

    /// Everyone who holds a coupon of this campaign.
    pub fn holders_of(&self, coupon: &str) -> BTreeSet<&str> {
        let held = self.0.items("user-coupons").filter(|item| text(item, "coupon_id") == coupon);
        held.map(|item| text(item, "user_id")).collect()
    }

    /// Ids of the events that are counted, as often as they are.
    fn facts(&self) -> Vec<&str> {
        let facts = self.0.items("sales").filter(|item| text(item, "pk").starts_with("FACT#"));
        facts.map(|item| text(item, "sk")).collect()
    }

    /// Whether the payment of this order is counted. It panics when it is counted twice.
    pub fn has_fact(&self, order: &str) -> bool {
        let name = format!("{order}.paid");
        let times = self.facts().into_iter().filter(|fact| *fact == name).count();
        assert!(times <= 1, "order {order} is counted {times} times");
        times == 1
    }

    /// Whether all events of this order are counted; `order` is as the API shows it.
    pub fn has_facts(&self, order: &Value) -> bool {
        let facts = self.facts();
        let id = order["order_id"].as_str().unwrap();
        let has = |what: &str| facts.contains(&format!("{id}.{what}").as_str());
        has("paid") && (order["status"] != "CANCELLED" || has("cancelled"))
    }
}

/// Whether this text is anywhere in any table.
pub async fn mentions(shop: &Shop, text: &str) -> bool {
    format!("{:?}", Stored::read(shop).await.0).contains(text)
}

fn text<'a>(item: &'a Item, attribute: &str) -> &'a str {
    item[attribute].as_s().unwrap()
}
