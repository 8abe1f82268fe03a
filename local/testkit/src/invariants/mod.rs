//! The invariants of the shop, checked over raw items: they must hold after any sequence of requests and faults.
//!
//! The check reads the tables by itself, not through the store's code, so that a fault cannot hide in both. It trusts only
//! the events: the rest of the tables must add up to the products, deposits and adjustments that the events report.
//!
//! [`violations`] holds between any two commands, [`violations_once_counted`] when all order events have been consumed,
//! [`violations_once_ranked`] when the daily aggregation has run after that, and [`violations_in_files`] when its days
//! have been exported after that.

mod events;
mod files;
mod money;
mod ranking;
mod rows;
mod staff;
mod stock;
mod totals;

use crate::{pipeline::order_events, snapshot::Snapshot};

use self::rows::Rows;

pub use files::violations_in_files;

/// The violations, a sentence each; empty when every invariant holds.
pub fn violations(shop: &Snapshot) -> Vec<String> {
    let rows = Rows::read(shop);
    let mut violations = Violations::default();
    rows.ledger_sums_to_balance(&mut violations);
    rows.ledger_entries_match_orders_and_deposits(&mut violations);
    rows.stocked_units_are_on_hand_or_sold(&mut violations);
    rows.issued_coupons_are_held(&mut violations);
    rows.shards_agree(&mut violations);
    rows.used_coupons_match_orders(&mut violations);
    rows.orders_match_their_events(&mut violations);
    rows.facts_match_order_events(&mut violations);
    rows.staff_events_match_actions(&mut violations);
    violations.0
}

/// The same, and every order event has its sale fact.
pub fn violations_once_counted(shop: &Snapshot) -> Vec<String> {
    let mut violations = violations(shop);
    violations.extend(uncounted_events(shop).into_iter().map(|event| format!("{event} is not counted")));
    violations
}

/// The same, and the stored ranking and the stored totals are those that order events and facts add up to.
pub fn violations_once_ranked(shop: &Snapshot) -> Vec<String> {
    let mut totals = Violations::default();
    Rows::read(shop).totals_match_facts(&mut totals);
    let mut violations = [violations_once_counted(shop), totals.0].concat();
    let events = order_events(shop);
    if !events.is_empty() {
        let (stored, expected) = (ranking::stored(shop), ranking::expected(&events));
        if stored != expected {
            violations.push(format!("the ranking is {stored:?} and not {expected:?}"));
        }
    }
    violations
}

/// The order events that have no sale fact yet, by their ids (`<order id>.paid`).
pub fn uncounted_events(shop: &Snapshot) -> Vec<String> {
    Rows::read(shop).uncounted_events()
}

#[derive(Default)]
struct Violations(Vec<String>);

impl Violations {
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

fn sorted<T: Ord>(rows: impl Iterator<Item = T>) -> Vec<T> {
    let mut rows: Vec<T> = rows.collect();
    rows.sort();
    rows
}
