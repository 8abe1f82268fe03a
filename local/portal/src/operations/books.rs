//! The books of the running shop, and the rules that hold among them. The tables are read one after another while the shop
//! goes on selling: only what is wrong again and again is wrong.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use sijang_cloud::{ministack::Cloud, stack::physical_name};

use super::{owner, text};

/// Looks that a violation has to survive.
const LOOKS: usize = 3;

/// Every table, as far as the rules and the bill need it.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) balances: Vec<Value>,
    pub(super) products: Vec<Value>,
    pub(super) coupons: Vec<Value>,
    pub(super) user_coupons: Vec<Value>,
    pub(super) orders: Vec<Value>,
    pub(super) events: Vec<Value>,
    pub(super) sales: Vec<Value>,
}

/// A rule, and whether it holds.
#[derive(Debug, Serialize)]
pub(super) struct Rule {
    name: &'static str,
    /// How many things it was held against.
    checked: usize,
    /// Those that break it.
    broken: Vec<String>,
}

impl Books {
    pub(super) async fn read(cloud: &Cloud) -> Result<Self> {
        let mut books = Self::look(cloud).await?;
        for _ in 1..LOOKS {
            if books.audit().iter().all(|rule| rule.broken.is_empty()) {
                break;
            }
            books = Self::look(cloud).await?;
        }
        Ok(books)
    }

    async fn look(cloud: &Cloud) -> Result<Self> {
        const TABLES: [&str; 7] = ["balances", "products", "coupons", "user-coupons", "orders", "events", "sales"];
        let tables = try_join_all(TABLES.map(async |table| cloud.scan(&physical_name(table)).await)).await?;
        let mut tables = tables.into_iter();
        let mut next = || tables.next().unwrap_or_default();
        Ok(Self {
            balances: next(),
            products: next(),
            coupons: next(),
            user_coupons: next(),
            orders: next(),
            events: next(),
            sales: next(),
        })
    }

    /// How far the events of the orders have come.
    pub(super) fn flow(&self, now: Timestamp) -> Value {
        let facts = self.fact_names();
        let uncounted = self.orders.iter().filter(|order| !facts.contains(&fact_of(order, "paid")));
        let oldest = uncounted.clone().filter_map(|order| order["order"]["at"].as_i64()).min();
        json!({
            "orders": self.orders.len(),
            "events": self.events.iter().filter(|event| event["order"].is_object()).count(),
            "facts": facts.len(),
            "uncounted": uncounted.count(),
            "lag_ms": oldest.map_or(0, |oldest| (now.as_millisecond() - oldest).max(0)),
        })
    }

    /// Every rule.
    pub(super) fn audit(&self) -> Vec<Rule> {
        vec![self.ledgers(), self.stock(), self.campaigns(), self.used_coupons(), self.events()]
    }

    /// The sum of each ledger is the balance, which is not negative.
    fn ledgers(&self) -> Rule {
        let mut sums: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for item in &self.balances {
            let (balance, ledger) = sums.entry(text(&item["user_id"])).or_default();
            *balance += item["balance"].as_i64().unwrap_or_default();
            if item["balance"].is_null() {
                *ledger += item["amount"].as_i64().unwrap_or_default();
            }
        }
        let broken = sums.iter().filter(|(_, (balance, ledger))| balance != ledger || *balance < 0);
        rule("ledger", sums.len(), broken.map(|(user, _)| *user))
    }

    fn stock(&self) -> Rule {
        let stock = self.products.iter().filter_map(|item| Some((item, item["stock"].as_i64()?)));
        let broken = stock.clone().filter(|(_, stock)| *stock < 0).map(|(item, _)| text(&item["product_id"]));
        rule("stock", stock.clone().count(), broken)
    }

    /// A campaign has given out what its customers hold, and no more than there were.
    fn campaigns(&self) -> Rule {
        let mut campaigns: BTreeMap<&str, (i64, i64, i64)> = BTreeMap::new();
        for counter in &self.coupons {
            let (Some(quota), Some(issued)) = (counter["quota"].as_i64(), counter["issued"].as_i64()) else { continue };
            let campaign = campaigns.entry(owner(&counter["coupon_id"])).or_default();
            *campaign = (campaign.0 + quota, campaign.1 + issued, campaign.2);
        }
        for held in &self.user_coupons {
            campaigns.entry(text(&held["coupon_id"])).or_default().2 += 1;
        }
        let broken = campaigns.iter().filter(|(_, (quota, issued, held))| issued != held || issued > quota);
        rule("campaigns", campaigns.len(), broken.map(|(id, _)| *id))
    }

    /// A used coupon has exactly the order that says so.
    fn used_coupons(&self) -> Rule {
        let used: BTreeSet<_> = self
            .user_coupons
            .iter()
            .filter(|held| held["order_id"].is_string())
            .map(|held| [&held["user_id"], &held["coupon_id"], &held["order_id"]].map(text))
            .collect();
        let live = self.orders.iter().filter(|order| order["order"]["status"] != "CANCELLED");
        let using: BTreeSet<_> = live
            .filter(|order| order["order"]["coupon"].is_string())
            .map(|order| [&order["user_id"], &order["order"]["coupon"], &order["order_id"]].map(text))
            .collect();
        rule("used-coupons", used.len(), used.symmetric_difference(&using).map(|[_, coupon, _]| *coupon))
    }

    /// Every order has its events, each once, and nothing is counted that did not happen.
    fn events(&self) -> Rule {
        let happened = |event: &Value| {
            let what = text(&event["type"]).strip_prefix("order.")?.strip_suffix(".v1")?;
            Some(format!("{}.{what}", text(&event["order"]["id"])))
        };
        let events: Vec<String> = self.events.iter().filter_map(happened).collect();
        let seen: BTreeSet<&String> = events.iter().collect();
        let paid = self.orders.iter().map(|order| fact_of(order, "paid"));
        let cancelled = self.orders.iter().filter(|order| order["order"]["status"] == "CANCELLED");
        let expected: BTreeSet<String> = paid.chain(cancelled.map(|order| fact_of(order, "cancelled"))).collect();
        let facts = self.fact_names();
        let unfounded = facts.iter().filter(|fact| !expected.contains(*fact));
        let missing = expected.iter().filter(|name| !seen.contains(name));
        let twice = events.len().saturating_sub(seen.len());
        let broken = unfounded.chain(missing).map(String::as_str).chain((twice > 0).then_some("an event twice"));
        rule("events", expected.len(), broken)
    }

    fn fact_names(&self) -> BTreeSet<String> {
        self.facts().map(|fact| text(&fact["sk"]).to_owned()).collect()
    }

    /// What was counted of the orders.
    pub(super) fn facts(&self) -> impl Iterator<Item = &Value> {
        self.sales.iter().filter(|item| text(&item["pk"]).starts_with("FACT#"))
    }
}

fn rule<'a>(name: &'static str, checked: usize, broken: impl Iterator<Item = &'a str>) -> Rule {
    Rule { name, checked, broken: broken.map(str::to_owned).collect() }
}

fn fact_of(order: &Value, what: &str) -> String {
    format!("{}.{what}", text(&order["order_id"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shop with one customer, who used a coupon for her only order.
    fn books() -> Books {
        Books {
            balances: vec![
                json!({"user_id": "alice", "sk": "BALANCE", "balance": 700}),
                json!({"user_id": "alice", "sk": "TX#1", "amount": 1_000}),
                json!({"user_id": "alice", "sk": "TX#2", "amount": -300}),
            ],
            products: vec![json!({"product_id": "p", "stock": 0})],
            coupons: vec![
                json!({"coupon_id": "c", "quota": 1, "issued": 1}),
                json!({"coupon_id": "c#1", "quota": 1, "issued": 0}),
            ],
            user_coupons: vec![json!({"user_id": "alice", "coupon_id": "c", "order_id": "o"})],
            orders: vec![json!({"user_id": "alice", "order_id": "o", "order": {"status": "PAID", "coupon": "c"}})],
            events: vec![json!({"type": "order.paid.v1", "order": {"id": "o"}})],
            sales: vec![json!({"pk": "FACT#2026-11-21#0", "sk": "o.paid"})],
        }
    }

    fn broken(books: &Books) -> Vec<&'static str> {
        books.audit().iter().filter(|rule| !rule.broken.is_empty()).map(|rule| rule.name).collect()
    }

    #[test]
    fn good_books_break_no_rule_and_every_rule_looks_at_something() {
        assert_eq!(broken(&books()), [""; 0]);
        assert!(books().audit().iter().all(|rule| rule.checked == 1));
    }

    #[test]
    fn each_rule_is_broken_by_what_it_forbids() {
        type Spoil = fn(&mut Books);
        let spoilt: [(&str, Spoil); 9] = [
            ("ledger", |books| books.balances[0]["balance"] = json!(701)),
            ("ledger", |books| drop(books.balances.remove(2))),
            ("stock", |books| books.products[0]["stock"] = json!(-1)),
            ("campaigns", |books| books.coupons[1]["issued"] = json!(1)),
            ("campaigns", |books| books.coupons[0]["quota"] = json!(-1)),
            ("used-coupons", |books| books.orders[0]["order"]["coupon"] = Value::Null),
            ("events", |books| books.events.clear()),
            ("events", |books| books.events.push(books.events[0].clone())),
            ("events", |books| books.sales.push(json!({"pk": "FACT#2026-11-21#0", "sk": "made-up.paid"}))),
        ];
        for (rule, spoil) in spoilt {
            let mut books = books();
            spoil(&mut books);
            assert_eq!(broken(&books), [rule]);
        }
    }

    #[test]
    fn an_order_without_its_fact_is_on_the_way() {
        let mut books = books();
        books.sales.clear();
        assert_eq!(books.flow(Timestamp::now())["uncounted"], 1);
        assert_eq!(broken(&books), [""; 0], "late is not wrong");
    }
}
