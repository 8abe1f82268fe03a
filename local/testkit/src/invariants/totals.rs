//! The totals of each day: as they are stored, and as the day's facts add up.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Violations, rows::Rows};

#[derive(Deserialize)]
pub(super) struct DayTotal {
    pk: String,
    sk: String,
    #[serde(flatten)]
    sales: Sales,
}

impl DayTotal {
    /// The day, of a total of a product.
    pub(super) fn day(&self) -> &str {
        &self.pk["DAY#".len()..]
    }

    /// The product; of a total of all products, the day.
    pub(super) fn key(&self) -> &str {
        &self.sk
    }

    /// Units, orders, revenue, facts.
    pub(super) fn values(&self) -> [i64; 4] {
        let Sales { units, orders, revenue, facts } = self.sales;
        [units, orders, revenue, facts.cast_signed()]
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
struct Sales {
    units: i64,
    orders: i64,
    revenue: i64,
    facts: u64,
}

impl Rows {
    /// Each stored total counts all facts of its day. A day that no run has counted yet has no totals.
    pub(super) fn totals_match_facts(&self, violations: &mut Violations) {
        let mut days: BTreeMap<&str, BTreeMap<&str, Sales>> = BTreeMap::new();
        let mut sums: BTreeMap<&str, Sales> = BTreeMap::new();
        for fact in &self.facts {
            let day = fact.pk.split('#').nth(1).unwrap_or_default();
            let sign = if fact.cancelled { -1 } else { 1 };
            let sum = sums.entry(day).or_default();
            sum.units += fact.lines.iter().map(|line| sign * line.q).sum::<i64>();
            sum.orders += sign;
            sum.revenue += fact.lines.iter().map(|line| sign * line.q * line.u).sum::<i64>();
            sum.facts += 1;
            for line in &fact.lines {
                let sales = days.entry(day).or_default().entry(&line.p).or_default();
                sales.units += sign * line.q;
                sales.orders += sign;
                sales.revenue += sign * line.q * line.u;
                sales.facts += 1;
            }
        }
        let mut stored: BTreeMap<&str, BTreeMap<&str, Sales>> = BTreeMap::new();
        for total in &self.totals {
            stored.entry(total.day()).or_default().insert(&total.sk, total.sales);
        }
        for (day, stored) in stored {
            let counted = days.remove(day).unwrap_or_default();
            violations.equal(&format!("the totals of {day} and its facts"), stored, counted);
        }
        for total in &self.sums {
            let counted = sums.remove(&*total.sk).unwrap_or_default();
            violations.equal(&format!("the total of {} and its facts", total.sk), total.sales, counted);
        }
    }
}
