//! The invariants of the shop, checked over raw items: what must hold after anything that happened to it.
//!
//! The auditor reads the tables on its own, not through the store's code, so that a fault cannot hide in both. It trusts
//! one thing, the events: what they say was created, paid in and adjusted is what the rest has to add up to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use sijang_storage::Item;

use crate::snapshot::Snapshot;

/// What is wrong, a sentence each; nothing when all is well.
pub fn violations(shop: &Snapshot) -> Vec<String> {
    let books = Books::read(shop);
    let mut findings = Findings::default();
    books.the_ledger_adds_up_to_the_balance(&mut findings);
    books.every_ledger_entry_has_its_cause(&mut findings);
    books.what_was_stocked_is_on_hand_or_sold(&mut findings);
    books.what_was_issued_is_held(&mut findings);
    books.shards_agree(&mut findings);
    books.a_used_coupon_has_its_one_order(&mut findings);
    books.an_order_has_its_events_once(&mut findings);
    books.a_fact_is_of_one_order_event(&mut findings);
    findings.0
}

#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn require(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds {
            self.0.push(violation());
        }
    }

    #[allow(clippy::needless_pass_by_value)] // so that what is compared can be worked out in the call
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, one: T, other: T) {
        self.require(one == other, || format!("{what}: {one:?} and {other:?}"));
    }
}

#[derive(Deserialize)]
struct Account {
    user_id: String,
    balance: i64,
    last: String,
}

#[derive(Deserialize)]
struct Entry {
    user_id: String,
    sk: String,
    r#type: String,
    amount: i64,
    order_id: Option<String>,
}

impl Entry {
    fn id(&self) -> &str {
        &self.sk["TX#".len()..]
    }
}

/// Of what a shard is: `p`, `p#1`, `p#2`, ... are of `p`.
fn owner<'de, D: Deserializer<'de>>(partition: D) -> Result<String, D::Error> {
    Ok(String::deserialize(partition)?.split('#').take(1).collect())
}

#[derive(Deserialize)]
struct StockItem {
    #[serde(deserialize_with = "owner")]
    product_id: String,
    sk: String,
    stock: i64,
    price: i64,
    active: bool,
    #[serde(default = "one")]
    shards: i64,
    #[serde(default)]
    generation: i64,
}

#[derive(Deserialize)]
struct Counter {
    #[serde(deserialize_with = "owner")]
    coupon_id: String,
    sk: String,
    quota: i64,
    issued: i64,
    #[serde(default = "one")]
    shards: i64,
    #[serde(default)]
    generation: i64,
}

fn one() -> i64 {
    1
}

/// A shard of a product's stock, or of a campaign's counter.
struct Shard {
    number: i64,
    left: i64,
    /// What all shards in use must have alike.
    common: (i64, i64, Option<(i64, bool)>),
}

impl Shard {
    fn of(sk: &str, left: i64, common: (i64, i64, Option<(i64, bool)>)) -> Self {
        let number = sk.rsplit('#').next().unwrap_or_default().parse().unwrap_or(-1);
        Self { number, left, common }
    }
}

#[derive(Deserialize)]
struct Campaign {
    coupon_id: String,
    total: i64,
}

#[derive(Deserialize)]
struct HeldCoupon {
    user_id: String,
    coupon_id: String,
    order_id: Option<String>,
    used_at: Option<i64>,
}

#[derive(Deserialize)]
struct OrderItem {
    user_id: String,
    order_id: String,
    order: Order,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Order {
    id: String,
    status: String,
    lines: Vec<Line>,
    list: i64,
    off: i64,
    coupon: Option<String>,
    at: i64,
    cancelled_at: Option<i64>,
}

impl Order {
    fn is_live(&self) -> bool {
        self.status == "PAID"
    }

    fn as_paid(&self) -> Self {
        Self { status: "PAID".to_owned(), cancelled_at: None, ..self.clone() }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Line {
    p: String,
    q: i64,
    u: i64,
}

#[derive(Deserialize)]
struct EventItem {
    request: String,
    r#type: String,
    order: Option<Order>,
    answer: Option<String>,
}

impl EventItem {
    fn user(&self) -> &str {
        self.request.rsplitn(3, '#').nth(2).unwrap_or_default()
    }

    fn answer(&self) -> Value {
        serde_json::from_str(self.answer.as_deref().unwrap_or_default()).unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Fact {
    sk: String,
    order_id: String,
    cancelled: bool,
    lines: Vec<Line>,
}

/// The tables, read.
struct Books {
    accounts: Vec<Account>,
    entries: Vec<Entry>,
    stocks: Vec<StockItem>,
    counters: Vec<Counter>,
    campaigns: Vec<Campaign>,
    coupons: Vec<HeldCoupon>,
    orders: Vec<OrderItem>,
    events: Vec<EventItem>,
    facts: Vec<Fact>,
}

impl Books {
    fn read(shop: &Snapshot) -> Self {
        Self {
            accounts: rows(shop, "balances", ("sk", "BALANCE")),
            entries: rows(shop, "balances", ("sk", "TX#")),
            stocks: rows(shop, "products", ("sk", "STOCK#")),
            counters: rows(shop, "coupons", ("sk", "COUNTER#")),
            campaigns: rows(shop, "coupons", ("sk", "CAMPAIGN")),
            coupons: rows(shop, "user-coupons", ("user_id", "")),
            orders: rows(shop, "orders", ("order_id", "")),
            events: rows(shop, "events", ("request", "")),
            facts: rows(shop, "sales", ("pk", "FACT#")),
        }
    }

    fn answers(&self, kind: &str) -> impl Iterator<Item = Value> {
        self.events.iter().filter(move |event| event.r#type == kind).map(EventItem::answer)
    }

    fn the_ledger_adds_up_to_the_balance(&self, findings: &mut Findings) {
        let mut sums: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
        for entry in &self.entries {
            let (sum, newest) = sums.entry(&entry.user_id).or_default();
            *sum += entry.amount;
            *newest = entry.id().max(*newest);
        }
        for Account { user_id, balance, last } in &self.accounts {
            let (sum, newest) = sums.remove(user_id.as_str()).unwrap_or_default();
            findings.equal(&format!("balance and ledger of {user_id}"), *balance, sum);
            findings.equal(&format!("last and newest entry of {user_id}"), last.as_str(), newest);
            findings.require(*balance >= 0, || format!("{user_id} owes {balance}"));
        }
        for user in sums.keys() {
            findings.require(false, || format!("{user} has a ledger and no balance"));
        }
    }

    fn every_ledger_entry_has_its_cause(&self, findings: &mut Findings) {
        let entered = |kind: &str| {
            let entries = self.entries.iter().filter(move |entry| entry.r#type == kind);
            sorted(entries.map(|entry| (entry.user_id.as_str(), entry.order_id.as_deref(), entry.amount)))
        };
        let ordered = |sign: i64, row: &OrderItem| sign * (row.order.list - row.order.off);
        let paid = self.orders.iter().map(|row| (row.user_id.as_str(), Some(row.order_id.as_str()), ordered(-1, row)));
        findings.equal("payments and orders", entered("PAYMENT"), sorted(paid));
        let cancelled = self.orders.iter().filter(|row| !row.order.is_live());
        let cancelled = cancelled.map(|row| (row.user_id.as_str(), Some(row.order_id.as_str()), ordered(1, row)));
        findings.equal("refunds and cancelled orders", entered("REFUND"), sorted(cancelled));

        let deposits = self.entries.iter().filter(|entry| entry.r#type == "DEPOSIT");
        let deposits = deposits.map(|entry| (entry.user_id.as_str(), entry.id().to_owned(), entry.amount));
        let accepted = self.events.iter().filter(|event| event.r#type == "balance.deposited.v1").map(|event| {
            let answer = event.answer();
            let entry = answer["transaction_id"].as_str().unwrap_or_default().to_owned();
            (event.user(), entry, answer["amount"]["amount"].as_i64().unwrap_or_default())
        });
        findings.equal("deposits and their events", sorted(deposits), sorted(accepted));
        for entry in &self.entries {
            let known = ["DEPOSIT", "PAYMENT", "REFUND"].contains(&entry.r#type.as_str());
            findings.require(known, || format!("an entry of {} is a {}", entry.user_id, entry.r#type));
        }
    }

    fn what_was_stocked_is_on_hand_or_sold(&self, findings: &mut Findings) {
        let mut stocked: BTreeMap<String, i64> = BTreeMap::new();
        let amounts = |kind, figure: &'static str| self.answers(kind).map(move |answer| (answer.clone(), figure));
        for (answer, figure) in amounts("product.created.v1", "stock").chain(amounts("stock.adjusted.v1", "delta")) {
            let product = answer["product_id"].as_str().unwrap_or_default().to_owned();
            *stocked.entry(product).or_default() += answer[figure].as_i64().unwrap_or_default();
        }
        let mut accounted: BTreeMap<String, i64> = BTreeMap::new();
        for StockItem { product_id, stock, .. } in &self.stocks {
            findings.require(*stock >= 0, || format!("{product_id} has {stock} units"));
            *accounted.entry(product_id.clone()).or_default() += stock;
        }
        let live = self.orders.iter().filter(|row| row.order.is_live());
        for line in live.flat_map(|row| &row.order.lines) {
            *accounted.entry(line.p.clone()).or_default() += line.q;
        }
        findings.equal("units stocked, and on hand or sold", stocked, accounted);
    }

    fn what_was_issued_is_held(&self, findings: &mut Findings) {
        let mut held: BTreeMap<&str, i64> = BTreeMap::new();
        for coupon in &self.coupons {
            *held.entry(&coupon.coupon_id).or_default() += 1;
        }
        for Campaign { coupon_id, total } in &self.campaigns {
            let held = held.remove(coupon_id.as_str()).unwrap_or_default();
            let counters = || self.counters.iter().filter(|counter| counter.coupon_id == *coupon_id);
            findings.equal(&format!("{coupon_id}, issued and held"), counters().map(|c| c.issued).sum(), held);
            findings.equal(&format!("{coupon_id}, quota and total"), counters().map(|c| c.quota).sum(), *total);
            findings.require(held <= *total, || format!("{held} hold one of {total} coupons {coupon_id}"));
        }
        for coupon in held.keys() {
            findings.require(false, || format!("users hold a coupon {coupon} of no campaign"));
        }
    }

    /// The shards in use are numbered without a gap and have the same price and generation; others have nothing left.
    fn shards_agree(&self, findings: &mut Findings) {
        let mut all: BTreeMap<&str, Vec<Shard>> = BTreeMap::new();
        for row in &self.stocks {
            let common = (row.shards, row.generation, Some((row.price, row.active)));
            all.entry(&row.product_id).or_default().push(Shard::of(&row.sk, row.stock, common));
        }
        for row in &self.counters {
            let shard = Shard::of(&row.sk, row.quota - row.issued, (row.shards, row.generation, None));
            all.entry(&row.coupon_id).or_default().push(shard);
        }
        for (id, mut shards) in all {
            shards.sort_by_key(|shard| shard.number);
            let common = shards[0].common;
            let (used, unused): (Vec<_>, Vec<_>) = shards.into_iter().partition(|shard| shard.number < common.0);
            let numbers: Vec<i64> = used.iter().map(|shard| shard.number).collect();
            findings.equal(&format!("the shards of {id}"), numbers, (0..common.0).collect());
            for Shard { number, left, common: own } in used {
                findings.equal(&format!("shard {number} of {id} and the first"), own, common);
                findings.require(left >= 0, || format!("shard {number} of {id} has {left} left"));
            }
            for Shard { number, left, .. } in unused {
                findings.require(left == 0, || format!("shard {number} of {id} is not in use and has {left} left"));
            }
        }
    }

    fn a_used_coupon_has_its_one_order(&self, findings: &mut Findings) {
        let used = self.coupons.iter().filter_map(|coupon| {
            Some((coupon.user_id.clone(), coupon.coupon_id.clone(), coupon.order_id.clone()?, coupon.used_at))
        });
        let live = self.orders.iter().filter(|row| row.order.is_live());
        let spent = live.filter_map(|row| {
            Some((row.user_id.clone(), row.order.coupon.clone()?, row.order_id.clone(), Some(row.order.at)))
        });
        findings.equal("used coupons and the orders that used them", sorted(used), sorted(spent));
    }

    fn an_order_has_its_events_once(&self, findings: &mut Findings) {
        let (mut paid, mut cancelled) = (self.order_events("paid", findings), self.order_events("cancelled", findings));
        for OrderItem { user_id, order_id, order } in &self.orders {
            findings.equal("the key of an order and its identifier", order_id, &order.id);
            let listed: i64 = order.lines.iter().map(|line| line.q * line.u).sum();
            findings.equal(&format!("the lines and the list price of {order_id}"), listed, order.list);
            let key = (user_id.as_str(), order_id.as_str());
            findings.equal(&format!("{order_id} and its event"), Some(&order.as_paid()), paid.remove(&key));
            let cancellation = (!order.is_live()).then_some(order);
            findings.equal(&format!("{order_id} and its cancellation"), cancellation, cancelled.remove(&key));
        }
        for (user, order) in paid.into_keys().chain(cancelled.into_keys()) {
            findings.require(false, || format!("an event tells of {order} by {user}, which is no order"));
        }
    }

    /// The orders in the events of a kind, each by its user and identifier.
    fn order_events(&self, what: &str, findings: &mut Findings) -> BTreeMap<(&str, &str), &Order> {
        let mut orders = BTreeMap::new();
        let kind = format!("order.{what}.v1");
        for event in self.events.iter().filter(|event| event.r#type == kind) {
            let Some(order) = &event.order else {
                findings.require(false, || format!("{} has no order", event.request));
                continue;
            };
            let earlier = orders.insert((event.user(), order.id.as_str()), order);
            findings.require(earlier.is_none(), || format!("{} is {what} in two events", order.id));
        }
        orders
    }

    fn a_fact_is_of_one_order_event(&self, findings: &mut Findings) {
        let known = self.events.iter().filter_map(|event| {
            let (order, what) = (event.order.as_ref()?, event.r#type.split('.').nth(1)?);
            Some((format!("{}.{what}", order.id), &order.lines))
        });
        let known: BTreeMap<_, _> = known.collect();
        let mut counted = BTreeSet::new();
        for fact in &self.facts {
            findings.require(counted.insert(&fact.sk), || format!("{} is counted twice", fact.sk));
            findings.equal(&format!("{} and its event", fact.sk), Some(&fact.lines), known.get(&fact.sk).copied());
            let kind = if fact.cancelled { "cancelled" } else { "paid" };
            findings.equal("the name of a fact and its kind", &fact.sk, &format!("{}.{kind}", fact.order_id));
        }
    }
}

fn rows<T: DeserializeOwned>(shop: &Snapshot, table: &str, (attribute, begins): (&str, &str)) -> Vec<T> {
    let text = |item: &Item| item[attribute].as_s().is_ok_and(|text| text.starts_with(begins));
    let items = shop.items(table).filter(|item| text(item));
    items.map(|item| serde_dynamo::from_item(item.clone()).unwrap()).collect()
}

fn sorted<T: Ord>(rows: impl Iterator<Item = T>) -> Vec<T> {
    let mut rows: Vec<T> = rows.collect();
    rows.sort();
    rows
}
