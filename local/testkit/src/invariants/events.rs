//! Orders, their events, and the sale facts that count the events.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Violations,
    rows::{Line, Order, OrderItem, Rows},
};

impl Rows {
    pub(super) fn orders_match_their_events(&self, violations: &mut Violations) {
        let (mut paid, mut cancelled) =
            (self.order_events("paid", violations), self.order_events("cancelled", violations));
        for OrderItem { user_id, order_id, order } in &self.orders {
            violations.equal("the key of an order and its identifier", order_id, &order.id);
            let listed: i64 = order.lines.iter().map(|line| line.q * line.u).sum();
            violations.equal(&format!("the lines and the list price of {order_id}"), listed, order.list);
            let discounted = (0..=order.list).contains(&order.off);
            violations.require(discounted, || format!("{order_id} of {} has a discount of {}", order.list, order.off));
            let key = (user_id.as_str(), order_id.as_str());
            violations.equal(&format!("{order_id} and its event"), Some(&order.as_paid()), paid.remove(&key));
            let cancellation = (!order.is_live()).then_some(order);
            violations.equal(&format!("{order_id} and its cancellation"), cancellation, cancelled.remove(&key));
        }
        for (user, order) in paid.into_keys().chain(cancelled.into_keys()) {
            violations.require(false, || format!("an event reports {order} by {user}, which does not exist"));
        }
    }

    /// The orders in the events of a kind, each by its user and identifier.
    fn order_events(&self, what: &str, violations: &mut Violations) -> BTreeMap<(&str, &str), &Order> {
        let mut orders = BTreeMap::new();
        let kind = format!("order.{what}.v1");
        for event in self.events.iter().filter(|event| event.r#type == kind) {
            let Some(order) = &event.order else {
                violations.require(false, || format!("{} has no order", event.request));
                continue;
            };
            let earlier = orders.insert((event.user(), order.id.as_str()), order);
            violations.require(earlier.is_none(), || format!("{} is {what} in two events", order.id));
        }
        orders
    }

    pub(super) fn facts_match_order_events(&self, violations: &mut Violations) {
        let known = self.lines_by_event();
        let mut counted = BTreeSet::new();
        for fact in &self.facts {
            violations.require(counted.insert(&fact.sk), || format!("{} is counted twice", fact.sk));
            violations.equal(&format!("{} and its event", fact.sk), Some(&fact.lines), known.get(&fact.sk).copied());
            let kind = if fact.cancelled { "cancelled" } else { "paid" };
            violations.equal("the name of a fact and its kind", &fact.sk, &format!("{}.{kind}", fact.order_id));
        }
    }

    /// The ids of the order events that no fact counts.
    pub(super) fn uncounted_events(&self) -> Vec<String> {
        let counted: BTreeSet<&str> = self.facts.iter().map(|fact| fact.sk.as_str()).collect();
        self.lines_by_event().into_keys().filter(|event| !counted.contains(event.as_str())).collect()
    }

    /// The lines of each order event, by the event's id (`<order id>.paid`).
    fn lines_by_event(&self) -> BTreeMap<String, &Vec<Line>> {
        let events = self.events.iter().filter_map(|event| {
            let (order, what) = (event.order.as_ref()?, event.r#type.split('.').nth(1)?);
            Some((format!("{}.{what}", order.id), &order.lines))
        });
        events.collect()
    }
}
