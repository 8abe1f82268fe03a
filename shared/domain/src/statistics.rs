//! Statistics: a fact per order event, totals per product and day, and the ranking of popular products.
//!
//! A fact is named by its event, so that counting an event twice writes the same fact twice. Totals are sums over
//! facts: their order does not matter, and a cancellation takes the sale out of the day on which it was made, even when
//! its event comes before the sale's.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::Serialize;

use crate::{
    CloudEvent, CouponId, Day, Finding, Money, Order, OrderId, OrderLine, OrderStatus, ProductId, ProductVersion, Rule,
    Subject, Timestamp, UserId, events::event_id,
};

/// Whether a fact adds its order to the day or takes it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleKind {
    /// The order was paid.
    Sale,
    /// The order was cancelled.
    Cancellation,
}

/// One order event, as the statistics count it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleFact {
    /// The order.
    pub order_id: OrderId,
    /// Whose it is; the first release did not say.
    pub user_id: Option<UserId>,
    /// Added or taken out.
    pub kind: SaleKind,
    /// The day of the sale, also for a cancellation.
    pub day: Day,
    /// The lines of the order.
    pub lines: Vec<SaleLine>,
    /// Fields that the statistics do not count; the first release did not write them.
    pub details: Option<FactDetails>,
}

/// One line of a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleLine {
    /// Which product.
    pub product_id: ProductId,
    /// Units.
    pub units: u32,
    /// The list price of one unit.
    pub unit_price: Money,
    /// The product's version. Facts of the first release have none.
    pub product_version: Option<ProductVersion>,
}

impl SaleLine {
    /// Whether it says of a line of an order what the order says. A line without a version says nothing of it.
    fn agrees_with(&self, order: &Self) -> bool {
        let product_version = self.product_version.or(order.product_version);
        *order == Self { product_version, ..self.clone() }
    }
}

/// The part of a fact that is for the data platform. Its list price is the sum of its lines, and the paid price is
/// the list price less the discount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactDetails {
    /// The discount on the list price.
    pub discount: Money,
    /// The coupon that was used.
    pub coupon_id: Option<CouponId>,
    /// When the order was paid, or cancelled.
    pub occurred_at: Timestamp,
}

impl FactDetails {
    /// The details of a fact of this kind of an order.
    pub fn of(order: &Order, kind: SaleKind) -> Self {
        let occurred_at = match kind {
            SaleKind::Sale => order.paid_at,
            SaleKind::Cancellation => order.cancelled_at.unwrap_or(order.paid_at),
        };
        Self { discount: order.discount, coupon_id: order.coupon_id, occurred_at }
    }
}

impl SaleFact {
    /// The shards over which the facts of one day are spread (a partition takes 1,000 writes a second).
    pub const SHARDS: u8 = 8;

    /// The fact of an event.
    pub fn of(event: &CloudEvent) -> Self {
        let order = &event.data.order;
        let kind = match order.status {
            OrderStatus::Paid => SaleKind::Sale,
            OrderStatus::Cancelled => SaleKind::Cancellation,
        };
        let (user_id, lines) = (Some(event.data.user_id.clone()), Self::lines_of(order));
        let details = Some(FactDetails::of(order, kind));
        Self { order_id: order.order_id, user_id, kind, day: Day::of(order.paid_at), lines, details }
    }

    /// The kind of an order's fact.
    pub fn lines_of(order: &Order) -> Vec<SaleLine> {
        let line = |line: &OrderLine| SaleLine {
            product_id: line.product_id,
            units: line.quantity.units(),
            unit_price: line.unit_price,
            product_version: line.product_version,
        };
        order.lines.iter().map(line).collect()
    }

    /// The coupon that the order used, as far as the fact says.
    pub fn coupon_id(&self) -> Option<CouponId> {
        self.details.as_ref()?.coupon_id
    }

    /// Whether it says of an order what the order says of itself.
    pub fn agrees_with(&self, order: &Order) -> bool {
        let details = FactDetails::of(order, self.kind);
        let lines = Self::lines_of(order);
        let agree = self.lines.iter().zip(&lines).all(|(own, line)| own.agrees_with(line));
        self.lines.len() == lines.len() && agree && self.details.as_ref().is_none_or(|own| *own == details)
    }

    /// The fact's name: its event's identity.
    pub fn id(&self) -> String {
        let status = match self.kind {
            SaleKind::Sale => OrderStatus::Paid,
            SaleKind::Cancellation => OrderStatus::Cancelled,
        };
        event_id(self.order_id, status)
    }

    /// The names of all facts that there can be of an order.
    pub fn ids_of(order_id: OrderId) -> [String; 2] {
        [OrderStatus::Paid, OrderStatus::Cancelled].map(|status| event_id(order_id, status))
    }

    /// Where the fact lives.
    pub fn shard(&self) -> u8 {
        Self::shard_of(self.order_id)
    }

    /// Where the facts of an order live: by the random end of its identifier, so that it is the same every time.
    pub fn shard_of(order_id: OrderId) -> u8 {
        (order_id.bits() % u128::from(Self::SHARDS)).to_le_bytes()[0]
    }
}

/// Sales of one day, of one product or of all together. Signed: a cancellation may be counted before its sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct ProductSales {
    /// Units sold.
    pub units: i64,
    /// Orders with the product; of all products together, each order once.
    pub orders: i64,
    /// Units times list price, in KRW minor units, before coupons.
    pub revenue: i64,
    /// Facts counted: it only grows, so of two totals the one with more facts is the later.
    pub facts: u64,
}

impl ProductSales {
    fn add(&mut self, other: Self) {
        self.units += other.units;
        self.orders += other.orders;
        self.revenue += other.revenue;
        self.facts += other.facts;
    }
}

/// The uses of a campaign's coupons on one day. Signed: a cancellation may be counted before its sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CouponUses {
    /// Orders with such a coupon, less those that were cancelled.
    pub used: i64,
    /// Facts counted: of two counts the one with more facts is the later.
    pub facts: u64,
}

impl CouponUses {
    fn add(&mut self, other: Self) {
        self.used += other.used;
        self.facts += other.facts;
    }
}

/// Units and revenue of every product on one day, or on several, and which coupons were used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayTotals {
    products: BTreeMap<ProductId, ProductSales>,
    coupons: BTreeMap<CouponId, CouponUses>,
    orders: i64,
    facts: u64,
}

impl DayTotals {
    /// Counts a fact by its kind, lines and coupon.
    pub fn count(&mut self, kind: SaleKind, lines: &[SaleLine], coupon_id: Option<CouponId>) {
        let sign = match kind {
            SaleKind::Sale => 1,
            SaleKind::Cancellation => -1,
        };
        for SaleLine { product_id, units, unit_price, .. } in lines {
            let units = i64::from(*units);
            let sales = ProductSales {
                units: sign * units,
                orders: sign,
                revenue: sign * units * unit_price.minor(),
                facts: 1,
            };
            self.products.entry(*product_id).or_default().add(sales);
        }
        if let Some(coupon_id) = coupon_id {
            self.coupons.entry(coupon_id).or_default().add(CouponUses { used: sign, facts: 1 });
        }
        self.orders += sign;
        self.facts += 1;
    }

    /// Adds the totals of another day.
    pub fn merge(&mut self, other: &Self) {
        for (product_id, sales) in &other.products {
            self.products.entry(*product_id).or_default().add(*sales);
        }
        for (coupon_id, uses) in &other.coupons {
            self.coupons.entry(*coupon_id).or_default().add(*uses);
        }
        self.orders += other.orders;
        self.facts += other.facts;
    }

    /// Sales of all products together.
    pub fn sum(&self) -> ProductSales {
        let mut sum = ProductSales::default();
        self.products.values().for_each(|sales| sum.add(*sales));
        ProductSales { orders: self.orders, facts: self.facts, ..sum }
    }

    /// The totals by product.
    pub fn products(&self) -> impl ExactSizeIterator<Item = (ProductId, ProductSales)> + '_ {
        self.products.iter().map(|(product_id, sales)| (*product_id, *sales))
    }

    /// The uses by coupon.
    pub fn coupons(&self) -> impl ExactSizeIterator<Item = (CouponId, CouponUses)> + '_ {
        self.coupons.iter().map(|(coupon_id, uses)| (*coupon_id, *uses))
    }

    /// Whether these totals count facts that the stored totals of the same day do not.
    pub fn is_newer_than(&self, stored: &[(ProductId, ProductSales)]) -> bool {
        let stored: BTreeMap<ProductId, u64> = stored.iter().map(|(id, sales)| (*id, sales.facts)).collect();
        self.products.iter().any(|(id, sales)| stored.get(id).is_none_or(|facts| *facts < sales.facts))
    }

    /// The facts that these totals count.
    pub fn facts(&self) -> u64 {
        self.facts
    }
}

/// A product's place in the ranking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RankedProduct {
    /// Which product.
    pub product_id: ProductId,
    /// Units sold.
    pub units_sold: i64,
    /// Units times list price, in KRW minor units.
    pub revenue: i64,
}

/// The most popular products of the three complete days before a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// The day for which the ranking holds.
    pub day: Day,
    /// The products, best first.
    pub products: Vec<RankedProduct>,
    /// The facts that were counted.
    pub facts: u64,
}

impl Ranking {
    /// How many products the ranking has: more than are shown, because others move up for those that are no longer on
    /// sale.
    pub const LENGTH: usize = 50;
    /// How many products are shown.
    pub const SHOWN: usize = 5;

    /// The finding about it, by the totals of its window. A ranking that counted other facts is older or newer, not
    /// wrong.
    pub fn finding(&self, window: &DayTotals) -> Option<Finding> {
        let counted = Self::of(self.day, window);
        let wrong = self.facts == counted.facts && self.products != counted.products;
        wrong.then_some(Finding { rule: Rule::RankingDiffers, subject: Subject::Day(self.day) })
    }

    /// The ranking that holds on `day`, from the totals of its window: by units, then revenue, then identifier.
    pub fn of(day: Day, window: &DayTotals) -> Self {
        let mut sold: Vec<_> = window.products().filter(|(_, sales)| sales.units > 0).collect();
        sold.sort_by_key(|(product_id, sales)| (Reverse(sales.units), Reverse(sales.revenue), *product_id));
        let products = sold.into_iter().take(Self::LENGTH);
        let products = products.map(|(product_id, sales)| RankedProduct {
            product_id,
            units_sold: sales.units,
            revenue: sales.revenue,
        });
        Self { day, products: products.collect(), facts: window.facts() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{CancellationPeriod, Quantity, Timestamp};

    fn product(n: u128) -> ProductId {
        ProductId::new(Timestamp::from_millis(0).unwrap(), n)
    }

    fn fact(order: u128, kind: SaleKind, lines: &[(u128, u32, i64)]) -> SaleFact {
        let at = Timestamp::from_millis(0).unwrap();
        let line = |(id, units, price): &(u128, u32, i64)| SaleLine {
            product_id: product(*id),
            units: *units,
            unit_price: Money::new(*price).unwrap(),
            product_version: Some(ProductVersion::FIRST),
        };
        SaleFact {
            order_id: OrderId::new(at, order),
            user_id: None,
            kind,
            day: Day::of(at),
            lines: lines.iter().map(line).collect(),
            details: None,
        }
    }

    fn totals(facts: &[SaleFact]) -> DayTotals {
        let mut totals = DayTotals::default();
        for fact in facts {
            totals.count(fact.kind, &fact.lines, fact.coupon_id());
        }
        totals
    }

    fn day() -> Day {
        "2026-11-21".parse().unwrap()
    }

    #[test]
    fn the_ranking_is_by_units_then_revenue_then_identifier() {
        use SaleKind::Sale;
        let window = totals(&[
            fact(1, Sale, &[(9, 3, 100), (8, 3, 100), (7, 3, 101)]),
            fact(2, Sale, &[(6, 4, 1), (5, 2, 999), (4, 1, 999)]),
        ]);
        let ranking = Ranking::of(day(), &window);
        assert_eq!((ranking.products[0].units_sold, ranking.products[0].revenue, ranking.facts), (4, 4, 2));
        let order: Vec<_> = ranking.products.iter().map(|ranked| ranked.product_id).collect();
        assert_eq!(order, [6, 7, 8, 9, 5, 4].map(product));
    }

    #[test]
    fn totals_are_units_orders_and_revenue_of_all_facts() {
        let sales = [fact(1, SaleKind::Sale, &[(1, 3, 100)]), fact(2, SaleKind::Sale, &[(1, 2, 110)])];
        let cancelled = fact(3, SaleKind::Cancellation, &[(1, 1, 90)]);
        let sum = totals(&[&sales[..], &[cancelled]].concat());
        let expected = ProductSales { units: 4, orders: 1, revenue: 430, facts: 3 };
        assert_eq!(sum.products().collect::<Vec<_>>(), [(product(1), expected)]);
    }

    #[test]
    fn sum_of_a_day_counts_an_order_of_several_products_once() {
        let sale = fact(1, SaleKind::Sale, &[(1, 3, 100), (2, 1, 50)]);
        let cancelled = [fact(2, SaleKind::Sale, &[(1, 2, 100)]), fact(2, SaleKind::Cancellation, &[(1, 2, 100)])];
        let day = totals(&[&[sale][..], &cancelled].concat());
        assert_eq!(day.sum(), ProductSales { units: 4, orders: 1, revenue: 350, facts: 3 });
        let mut both = day.clone();
        both.merge(&day);
        assert_eq!(both.sum(), ProductSales { units: 8, orders: 2, revenue: 700, facts: 6 });
        assert_eq!(DayTotals::default().sum(), ProductSales::default());
    }

    #[test]
    fn coupon_is_used_by_each_order_that_was_not_cancelled() {
        let coupon = |number| CouponId::new(Timestamp::EPOCH, number);
        let with = |order, kind, number| {
            let (discount, occurred_at) = (Money::ZERO, Timestamp::EPOCH);
            let details = FactDetails { discount, coupon_id: Some(coupon(number)), occurred_at };
            SaleFact { details: Some(details), ..fact(order, kind, &[(1, 1, 100)]) }
        };
        let sales = [with(1, SaleKind::Sale, 7), with(2, SaleKind::Sale, 7), with(3, SaleKind::Sale, 8)];
        let mut day = totals(&[&sales[..], &[fact(4, SaleKind::Sale, &[(1, 1, 100)])]].concat());
        day.merge(&totals(&[with(2, SaleKind::Cancellation, 7)]));
        let expected = [(coupon(7), CouponUses { used: 1, facts: 3 }), (coupon(8), CouponUses { used: 1, facts: 1 })];
        assert_eq!(day.coupons().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn totals_are_newer_when_they_count_a_fact_that_is_not_stored() {
        let day =
            totals(&[fact(1, SaleKind::Sale, &[(1, 3, 100)]), fact(2, SaleKind::Sale, &[(1, 1, 100), (2, 1, 50)])]);
        let stored: Vec<_> = day.products().collect();
        assert!(!day.is_newer_than(&stored));
        assert!(day.is_newer_than(&stored[..1]), "a product is missing");
        let with_facts = |facts| {
            let (id, sales) = stored[0];
            [(id, ProductSales { facts, ..sales }), stored[1]]
        };
        assert!(day.is_newer_than(&with_facts(1)));
        assert!(!day.is_newer_than(&with_facts(3)), "of more facts");
    }

    #[test]
    fn a_fact_agrees_with_the_order_whose_details_it_has() {
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        let order = Order {
            order_id: OrderId::new(at(5), 1),
            status: OrderStatus::Paid,
            lines: Vec::new(),
            list_price: Money::ZERO,
            discount: Money::ZERO,
            paid_price: Money::ZERO,
            coupon_id: None,
            paid_at: at(5),
            cancelled_at: None,
        };
        let line = |product_version| OrderLine {
            product_id: product(1),
            quantity: Quantity::new(1).unwrap(),
            unit_price: Money::new(1).unwrap(),
            product_version,
            name: None,
        };
        let cancelled = order.clone().cancelled(at(9), CancellationPeriod::of_days(7)).unwrap();
        for kind in [SaleKind::Sale, SaleKind::Cancellation] {
            let details = FactDetails::of(&cancelled, kind);
            let fact = |details| SaleFact { kind, details, ..fact(1, kind, &[]) };
            assert_eq!(details.occurred_at, if kind == SaleKind::Sale { at(5) } else { at(9) });
            assert!(fact(Some(details.clone())).agrees_with(&cancelled) && fact(None).agrees_with(&cancelled));
            for wrong in [
                FactDetails { discount: Money::new(1).unwrap(), ..details.clone() },
                FactDetails { coupon_id: Some(CouponId::new(at(0), 1)), ..details.clone() },
                FactDetails { occurred_at: at(6), ..details },
            ] {
                assert!(!fact(Some(wrong)).agrees_with(&cancelled));
            }
        }
        assert!(SaleFact { lines: Vec::new(), ..fact(1, SaleKind::Sale, &[(1, 1, 1)]) }.agrees_with(&order));
        assert!(!fact(1, SaleKind::Sale, &[(1, 1, 1)]).agrees_with(&order), "other lines");
        let sold = Order { lines: vec![line(Some(ProductVersion::FIRST))], ..order };
        let sale = fact(1, SaleKind::Sale, &[(1, 1, 1)]);
        assert!(sale.agrees_with(&sold));
        for (version, agrees) in [(None, true), (Some(ProductVersion::FIRST.next()), false)] {
            let mut sale = sale.clone();
            sale.lines[0].product_version = version;
            assert_eq!(sale.agrees_with(&sold), agrees, "{version:?}");
        }
    }

    #[test]
    fn a_ranking_is_wrong_when_it_says_something_else_of_the_same_facts() {
        let window = totals(&[fact(1, SaleKind::Sale, &[(1, 3, 100)])]);
        let good = Ranking::of(day(), &window);
        let mut wrong = good.clone();
        wrong.products[0].units_sold += 1;
        let found = Finding { rule: Rule::RankingDiffers, subject: Subject::Day(day()) };
        assert_eq!((good.finding(&window), wrong.finding(&window)), (None, Some(found)));
        assert_eq!(Ranking { facts: 0, ..wrong }.finding(&window), None, "of other facts");
        assert_eq!(Ranking { facts: 0, ..good }.finding(&window), None);
    }

    #[test]
    fn a_cancelled_order_is_taken_out_whichever_event_comes_first() {
        let sale = fact(1, SaleKind::Sale, &[(1, 3, 100)]);
        let cancellation = fact(1, SaleKind::Cancellation, &[(1, 3, 100)]);
        let other = fact(2, SaleKind::Sale, &[(2, 1, 100)]);
        let one = totals(&[sale.clone(), cancellation.clone(), other.clone()]);
        let two = totals(&[cancellation, other, sale]);
        assert_eq!(one, two);
        let ranking = Ranking::of(day(), &one);
        assert_eq!(ranking.products.len(), 1);
        assert_eq!(ranking.products[0].product_id, product(2));
    }

    #[test]
    fn facts_spread_over_all_shards_and_keep_theirs() {
        let shards: Vec<u8> = (0..8).map(|n| fact(n, SaleKind::Sale, &[]).shard()).collect();
        assert_eq!(shards, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(fact(13, SaleKind::Sale, &[]).shard(), fact(13, SaleKind::Cancellation, &[]).shard());
        assert_ne!(fact(13, SaleKind::Sale, &[]).id(), fact(13, SaleKind::Cancellation, &[]).id());
    }

    proptest! {
        #[test]
        fn days_merge_to_the_totals_of_all_their_facts(
            lines in proptest::collection::vec((0..6_u128, 1..99_u32, 1..10_000_i64), 0..40),
            split in 0..40_usize,
        ) {
            let facts: Vec<_> = lines.iter().enumerate()
                .map(|(n, line)| fact(n as u128, SaleKind::Sale, &[*line])).collect();
            let split = split.min(facts.len());
            let mut merged = totals(&facts[..split]);
            merged.merge(&totals(&facts[split..]));
            prop_assert_eq!(&merged, &totals(&facts));
            prop_assert_eq!(merged.facts(), facts.len() as u64);
            let ranking = Ranking::of(day(), &merged);
            prop_assert!(ranking.products.len() <= Ranking::LENGTH);
            let units: Vec<_> = ranking.products.iter().map(|ranked| ranked.units_sold).collect();
            prop_assert!(units.is_sorted_by(|a, b| a >= b));
        }
    }
}
