//! All facts of one day: the shard of each, their totals, and the customers of their orders.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Rule, Subject};
use crate::{
    CouponId, CouponUses, Day, DayTotals, OrderId, ProductId, ProductSales, SaleFact, SaleKind, Timestamp, UnitsSold,
    UserId,
};

/// A fact, and the shard in which it was found.
#[derive(Debug, Clone)]
pub struct PlacedFact {
    /// The fact as it reads.
    pub fact: SaleFact,
    /// Its name as it is stored.
    pub name: String,
    /// Where it lies.
    pub shard: u8,
}

/// The facts of one order.
#[derive(Debug, Default)]
pub(super) struct OrderFacts {
    pub(super) sale: Option<SaleFact>,
    pub(super) cancellation: Option<SaleFact>,
}

/// The facts of one day.
#[derive(Debug)]
pub struct DayFacts {
    pub(super) day: Day,
    orders: BTreeMap<OrderId, OrderFacts>,
    customers: BTreeMap<UserId, BTreeSet<OrderId>>,
    totals: DayTotals,
    misplaced: BTreeSet<Finding>,
    nameless: usize,
}

/// Whether a stored total says something else than the facts do. A total of fewer facts is older, and not wrong.
fn is_wrong(stored: ProductSales, counted: ProductSales) -> bool {
    stored.facts > counted.facts || (stored.facts == counted.facts && stored != counted)
}

impl DayFacts {
    /// A day of which no fact was read yet.
    pub fn new(day: Day) -> Self {
        let (orders, customers, totals) = (BTreeMap::new(), BTreeMap::new(), DayTotals::default());
        Self { day, orders, customers, totals, misplaced: BTreeSet::new(), nameless: 0 }
    }

    /// Adds a fact that was found in a shard of this day.
    pub fn add(&mut self, PlacedFact { fact, name, shard }: PlacedFact) {
        self.totals.count(fact.kind, &fact.lines, fact.coupon_id());
        if shard != fact.shard() || name != fact.id() || !fact.order_id.is_of(self.day) {
            self.misplaced.insert(Finding::new(Rule::FactMisplaced, Subject::Order(fact.order_id)));
            return;
        }
        match &fact.user_id {
            Some(user) => drop(self.customers.entry(user.clone()).or_default().insert(fact.order_id)),
            None => self.nameless += 1,
        }
        let facts = self.orders.entry(fact.order_id).or_default();
        match fact.kind {
            SaleKind::Sale => facts.sale = Some(fact),
            SaleKind::Cancellation => facts.cancellation = Some(fact),
        }
    }

    /// Which day.
    pub fn day(&self) -> Day {
        self.day
    }

    /// The sums of its facts.
    pub fn totals(&self) -> &DayTotals {
        &self.totals
    }

    /// Facts that do not say whose they are, as those that the first release wrote: their orders are not looked up.
    pub fn nameless(&self) -> usize {
        self.nameless
    }

    /// The customers with a fact of the day, in order, from the one after `after`.
    pub fn customers_after(&self, after: Option<&UserId>) -> Vec<UserId> {
        let users = self.customers.keys();
        users.filter(|user| after.is_none_or(|after| *user > after)).cloned().collect()
    }

    /// The orders of a customer of which there are facts.
    pub fn orders_of(&self, user: &UserId) -> impl Iterator<Item = OrderId> + '_ {
        self.customers.get(user).into_iter().flatten().copied()
    }

    /// The facts of an order.
    pub(super) fn of(&self, order_id: OrderId) -> Option<&OrderFacts> {
        self.orders.get(&order_id)
    }

    /// Facts that lie where they do not belong, and stored totals that these facts do not add up to.
    pub fn findings(&self, stored: &[(ProductId, ProductSales)]) -> BTreeSet<Finding> {
        let counted: BTreeMap<ProductId, ProductSales> = self.totals.products().collect();
        let wrong = |(product_id, stored): &&(ProductId, ProductSales)| {
            is_wrong(*stored, counted.get(product_id).copied().unwrap_or_default())
        };
        let wrong = stored.iter().filter(wrong);
        let wrong = wrong.map(|(product_id, _)| Finding::new(Rule::TotalDiffers, Subject::Product(*product_id)));
        self.misplaced.iter().cloned().chain(wrong).collect()
    }

    /// A finding when the stored total of the day is not the sum of these facts.
    pub fn sum_finding(&self, stored: ProductSales) -> Option<Finding> {
        let wrong = is_wrong(stored, self.totals.sum());
        wrong.then(|| Finding::new(Rule::TotalDiffers, Subject::Day(self.day)))
    }

    /// A finding when the stored uses of a coupon on this day say something else of the same facts. Those that count other
    /// facts are older or newer, and not wrong.
    pub fn uses_finding(&self, coupon_id: CouponId, stored: CouponUses) -> Option<Finding> {
        let counted = self.totals.coupons().find(|(id, _)| *id == coupon_id)?.1;
        let wrong = stored.facts == counted.facts && stored != counted;
        wrong.then(|| Finding::new(Rule::TotalDiffers, Subject::Coupon(coupon_id)))
    }

    /// Units sold of each product on this day, relative to when its stock was read.
    pub fn units_sold_by_product(
        &self,
        read_at: impl Fn(ProductId) -> Option<Timestamp>,
    ) -> BTreeMap<ProductId, UnitsSold> {
        let mut sales: BTreeMap<ProductId, UnitsSold> = BTreeMap::new();
        for fact in self.orders.values().filter_map(|facts| facts.sale.as_ref()) {
            for line in &fact.lines {
                let sale = sales.entry(line.product_id).or_default();
                sale.add(fact.order_id.millis(), i64::from(line.units), read_at(line.product_id));
            }
        }
        sales
    }
}
