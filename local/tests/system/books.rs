//! The books: every table as it is, read past the API, and what must hold among them after anything whatever.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use libtest_mimic::Trial;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, json};
use sijang_local::seoul;
use tokio::time::{Instant, sleep};

use crate::{
    shop::Shop,
    world::{World, lone_trial},
};

/// How long the event pipeline may take: MiniStack looks at its streams and queues every second.
pub const PIPELINE: Duration = Duration::from_secs(90);

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![lone_trial(world, "books::whatever_was_done_the_books_of_the_whole_shop_balance", async |shop| {
        Books::caught_up(&shop).await.audit();
        assert_eq!(drift(&shop, seoul::day(jiff::Timestamp::now())).await, json!([]), "the reconciler says the same");
    })]
}

/// What the reconciler finds of a day, when everything of it has been counted.
pub async fn drift(shop: &Shop, day: Date) -> Value {
    let event = json!({"day": day.to_string(), "settling_minutes": 0});
    let mut report = shop.stack().invoke("reconcile-books", &event).await.unwrap();
    assert_eq!((&report.error, &report.payload["done"]), (&None, &json!(true)), "{}", report.payload);
    report.payload["findings"].take()
}

/// Everything that the shop has stored, as far as the books need it.
#[derive(Debug)]
pub struct Books {
    balances: Vec<BalanceItem>,
    stock: Vec<StockItem>,
    coupons: Vec<CouponItem>,
    user_coupons: Vec<UserCouponItem>,
    orders: Vec<OrderItem>,
    events: Vec<EventItem>,
    sales: Vec<SaleItem>,
}

#[derive(Debug, Deserialize)]
struct BalanceItem {
    user_id: String,
    sk: String,
    balance: Option<i64>,
    amount: Option<i64>,
    r#type: Option<String>,
    order_id: Option<String>,
}

/// Of what a shard is: `p`, `p#1`, `p#2`, ... are of `p`.
fn owner<'de, D: Deserializer<'de>>(partition: D) -> Result<String, D::Error> {
    Ok(String::deserialize(partition)?.split('#').take(1).collect())
}

#[derive(Debug, Deserialize)]
struct StockItem {
    #[serde(deserialize_with = "owner")]
    product_id: String,
    stock: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct CouponItem {
    #[serde(deserialize_with = "owner")]
    coupon_id: String,
    quota: Option<i64>,
    issued: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[allow(clippy::struct_field_names)] // as the table has them
struct UserCouponItem {
    user_id: String,
    coupon_id: String,
    order_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OrderItem {
    user_id: String,
    order_id: String,
    order: OrderRecord,
}

#[derive(Debug, Deserialize)]
struct OrderRecord {
    status: String,
    lines: Vec<LineRecord>,
    list: i64,
    off: i64,
    coupon: Option<String>,
}

#[derive(Debug, Deserialize)]
struct LineRecord {
    p: String,
    q: i64,
    u: i64,
}

#[derive(Debug, Deserialize)]
struct EventItem {
    request: String,
    r#type: String,
    order: Option<OrderName>,
    answer: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OrderName {
    id: String,
}

#[derive(Debug, Deserialize)]
struct SaleItem {
    pk: String,
    sk: String,
}

impl OrderRecord {
    fn is_cancelled(&self) -> bool {
        self.status == "CANCELLED"
    }
}

impl Books {
    pub async fn read(shop: &Shop) -> Self {
        Self {
            balances: scan(shop, "balances").await,
            stock: scan(shop, "products").await,
            coupons: scan(shop, "coupons").await,
            user_coupons: scan(shop, "user-coupons").await,
            orders: scan(shop, "orders").await,
            events: scan(shop, "events").await,
            sales: scan(shop, "sales").await,
        }
    }

    /// The books once the event pipeline has carried every order to its end.
    pub async fn caught_up(shop: &Shop) -> Self {
        let end = Instant::now() + PIPELINE;
        loop {
            let books = Self::read(shop).await;
            let missing = books.missing_facts();
            if missing.is_empty() {
                return books;
            }
            if Instant::now() > end {
                let queues = [shop.waiting("OrderEventsQueueUrl").await, shop.waiting("OrderEventsDlqUrl").await];
                let some = &missing[..missing.len().min(5)];
                panic!(
                    "{} events not counted, {some:?}; queue and dead letters (waiting, in flight): {queues:?}",
                    missing.len()
                );
            }
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ids of all orders.
    pub fn orders(&self) -> BTreeSet<&str> {
        self.orders.iter().map(|order| order.order_id.as_str()).collect()
    }

    /// Ids of the orders with this product.
    pub fn orders_of(&self, product: &str) -> BTreeSet<&str> {
        let with = self.orders.iter().filter(|order| order.order.lines.iter().any(|line| line.p == product));
        with.map(|order| order.order_id.as_str()).collect()
    }

    fn live_orders(&self) -> impl Iterator<Item = &OrderItem> {
        self.orders.iter().filter(|order| !order.order.is_cancelled())
    }

    /// Everyone who holds a coupon of this campaign.
    pub fn holders_of(&self, coupon: &str) -> BTreeSet<&str> {
        let held = self.user_coupons.iter().filter(|held| held.coupon_id == coupon);
        held.map(|held| held.user_id.as_str()).collect()
    }

    /// Names of the sale facts, as often as they are there.
    fn facts(&self) -> Vec<&str> {
        self.sales.iter().filter(|item| item.pk.starts_with("FACT#")).map(|item| item.sk.as_str()).collect()
    }

    /// Names of the events that the orders have gone through.
    fn expected_facts(&self) -> Vec<String> {
        let paid = self.orders.iter().map(|order| format!("{}.paid", order.order_id));
        let cancelled = self.orders.iter().filter(|order| order.order.is_cancelled());
        paid.chain(cancelled.map(|order| format!("{}.cancelled", order.order_id))).collect()
    }

    fn missing_facts(&self) -> Vec<String> {
        let facts: BTreeSet<_> = self.facts().into_iter().collect();
        self.expected_facts().into_iter().filter(|expected| !facts.contains(expected.as_str())).collect()
    }

    /// Whether this order's fact is there; once, or it is an error.
    pub fn has_fact(&self, order: &str) -> bool {
        let name = format!("{order}.paid");
        let times = self.facts().into_iter().filter(|fact| *fact == name).count();
        assert!(times <= 1, "order {order} is counted {times} times");
        times == 1
    }

    /// Whether all facts of this order are there, as the API shows the order.
    pub fn has_facts(&self, order: &Value) -> bool {
        let facts = self.facts();
        let id = order["order_id"].as_str().unwrap();
        let has = |what: &str| facts.contains(&format!("{id}.{what}").as_str());
        has("paid") && (order["status"] != "CANCELLED" || has("cancelled"))
    }

    /// The invariants that hold after any run.
    pub fn audit(&self) {
        self.audit_money();
        self.audit_stock();
        self.audit_coupons();
        self.audit_events();
    }

    /// The sum of each ledger is the balance, which is not negative; there is one payment for each order, of its price,
    /// and one refund of the same for each that was cancelled.
    fn audit_money(&self) {
        let mut balances: BTreeMap<&str, i64> = BTreeMap::new();
        let mut ledgers: BTreeMap<&str, i64> = BTreeMap::new();
        let mut payments: BTreeMap<(&str, &str), Vec<(&str, i64)>> = BTreeMap::new();
        for item in &self.balances {
            if let Some(balance) = item.balance {
                assert!(balance >= 0, "{item:?}");
                balances.insert(&item.user_id, balance);
            } else {
                assert!(item.sk.starts_with("TX#"), "{item:?}");
                let amount = item.amount.unwrap();
                *ledgers.entry(&item.user_id).or_default() += amount;
                if let Some(order) = &item.order_id {
                    let kind = item.r#type.as_deref().unwrap();
                    payments.entry((&item.user_id, order)).or_default().push((kind, amount));
                }
            }
        }
        assert_eq!(balances, ledgers, "every balance is the sum of its ledger");
        let cost = |order: &OrderItem| {
            let sum: i64 = order.order.lines.iter().map(|line| line.q * line.u).sum();
            assert_eq!(sum, order.order.list, "the list price is the sum of the lines: {order:?}");
            assert!((0..=sum).contains(&order.order.off), "{order:?}");
            sum - order.order.off
        };
        let prices: BTreeMap<_, _> = self
            .orders
            .iter()
            .map(|order| {
                let paid = cost(order);
                let mut entries = vec![("PAYMENT", -paid)];
                entries.extend(order.order.is_cancelled().then_some(("REFUND", paid)));
                ((order.user_id.as_str(), order.order_id.as_str()), entries)
            })
            .collect();
        assert_eq!(payments, prices, "every order is paid for once, and given back once when it is cancelled");
    }

    /// What was there at the start, and was added or taken out, is what is left and what was sold and not given back.
    fn audit_stock(&self) {
        let mut expected: BTreeMap<String, i64> = BTreeMap::new();
        for event in &self.events {
            let answer: Value =
                event.answer.as_ref().map(|answer| serde_json::from_str(answer).unwrap()).unwrap_or_default();
            let added = match event.r#type.as_str() {
                "product.created.v1" => answer["stock"].as_i64().unwrap(),
                "stock.adjusted.v1" => answer["delta"].as_i64().unwrap(),
                _ => continue,
            };
            *expected.entry(answer["product_id"].as_str().unwrap().to_owned()).or_default() += added;
        }
        for line in self.live_orders().flat_map(|order| &order.order.lines) {
            *expected.entry(line.p.clone()).or_default() -= line.q;
        }
        let mut left: BTreeMap<String, i64> = BTreeMap::new();
        for (product, shard) in self.stock.iter().filter_map(|item| Some((&item.product_id, item.stock?))) {
            assert!(shard >= 0, "no stock is negative: {product}");
            *left.entry(product.clone()).or_default() += shard;
        }
        assert_eq!(left, expected, "stock left is stock made less stock sold");
    }

    /// Each campaign counts its holders and stays within its total; a coupon is used by exactly the order that says so.
    fn audit_coupons(&self) {
        let mut given: BTreeMap<&str, i64> = BTreeMap::new();
        for counter in &self.coupons {
            let (Some(quota), Some(issued)) = (counter.quota, counter.issued) else { continue };
            assert!(issued <= quota, "campaign {}", counter.coupon_id);
            *given.entry(&counter.coupon_id).or_default() += issued;
        }
        for (campaign, issued) in given {
            let holders = i64::try_from(self.holders_of(campaign).len()).unwrap();
            assert_eq!(issued, holders, "campaign {campaign}");
        }
        let used: BTreeSet<_> = self
            .user_coupons
            .iter()
            .filter_map(|held| Some((held.user_id.as_str(), held.coupon_id.as_str(), held.order_id.as_deref()?)))
            .collect();
        let using: Vec<_> = self
            .live_orders()
            .filter_map(|order| Some((order.user_id.as_str(), order.order.coupon.as_deref()?, order.order_id.as_str())))
            .collect();
        assert_eq!(using.len(), used.len(), "no coupon is used twice");
        assert_eq!(using.into_iter().collect::<BTreeSet<_>>(), used, "a used coupon has its order");
    }

    /// One event for each order, one more for each that was cancelled; one fact for each event.
    fn audit_events(&self) {
        let event = |event: &EventItem| {
            let what = event.r#type.strip_prefix("order.")?.strip_suffix(".v1")?;
            let order = event.order.as_ref().unwrap_or_else(|| panic!("{}", event.request));
            Some(format!("{}.{what}", order.id))
        };
        let mut events: Vec<String> = self.events.iter().filter_map(event).collect();
        let mut expected = self.expected_facts();
        events.sort_unstable();
        expected.sort_unstable();
        assert_eq!(events, expected, "every order has its events, each once");
        let facts = self.facts();
        let times = |name: &str| facts.iter().filter(|fact| **fact == name).count();
        for name in &expected {
            assert_eq!(times(name), 1, "fact {name}");
        }
    }
}

/// Whether this text is anywhere in any table.
pub async fn mentions(shop: &Shop, text: &str) -> bool {
    for table in shop.stack().template().tables() {
        let items = items(shop, &table.name).await;
        if items.iter().any(|item| format!("{item:?}").contains(text)) {
            return true;
        }
    }
    false
}

async fn scan<T: DeserializeOwned>(shop: &Shop, table: &str) -> Vec<T> {
    items(shop, table).await.into_iter().map(|item| serde_dynamo::from_item(item).unwrap()).collect()
}

/// All items of a table.
async fn items(shop: &Shop, table: &str) -> Vec<HashMap<String, AttributeValue>> {
    let pages = shop.db().scan().table_name(shop.table(table)).consistent_read(true).into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.unwrap()
}
