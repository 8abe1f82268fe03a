//! The records of one customer: balance and ledger, the orders of one day, the coupons; and what must hold among them
//! and the day's facts.

use std::collections::{BTreeMap, BTreeSet};

use super::{DayFacts, Finding, Rule, Subject};
use crate::{EntryId, EntryType, IssuedCoupon, Order, OrderId, OrderStatus, Timestamp, UserId};

/// An entry of the ledger as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerLine {
    /// Sorts in the order in which entries were committed.
    pub id: EntryId,
    /// Why the balance changed.
    pub kind: EntryType,
    /// KRW minor units, negative for a payment.
    pub amount: i64,
    /// The order that was paid or given back.
    pub order_id: Option<OrderId>,
}

/// A balance, and the ledger that was read after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The balance in KRW minor units, and the entry that it names as its last; nothing for a customer without one.
    pub balance: Option<(i64, EntryId)>,
    /// The entries, in order.
    pub entries: Vec<LedgerLine>,
}

/// One customer, as read.
#[derive(Debug, Clone)]
pub struct CustomerRecords {
    /// Who.
    pub user: UserId,
    /// Balance and ledger; `None` when the ledger is too long to be read in one run.
    pub ledger: Option<Ledger>,
    /// The orders of the day.
    pub orders: Vec<Order>,
    /// The coupons.
    pub coupons: Vec<IssuedCoupon>,
}

impl CustomerRecords {
    /// The findings. Only what was settled at `settled` is checked: later records may still be in progress.
    pub fn findings(&self, facts: &DayFacts, settled: Timestamp) -> BTreeSet<Finding> {
        let mut findings = Findings(BTreeSet::new());
        let orders: BTreeMap<OrderId, &Order> = self.orders.iter().map(|order| (order.order_id, order)).collect();
        for order in self.orders.iter().filter(|order| order.paid_at <= settled) {
            findings.order(order, listed(order) == order.list_price.minor(), Rule::OrderDiffers);
            self.coupon_of(order, &mut findings);
            facts_of(order, facts, settled, &mut findings);
        }
        if let Some(ledger) = &self.ledger {
            self.ledger_adds_up(ledger, &mut findings);
            ledger.has_the_entries_of(&self.orders, settled, &mut findings);
            ledger.has_no_others(&orders, facts, settled, &mut findings);
        }
        self.used_coupons(&orders, facts, settled, &mut findings);
        for order_id in facts.orders_of(&self.user).filter(|order_id| order_id.is_before(settled)) {
            findings.require(orders.contains_key(&order_id), Rule::FactForeign, Subject::Order(order_id));
        }
        findings.0
    }

    /// Entries are in the order in which they were committed: those up to the balance's last make the balance, and what
    /// came after it was read does not matter.
    fn ledger_adds_up(&self, ledger: &Ledger, findings: &mut Findings) {
        let holds = match ledger.balance {
            None => ledger.entries.is_empty(),
            Some((balance, last)) => {
                let counted = ledger.entries.iter().filter(|entry| entry.id <= last);
                balance >= 0
                    && balance == counted.map(|entry| entry.amount).sum::<i64>()
                    && ledger.entries.iter().any(|entry| entry.id == last)
            }
        };
        findings.require(holds, Rule::BalanceDiffers, Subject::Customer(self.user.clone()));
    }

    fn coupon_of(&self, order: &Order, findings: &mut Findings) {
        let Some(coupon_id) = order.coupon_id.filter(|_| order.status == OrderStatus::Paid) else { return };
        let uses = |coupon: &IssuedCoupon| coupon.used.as_ref().is_some_and(|used| used.order_id == order.order_id);
        let marked = self.coupons.iter().any(|coupon| coupon.coupon_id == coupon_id && uses(coupon));
        findings.order(order, marked, Rule::OrderWithoutCoupon);
    }

    /// Coupons that were used on the day.
    fn used_coupons(
        &self,
        orders: &BTreeMap<OrderId, &Order>,
        facts: &DayFacts,
        settled: Timestamp,
        findings: &mut Findings,
    ) {
        for coupon in &self.coupons {
            let used = coupon.used.as_ref().filter(|used| crate::Day::of(used.used_at) == facts.day);
            let Some(used) = used.filter(|used| used.used_at <= settled) else { continue };
            let holds = orders
                .get(&used.order_id)
                .is_some_and(|order| order.status == OrderStatus::Paid && order.coupon_id == Some(coupon.coupon_id));
            findings.require(holds, Rule::CouponWithoutOrder, Subject::Coupon(coupon.coupon_id));
        }
    }
}

impl Ledger {
    /// An order is paid once, of its price, and given back once when it is cancelled.
    fn has_the_entries_of(&self, orders: &[Order], settled: Timestamp, findings: &mut Findings) {
        for order in orders.iter().filter(|order| order.paid_at <= settled) {
            let entered = |kind| {
                let entries = self.entries.iter().filter(move |entry| entry.order_id == Some(order.order_id));
                entries.filter(move |entry| entry.kind == kind).map(|entry| entry.amount).collect::<Vec<_>>()
            };
            let price = order.paid_price.minor();
            let given_back = if order.status == OrderStatus::Cancelled { vec![price] } else { Vec::new() };
            let (paid, refunded) = (entered(EntryType::Payment), entered(EntryType::Refund));
            findings.order(order, !paid.is_empty() && refunded.len() >= given_back.len(), Rule::EntryMissing);
            let foreign = paid.iter().any(|amount| *amount != -price) || paid.len() > 1 || refunded.len() > 1;
            let refund_differs = !refunded.is_empty() && refunded != given_back;
            findings.order(order, !foreign && !refund_differs, Rule::EntryForeign);
        }
    }

    /// Whatever is said of an order of the day is said of one that is there.
    fn has_no_others(
        &self,
        orders: &BTreeMap<OrderId, &Order>,
        facts: &DayFacts,
        settled: Timestamp,
        findings: &mut Findings,
    ) {
        let named = self.entries.iter().filter_map(|entry| entry.order_id);
        for order_id in named.filter(|order_id| order_id.is_of(facts.day) && order_id.is_before(settled)) {
            findings.require(orders.contains_key(&order_id), Rule::EntryForeign, Subject::Order(order_id));
        }
    }
}

/// An order is counted as it is, and taken out when it is cancelled.
fn facts_of(order: &Order, facts: &DayFacts, settled: Timestamp, findings: &mut Findings) {
    let facts = facts.of(order.order_id);
    let sale = facts.and_then(|facts| facts.sale.as_ref());
    let cancellation = facts.and_then(|facts| facts.cancellation.as_ref());
    let cancelled = order.cancelled_at.is_some_and(|at| at <= settled);
    findings.order(order, sale.is_some() && (cancellation.is_some() || !cancelled), Rule::FactMissing);
    findings.order(order, cancellation.is_none() || order.cancelled_at.is_some(), Rule::FactForeign);
    let as_ordered = [sale, cancellation].into_iter().flatten().all(|fact| fact.agrees_with(order));
    findings.order(order, as_ordered, Rule::FactDiffers);
}

fn listed(order: &Order) -> i64 {
    order.lines.iter().map(|line| i64::from(line.quantity.units()) * line.unit_price.minor()).sum()
}

struct Findings(BTreeSet<Finding>);

impl Findings {
    fn require(&mut self, holds: bool, rule: Rule, subject: Subject) {
        if !holds {
            self.0.insert(Finding::new(rule, subject));
        }
    }

    fn order(&mut self, order: &Order, holds: bool, rule: Rule) {
        self.require(holds, rule, Subject::Order(order.order_id));
    }
}
