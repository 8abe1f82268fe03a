//! The tables: their schemas, their files, and the rows of a fact.

use sijang_domain::{Day, ProductId, ProductSales, SaleFact, SaleKind, SaleLine};

use crate::{PseudonymKey, parquet_file::Value};

/// A table of the data platform. Its files lie below a folder for each day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// One row for each order event.
    Orders,
    /// One row for each line of each order event.
    OrderLines,
    /// One row for each product that was sold on the day.
    ProductDays,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 3] = [Self::Orders, Self::OrderLines, Self::ProductDays];

    /// Its name, and the folder of its files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::OrderLines => "order_lines",
            Self::ProductDays => "product_days",
        }
    }

    /// The columns, as a message type of Parquet. The partition column `day` is not in the files.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::Orders => include_str!("../schema/orders.txt"),
            Self::OrderLines => include_str!("../schema/order_lines.txt"),
            Self::ProductDays => include_str!("../schema/product_days.txt"),
        }
    }

    /// How many files a day has: one for each shard of the facts; the totals are one.
    pub const fn parts(self) -> u8 {
        match self {
            Self::Orders | Self::OrderLines => SaleFact::SHARDS,
            Self::ProductDays => 1,
        }
    }

    /// The key of a file.
    pub fn key(self, day: Day, part: u8) -> String {
        format!("{}/day={day}/part-{part}.parquet", self.name())
    }

    /// Every file of a day.
    pub fn files(day: Day) -> impl Iterator<Item = (Self, String)> {
        Self::ALL.into_iter().flat_map(move |table| (0..table.parts()).map(move |part| (table, table.key(day, part))))
    }
}

/// The rows of a fact: one of `orders`, and those of `order_lines`. Units and amounts of a cancellation are negative, so
/// that a sum over rows is what remains sold.
pub fn fact_rows(fact: &SaleFact, pseudonyms: &PseudonymKey) -> (Vec<Value>, Vec<Vec<Value>>) {
    let (kind, sign) = match fact.kind {
        SaleKind::Sale => ("SALE", 1),
        SaleKind::Cancellation => ("CANCELLATION", -1),
    };
    let event = || [Value::text(fact.order_id), Value::text(kind), Value::Integer(sign)];
    let amount = |units: u32, price: i64| sign * i64::from(units) * price;
    let list_price: i64 = fact.lines.iter().map(|line| amount(line.units, line.unit_price.minor())).sum();
    let units: i64 = fact.lines.iter().map(|line| sign * i64::from(line.units)).sum();
    let paid_at = fact.order_id.millis();
    let (occurred_at, discount, coupon_id) = match &fact.details {
        Some(details) => (Some(details.occurred_at.millis()), Some(sign * details.discount.minor()), details.coupon_id),
        None => ((fact.kind == SaleKind::Sale).then_some(paid_at), None, None),
    };
    let mut order = Vec::from(event());
    order.extend([
        Value::optional(fact.user_id.as_ref().map(|user| Value::Text(pseudonyms.pseudonym(user)))),
        Value::Integer(paid_at),
        Value::optional(occurred_at.map(Value::Integer)),
        Value::Integer(units),
        Value::Integer(list_price),
        Value::optional(discount.map(Value::Integer)),
        Value::optional(discount.map(|discount| Value::Integer(list_price - discount))),
        Value::optional(coupon_id.map(Value::text)),
    ]);
    let lines = (0..).zip(&fact.lines).map(|(number, line)| {
        let SaleLine { product_id, units, unit_price, product_version } = line;
        let mut row = Vec::from(event());
        row.extend([
            Value::Integer(number),
            Value::text(product_id),
            Value::Integer(sign * i64::from(*units)),
            Value::Integer(unit_price.minor()),
            Value::Integer(amount(*units, unit_price.minor())),
            Value::optional(product_version.map(|version| Value::Integer(version.get().into()))),
        ]);
        row
    });
    (order, lines.collect())
}

/// The row of a product in `product_days`.
pub(crate) fn product_row(product_id: ProductId, sales: ProductSales) -> Vec<Value> {
    let ProductSales { units, orders, revenue, facts } = sales;
    let facts = i64::try_from(facts).unwrap_or(i64::MAX);
    let mut row = vec![Value::text(product_id)];
    row.extend([units, orders, revenue, facts].map(Value::Integer));
    row
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};
    use sijang_domain::{CouponId, FactDetails, Money, OrderId, ProductVersion, Timestamp, UserId};

    use super::*;
    use crate::parquet_file::hexadecimal;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn fact(kind: SaleKind, details: Option<FactDetails>) -> SaleFact {
        let product_version = details.is_some().then(|| ProductVersion::FIRST.next());
        let line = |n, units, price| SaleLine {
            product_id: ProductId::new(at(0), n),
            units,
            unit_price: Money::new(price).unwrap(),
            product_version,
        };
        SaleFact {
            order_id: OrderId::new(at(5_000), 1),
            user_id: Some(UserId::parse("alice").unwrap()),
            kind,
            day: Day::of(at(5_000)),
            lines: vec![line(1, 2, 100), line(2, 1, 50)],
            details,
        }
    }

    fn details() -> FactDetails {
        let (discount, coupon_id) = (Money::new(30).unwrap(), Some(CouponId::new(at(0), 1)));
        FactDetails { discount, coupon_id, occurred_at: at(9_000) }
    }

    /// The integers of a row, `None` for a null; texts are left out.
    fn integers(row: &[Value]) -> Vec<Option<i64>> {
        let integer = |value: &Value| match value {
            Value::Integer(integer) => Some(Some(*integer)),
            Value::Null => Some(None),
            Value::Text(_) => None,
        };
        row.iter().filter_map(integer).collect()
    }

    fn rows(fact: &SaleFact) -> (Vec<Option<i64>>, Vec<Vec<Option<i64>>>) {
        let (order, lines) = fact_rows(fact, &PseudonymKey::new(&"k".repeat(32)).unwrap());
        (integers(&order), lines.iter().map(|line| integers(line)).collect())
    }

    #[test]
    fn a_cancellation_is_the_sale_with_the_opposite_sign() {
        let (order, lines) = rows(&fact(SaleKind::Sale, Some(details())));
        assert_eq!(order, [1, 5_000, 9_000, 3, 250, 30, 220].map(Some));
        assert_eq!(lines, [[1, 0, 2, 100, 200, 2].map(Some), [1, 1, 1, 50, 50, 2].map(Some)]);
        let (order, lines) = rows(&fact(SaleKind::Cancellation, Some(details())));
        assert_eq!(order, [-1, 5_000, 9_000, -3, -250, -30, -220].map(Some));
        assert_eq!(lines, [[-1, 0, -2, 100, -200, 2].map(Some), [-1, 1, -1, 50, -50, 2].map(Some)]);
    }

    #[test]
    fn facts_of_the_first_release_have_null_for_what_they_lack() {
        let (sale, lines) = rows(&fact(SaleKind::Sale, None));
        assert_eq!(lines[0], [Some(1), Some(0), Some(2), Some(100), Some(200), None]);
        assert_eq!(sale, [Some(1), Some(5_000), Some(5_000), Some(3), Some(250), None, None, None]);
        let (cancellation, _) = rows(&fact(SaleKind::Cancellation, None));
        assert_eq!(cancellation[2], None, "nobody knows when it was cancelled");
    }

    #[test]
    fn the_data_contract_describes_every_column() {
        let contract = include_str!("../README.md");
        for table in Table::ALL {
            let section = contract.split("### ").find(|section| section.starts_with(&format!("`{}`", table.name())));
            let section = section.unwrap().split("\n## ").next().unwrap();
            let rows = section.lines().filter_map(|row| row.strip_prefix("| `"));
            let described = rows.map(|row| {
                let (name, rest) = row.split_once("` | ").unwrap();
                let kind = rest.split(" | ").next().unwrap();
                let physical = if kind.starts_with("string") { "BYTE_ARRAY" } else { "INT64" };
                (name.to_owned(), physical.to_owned(), kind.contains("optional"), kind.contains("timestamp"))
            });
            let columns = table.schema().lines().filter(|line| line.ends_with(';')).map(|line| {
                let words: Vec<_> = line.trim_end_matches(';').split_whitespace().collect();
                let timestamp = line.contains("TIMESTAMP");
                (words[2].to_owned(), words[1].to_owned(), words[0] == "OPTIONAL", timestamp)
            });
            assert_eq!(described.collect::<Vec<_>>(), columns.collect::<Vec<_>>(), "{}", table.name());
        }
    }

    /// The columns of a table in the last release.
    fn released(table: Table) -> &'static str {
        match table {
            Table::Orders => include_str!("../schema/released/orders.txt"),
            Table::OrderLines => include_str!("../schema/released/order_lines.txt"),
            Table::ProductDays => include_str!("../schema/released/product_days.txt"),
        }
    }

    #[test]
    fn schemas_of_the_last_release_only_grow_by_optional_columns() {
        for table in Table::ALL {
            let columns = |schema: &str| schema.trim_end().trim_end_matches('}').lines().map(str::to_owned).collect();
            let (now, then): (Vec<String>, Vec<String>) = (columns(table.schema()), columns(released(table)));
            assert_eq!(now[..then.len().min(now.len())], then, "{}: a column was changed or removed", table.name());
            let added = &now[then.len()..];
            assert!(added.iter().all(|column| column.starts_with("  OPTIONAL")), "{}: {added:?}", table.name());
        }
    }

    #[test]
    fn schemas_of_the_last_release_are_edited_only_by_a_release() {
        let released: String = Table::ALL.into_iter().map(released).collect();
        let digest = "2eab4ad203125c3505854dea6b30a52201d0dfd6ff7880026b86a0aa5de9eea4";
        assert_eq!(hexadecimal(&Sha256::digest(released)), digest, "to change this digest is to make a release");
    }

    #[test]
    fn files_have_the_names_that_the_data_contract_promises() {
        let files: Vec<_> = Table::files("2026-11-27".parse().unwrap()).map(|(_, key)| key).collect();
        let parts = |table: &str| (0..8).map(|part| format!("{table}/day=2026-11-27/part-{part}.parquet")).collect();
        let expected: [Vec<_>; 3] =
            [parts("orders"), parts("order_lines"), vec!["product_days/day=2026-11-27/part-0.parquet".to_owned()]];
        assert_eq!(files, expected.concat());
    }
}
