//! What the shop would have cost so far on AWS: the writes of the commands that were done, at the price of writing on
//! demand. What leaves no trace in the books is not in it: reads, rejections, what was sent twice, the nightly totals.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{books::Books, budget, owner};

/// Region of the price.
const REGION: &str = "us-east-1";
/// The price of a write request unit on demand, in billionths of a US dollar.
pub const WRITE_UNIT_NANODOLLARS: u64 = 625;
/// Since when.
const SINCE: &str = "2024-11-01";

/// Write request units, and what they cost in billionths of a US dollar.
#[derive(Debug, Serialize)]
struct Amount {
    units: u64,
    nanodollars: u64,
}

/// All that was done by one command.
#[derive(Debug, Serialize)]
struct Entry {
    command: &'static str,
    /// How often.
    done: u64,
    #[serde(flatten)]
    amount: Amount,
}

/// The bill so far.
#[derive(Debug, Serialize)]
pub(super) struct Bill {
    region: &'static str,
    since: &'static str,
    /// The price.
    per_million: Amount,
    entries: Vec<Entry>,
    total: Amount,
    /// A thousand orders like those so far, with their facts; none without an order.
    per_thousand_orders: Option<Amount>,
}

impl Amount {
    fn of(units: u64) -> Self {
        Self { units, nanodollars: units * WRITE_UNIT_NANODOLLARS }
    }
}

impl Bill {
    /// Of what the books have.
    pub(super) fn of(books: &Books) -> Self {
        let shards = shards(books);
        let split = |id: &str| shards.get(id).copied().unwrap_or(1);
        let commands = books.events.iter().filter_map(|event| budget::of_event(event, split));
        let issues = books.user_coupons.iter().map(|_| ("issue-coupon", budget::ISSUE));
        let facts = books.facts().map(|fact| ("record-sales", budget::of_fact(fact)));
        let mut sums: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
        for (command, units) in commands.chain(issues).chain(facts) {
            let (done, sum) = sums.entry(command).or_default();
            (*done, *sum) = (*done + 1, *sum + units);
        }
        let paid = books.facts().filter(|fact| fact["cancelled"] == false).map(budget::of_fact).sum::<u64>();
        let orders = sums.get("place-order").map(|(done, units)| (1_000 * (units + paid)).div_ceil(*done));
        let entry = |(command, (done, units))| Entry { command, done, amount: Amount::of(units) };
        Self {
            region: REGION,
            since: SINCE,
            per_million: Amount::of(1_000_000),
            total: Amount::of(sums.values().map(|(_, units)| units).sum()),
            entries: sums.into_iter().map(entry).collect(),
            per_thousand_orders: orders.map(Amount::of),
        }
    }
}

/// How many shards each product and each campaign has.
fn shards(books: &Books) -> BTreeMap<&str, u64> {
    let stock = books.products.iter().filter(|item| item["stock"].is_number()).map(|item| &item["product_id"]);
    let counters = books.coupons.iter().filter(|item| item["quota"].is_number()).map(|item| &item["coupon_id"]);
    let mut shards = BTreeMap::new();
    for id in stock.chain(counters) {
        *shards.entry(owner(id)).or_default() += 1;
    }
    shards
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{super::budget::tests::order_event, *};

    fn fact(cancelled: bool) -> Value {
        json!({"pk": "FACT#2026-11-21#0", "cancelled": cancelled, "lines": []})
    }

    #[test]
    fn the_bill_is_the_sum_of_what_was_done() {
        let books = Books {
            events: vec![
                json!({"type": "balance.deposited.v1", "answer": "{}"}),
                order_event("place-order", 1, None),
                order_event("place-order", 3, Some("a coupon")),
                order_event("cancel-order", 1, None),
            ],
            user_coupons: vec![json!({})],
            sales: vec![fact(false), fact(false), fact(true), json!({"pk": "DAY#2026-11-21"})],
            ..Books::default()
        };
        let bill = Bill::of(&books);
        let entries: Vec<_> =
            bill.entries.iter().map(|entry| (entry.command, entry.done, entry.amount.units)).collect();
        let expected = [
            ("cancel-order", 1, 10),
            ("deposit-balance", 1, 6),
            ("issue-coupon", 1, 4),
            ("place-order", 2, 10 + 16),
            ("record-sales", 3, 3),
        ];
        assert_eq!(entries, expected);
        assert_eq!((bill.total.units, bill.total.nanodollars), (49, 49 * 625));
        assert_eq!(bill.per_thousand_orders.map(|amount| amount.units), Some(14_000));
    }

    #[test]
    fn what_is_split_costs_more_to_change() {
        let shard = |shard: u8| json!({"product_id": format!("p#{shard}"), "stock": 1});
        let mut books = Books {
            events: vec![json!({"type": "product.updated.v1", "answer": r#"{"product_id":"p"}"#})],
            products: vec![json!({"product_id": "p", "sk": "INFO"}), json!({"product_id": "p", "stock": 1})],
            ..Books::default()
        };
        assert_eq!(Bill::of(&books).total.units, 7);
        books.products.extend((1..8).map(shard));
        assert_eq!(Bill::of(&books).total.units, 14);
    }

    #[test]
    fn a_shop_that_has_done_nothing_has_cost_nothing() {
        let bill = Bill::of(&Books::default());
        assert_eq!((bill.total.units, bill.entries.len()), (0, 0));
        assert!(bill.per_thousand_orders.is_none());
    }
}
