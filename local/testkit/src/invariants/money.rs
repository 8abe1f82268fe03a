//! Balances, the ledger, and the payments of orders.

use std::collections::BTreeMap;

use super::{
    Violations,
    rows::{Account, OrderItem, Rows},
    sorted,
};

impl Rows {
    pub(super) fn ledger_sums_to_balance(&self, violations: &mut Violations) {
        let mut sums: BTreeMap<&str, (i64, &str)> = BTreeMap::new();
        for entry in &self.entries {
            let (sum, newest) = sums.entry(&entry.user_id).or_default();
            *sum += entry.amount;
            *newest = entry.id().max(*newest);
        }
        for Account { user_id, balance, last } in &self.accounts {
            let (sum, newest) = sums.remove(user_id.as_str()).unwrap_or_default();
            violations.equal(&format!("balance and ledger of {user_id}"), *balance, sum);
            violations.equal(&format!("last and newest entry of {user_id}"), last.as_str(), newest);
            violations.require(*balance >= 0, || format!("{user_id} owes {balance}"));
        }
        for user in sums.keys() {
            violations.require(false, || format!("{user} has a ledger and no balance"));
        }
    }

    pub(super) fn ledger_entries_match_orders_and_deposits(&self, violations: &mut Violations) {
        let entered = |kind: &str| {
            let entries = self.entries.iter().filter(move |entry| entry.r#type == kind);
            sorted(entries.map(|entry| (entry.user_id.as_str(), entry.order_id.as_deref(), entry.amount)))
        };
        let ordered = |sign: i64, row: &OrderItem| sign * (row.order.list - row.order.off);
        let paid = self.orders.iter().map(|row| (row.user_id.as_str(), Some(row.order_id.as_str()), ordered(-1, row)));
        violations.equal("payments and orders", entered("PAYMENT"), sorted(paid));
        let cancelled = self.orders.iter().filter(|row| !row.order.is_live());
        let cancelled = cancelled.map(|row| (row.user_id.as_str(), Some(row.order_id.as_str()), ordered(1, row)));
        violations.equal("refunds and cancelled orders", entered("REFUND"), sorted(cancelled));

        let deposits = self.entries.iter().filter(|entry| entry.r#type == "DEPOSIT");
        let deposits = deposits.map(|entry| (entry.user_id.as_str(), entry.id().to_owned(), entry.amount));
        let accepted = self.events.iter().filter(|event| event.r#type == "balance.deposited.v1").map(|event| {
            let answer = event.answer();
            let entry = answer["transaction_id"].as_str().unwrap_or_default().to_owned();
            (event.user(), entry, answer["amount"]["amount"].as_i64().unwrap_or_default())
        });
        violations.equal("deposits and their events", sorted(deposits), sorted(accepted));
        let adjustments = self.entries.iter().filter(|entry| entry.r#type == "ADJUSTMENT");
        let adjustments = adjustments.map(|entry| (entry.user_id.clone(), entry.id().to_owned(), entry.amount));
        let accepted = self.events.iter().filter(|event| event.r#type == "balance.adjusted.v1").map(|event| {
            let answer = event.answer();
            let action = self.actions.iter().find(|action| action.request() == event.request);
            let user = action.and_then(|action| action.user_id.clone()).unwrap_or_default();
            let entry = answer["transaction_id"].as_str().unwrap_or_default().to_owned();
            (user, entry, answer["amount"]["amount"].as_i64().unwrap_or_default())
        });
        violations.equal("adjustments and their events", sorted(adjustments), sorted(accepted));
        for entry in &self.entries {
            let known = ["ADJUSTMENT", "DEPOSIT", "PAYMENT", "REFUND"].contains(&entry.r#type.as_str());
            violations.require(known, || format!("an entry of {} is a {}", entry.user_id, entry.r#type));
        }
    }
}
