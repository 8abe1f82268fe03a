//! Compares the files of the data platform, by SQL, with the raw items of ledger, orders, totals and ranking.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sijang_domain::UserId;

use super::{
    Violations, ranking,
    rows::{Order, Rows},
};
use crate::{
    platform::{Sql, pseudonym_key},
    snapshot::Snapshot,
};

/// Each order by its events: the sale, and the cancellation if there was one.
const ORDERS: &str = "SELECT order_id, max(customer) AS customer, count(*) AS events, sum(sign) AS sign, \
    sum(list_price) AS list_price, sum(discount) AS discount, max(coupon_id) AS coupon_id, \
    min(epoch_ms(paid_at)) AS paid_at, max(epoch_ms(occurred_at)) AS changed_at FROM orders \
    GROUP BY order_id ORDER BY order_id";
const LINES: &str = "SELECT order_id, line, max(product_id) AS product_id, max(unit_price) AS unit_price, \
    count(*) AS events, sum(units) AS units, sum(amount) AS amount FROM order_lines \
    GROUP BY order_id, line ORDER BY order_id, line";
const LEDGER: &str = "SELECT order_id, sum(paid_price) AS paid FROM orders GROUP BY order_id ORDER BY order_id";
const PRODUCT_DAYS: &str = "SELECT day, product_id, units, orders, revenue, facts FROM product_days \
    ORDER BY day, product_id";
const PRODUCTS_BY_LINES: &str = "SELECT day, product_id, sum(units) AS units, sum(sign) AS orders, \
    sum(amount) AS revenue, count(*) AS facts FROM order_lines GROUP BY day, product_id ORDER BY day, product_id";
const DAYS: &str = "SELECT day, sum(units) AS units, sum(sign) AS orders, sum(list_price) AS revenue, \
    count(*) AS facts FROM orders GROUP BY day ORDER BY day";

/// How many rows the named query `best-sellers` has.
const BEST_SELLERS: usize = 20;

/// The differences between SQL over the files and the tables, a sentence each. Every order event must be exported by now.
pub async fn violations_in_files(shop: &Snapshot, sql: &Sql) -> Vec<String> {
    let rows = Rows::read(shop);
    let mut violations = Violations::default();
    for (what, query, expected) in [
        ("the orders", ORDERS, rows.orders_as_exported()),
        ("their lines", LINES, rows.lines_as_exported()),
        ("the ledger by order", LEDGER, rows.paid_by_order()),
        ("the totals of the products", PRODUCT_DAYS, rows.product_days()),
        ("the totals of the products by lines", PRODUCTS_BY_LINES, rows.product_days()),
        ("the totals of the days", DAYS, rows.days()),
    ] {
        violations.equal(&format!("{what}, by SQL and by the tables"), sql.rows(query).await, expected);
    }
    if let Some(day) = ranking::newest_day(shop) {
        let [first, .., last] = day.ranking_window();
        let ranked = ranking::stored(shop).into_iter().take(BEST_SELLERS);
        let ranked = ranked
            .map(|(product, units, revenue)| json!({"product_id": product, "units_sold": units, "revenue": revenue}));
        violations.equal(
            "the best sellers, by SQL and by the ranking",
            sql.named("best-sellers", first, last).await,
            ranked.collect(),
        );
    }
    violations.0
}

impl Rows {
    fn orders_by_id(&self) -> BTreeMap<&str, (&str, &Order)> {
        self.orders.iter().map(|item| (&*item.order_id, (&*item.user_id, &item.order))).collect()
    }

    fn orders_as_exported(&self) -> Vec<Value> {
        let key = pseudonym_key();
        let row = |(id, (user, order)): (&str, (&str, &Order))| {
            let live = i64::from(order.is_live());
            json!({
                "order_id": id, "customer": key.pseudonym(&UserId::parse(user).unwrap()), "events": 2 - live, "sign": live,
                "list_price": live * order.list, "discount": live * order.off, "coupon_id": order.coupon,
                "paid_at": order.at, "changed_at": order.cancelled_at.unwrap_or(order.at),
            })
        };
        self.orders_by_id().into_iter().map(row).collect()
    }

    fn lines_as_exported(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        for (id, (_, order)) in self.orders_by_id() {
            let live = i64::from(order.is_live());
            for (number, line) in (0..).zip(&order.lines) {
                lines.push(json!({
                    "order_id": id, "line": number, "product_id": line.p, "unit_price": line.u, "events": 2 - live,
                    "units": live * line.q, "amount": live * line.q * line.u,
                }));
            }
        }
        lines
    }

    /// For each order, the payment less the refund.
    fn paid_by_order(&self) -> Vec<Value> {
        let mut paid: BTreeMap<&str, i64> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| ["PAYMENT", "REFUND"].contains(&&*entry.r#type)) {
            *paid.entry(entry.order_id.as_deref().unwrap()).or_default() -= entry.amount;
        }
        paid.into_iter().map(|(order_id, paid)| json!({"order_id": order_id, "paid": paid})).collect()
    }

    fn product_days(&self) -> Vec<Value> {
        let mut rows: Vec<_> = self.totals.iter().map(|total| (total.day(), total.key(), total.values())).collect();
        rows.sort_by_key(|(day, product_id, _)| (*day, *product_id));
        let row = |(day, product_id, [units, orders, revenue, facts]): (&str, &str, [i64; 4])| {
            json!({
                "day": day, "product_id": product_id,
                "units": units, "orders": orders, "revenue": revenue, "facts": facts,
            })
        };
        rows.into_iter().map(row).collect()
    }

    fn days(&self) -> Vec<Value> {
        let mut rows: Vec<_> = self.sums.iter().map(|sum| (sum.key(), sum.values())).collect();
        rows.sort_by_key(|(day, _)| *day);
        let row = |(day, [units, orders, revenue, facts]): (&str, [i64; 4])| json!({"day": day, "units": units, "orders": orders, "revenue": revenue, "facts": facts});
        rows.into_iter().map(row).collect()
    }
}
