//! The items of the tables, as far as the invariants need them.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;
use sijang_storage::Item;

use super::totals::DayTotal;
use crate::snapshot::Snapshot;

#[derive(Deserialize)]
pub(super) struct Account {
    pub(super) user_id: String,
    pub(super) balance: i64,
    pub(super) last: String,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) user_id: String,
    pub(super) sk: String,
    pub(super) r#type: String,
    pub(super) amount: i64,
    pub(super) order_id: Option<String>,
}

impl Entry {
    pub(super) fn id(&self) -> &str {
        &self.sk["TX#".len()..]
    }
}

/// The owner of a shard: `p`, `p#1`, `p#2`, ... are of `p`.
fn owner<'de, D: Deserializer<'de>>(partition: D) -> Result<String, D::Error> {
    Ok(String::deserialize(partition)?.split('#').take(1).collect())
}

#[derive(Deserialize)]
pub(super) struct StockItem {
    #[serde(deserialize_with = "owner")]
    pub(super) product_id: String,
    pub(super) sk: String,
    pub(super) stock: i64,
    pub(super) price: i64,
    pub(super) active: bool,
    #[serde(default = "one")]
    pub(super) shards: i64,
    #[serde(default)]
    pub(super) generation: i64,
}

#[derive(Deserialize)]
pub(super) struct Counter {
    #[serde(deserialize_with = "owner")]
    pub(super) coupon_id: String,
    pub(super) sk: String,
    pub(super) quota: i64,
    pub(super) issued: i64,
    #[serde(default = "one")]
    pub(super) shards: i64,
    #[serde(default)]
    pub(super) generation: i64,
}

fn one() -> i64 {
    1
}

#[derive(Deserialize)]
pub(super) struct Campaign {
    pub(super) coupon_id: String,
    pub(super) total: i64,
}

#[derive(Deserialize)]
pub(super) struct HeldCoupon {
    pub(super) user_id: String,
    pub(super) coupon_id: String,
    pub(super) order_id: Option<String>,
    pub(super) used_at: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct OrderItem {
    pub(super) user_id: String,
    pub(super) order_id: String,
    pub(super) order: Order,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) lines: Vec<Line>,
    pub(super) list: i64,
    pub(super) off: i64,
    pub(super) coupon: Option<String>,
    pub(super) at: i64,
    pub(super) cancelled_at: Option<i64>,
}

impl Order {
    pub(super) fn is_live(&self) -> bool {
        self.status == "PAID"
    }

    pub(super) fn as_paid(&self) -> Self {
        Self { status: "PAID".to_owned(), cancelled_at: None, ..self.clone() }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct Line {
    pub(super) p: String,
    pub(super) q: i64,
    pub(super) u: i64,
}

#[derive(Deserialize)]
pub(super) struct EventItem {
    pub(super) request: String,
    pub(super) r#type: String,
    pub(super) at: i64,
    pub(super) order: Option<Order>,
    pub(super) customer: Option<String>,
    pub(super) answer: Option<String>,
}

impl EventItem {
    /// The customer whose order or deposit it is.
    pub(super) fn user(&self) -> &str {
        let of_key = || self.request.rsplitn(3, '#').nth(2).unwrap_or_default();
        self.customer.as_deref().unwrap_or_else(of_key)
    }

    /// Whether a member of staff gave the command.
    pub(super) fn is_of_staff(&self) -> bool {
        const OF_CUSTOMERS: [&str; 4] =
            ["balance.deposited.v1", "order.paid.v1", "order.cancelled.v1", "stock.gathered.v1"];
        let of_customer = OF_CUSTOMERS.contains(&self.r#type.as_str()) && self.customer.is_none();
        !self.r#type.ends_with(".rejected") && !of_customer
    }

    pub(super) fn answer(&self) -> Value {
        serde_json::from_str(self.answer.as_deref().unwrap_or_default()).unwrap_or_default()
    }
}

#[derive(Deserialize)]
pub(super) struct StaffAction {
    pub(super) action_id: String,
    pub(super) action: String,
    pub(super) staff_id: String,
    pub(super) idempotency_key: String,
    pub(super) user_id: Option<String>,
}

impl StaffAction {
    /// The key of the command's event.
    pub(super) fn request(&self) -> String {
        format!("{}#{}#{}", self.staff_id, self.action, self.idempotency_key)
    }
}

#[derive(Deserialize)]
pub(super) struct Fact {
    pub(super) pk: String,
    pub(super) sk: String,
    pub(super) order_id: String,
    pub(super) cancelled: bool,
    pub(super) lines: Vec<Line>,
}

/// The tables, read.
pub(super) struct Rows {
    pub(super) accounts: Vec<Account>,
    pub(super) entries: Vec<Entry>,
    pub(super) stocks: Vec<StockItem>,
    pub(super) counters: Vec<Counter>,
    pub(super) campaigns: Vec<Campaign>,
    pub(super) coupons: Vec<HeldCoupon>,
    pub(super) orders: Vec<OrderItem>,
    pub(super) events: Vec<EventItem>,
    pub(super) facts: Vec<Fact>,
    pub(super) totals: Vec<DayTotal>,
    pub(super) actions: Vec<StaffAction>,
    pub(super) sums: Vec<DayTotal>,
}

impl Rows {
    pub(super) fn read(shop: &Snapshot) -> Self {
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
            totals: rows(shop, "sales", ("pk", "DAY#")),
            actions: rows(shop, "staff-actions", ("action_id", "")),
            sums: rows(shop, "sales", ("pk", "DAYS")),
        }
    }

    pub(super) fn answers(&self, kind: &str) -> impl Iterator<Item = Value> {
        self.events.iter().filter(move |event| event.r#type == kind).map(EventItem::answer)
    }
}

fn rows<T: DeserializeOwned>(shop: &Snapshot, table: &str, (attribute, begins): (&str, &str)) -> Vec<T> {
    let text = |item: &Item| item[attribute].as_s().is_ok_and(|text| text.starts_with(begins));
    let items = shop.items(table).filter(|item| text(item));
    items.map(|item| serde_dynamo::from_item(item.clone()).unwrap()).collect()
}
