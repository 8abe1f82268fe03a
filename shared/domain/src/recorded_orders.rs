//! Orders by their facts: what staff list of a day, without an index and without reading the orders themselves.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    CouponId, Error, Money, OrderId, OrderLine, OrderStatus, Page, Position, ProductId, Quantity, SaleFact, SaleKind,
    Timestamp, UserId,
};

/// An order, as far as its facts tell. A fact is recorded some seconds after its event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RecordedOrder {
    /// Sorts by time.
    pub order_id: OrderId,
    /// The customer. Facts of the first release do not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Whether it was cancelled.
    pub status: OrderStatus,
    /// The ordered lines.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub list_price: Money,
    /// The discount of the coupon. Facts of the first release do not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// The price that was paid. Facts of the first release do not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_price: Option<Money>,
    /// The coupon that was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon_id: Option<CouponId>,
    /// When it was paid.
    pub paid_at: Timestamp,
    /// When it was cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

/// Which orders of a day are listed: those that have everything that is given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RecordedOrderFilter {
    /// In this state.
    pub status: Option<OrderStatus>,
    /// With this product.
    pub product_id: Option<ProductId>,
    /// With this coupon.
    pub coupon_id: Option<CouponId>,
}

/// Facts that were read of one shard of a day, the newest orders first.
#[derive(Debug, Clone, Default)]
pub struct ShardFacts {
    /// The facts.
    pub facts: Vec<SaleFact>,
    /// Whether the shard may have older ones.
    pub has_more: bool,
}

impl ShardFacts {
    /// The least number of facts to be read of a shard. An order has at most two, so one of the orders is complete.
    pub const LEAST: usize = 3;

    /// The last order of a shard that may have more: only one of its facts may have been read.
    fn incomplete(&self) -> Option<OrderId> {
        self.facts.last().filter(|_| self.has_more).map(|fact| fact.order_id)
    }
}

impl RecordedOrder {
    /// An order by its sale, or by its cancellation.
    fn of(fact: SaleFact) -> Result<Self, Error> {
        let corrupt = |_| Error::corrupt("fact", "a value is out of range");
        let mut list_price = 0;
        let mut lines = Vec::with_capacity(fact.lines.len());
        for line in fact.lines {
            list_price += i64::from(line.units) * line.unit_price.minor();
            lines.push(OrderLine {
                product_id: line.product_id,
                quantity: Quantity::new(line.units.into()).map_err(corrupt)?,
                unit_price: line.unit_price,
                product_version: line.product_version,
                name: None,
            });
        }
        let list_price = Money::new(list_price).map_err(corrupt)?;
        let discount = fact.details.as_ref().map(|details| details.discount);
        let (status, cancelled_at) = match fact.kind {
            SaleKind::Sale => (OrderStatus::Paid, None),
            SaleKind::Cancellation => {
                (OrderStatus::Cancelled, fact.details.as_ref().map(|details| details.occurred_at))
            }
        };
        Ok(Self {
            order_id: fact.order_id,
            user_id: fact.user_id,
            status,
            lines,
            list_price,
            discount,
            paid_price: discount.and_then(|discount| list_price.checked_sub(discount)),
            coupon_id: fact.details.and_then(|details| details.coupon_id),
            paid_at: Timestamp::from_millis(fact.order_id.millis()).map_err(corrupt)?,
            cancelled_at,
        })
    }

    /// Where the orders that are older than an order begin.
    fn position(order_id: OrderId) -> Position {
        Position(order_id.to_string())
    }

    /// A page of the orders of a day, the newest first, from the orders that were read of each shard.
    ///
    /// Orders older than the last one that was read of a shard may be missing, so the page ends before them. The page
    /// then has a next one, also when no order passes the filter.
    pub fn page(shards: Vec<ShardFacts>, filter: &RecordedOrderFilter, limit: usize) -> Result<Page<Self>, Error> {
        let incomplete = shards.iter().filter_map(ShardFacts::incomplete).max();
        let mut orders: BTreeMap<OrderId, Self> = BTreeMap::new();
        for fact in shards.into_iter().flat_map(|shard| shard.facts) {
            if incomplete.is_some_and(|incomplete| fact.order_id <= incomplete) {
                continue;
            }
            let (order_id, kind) = (fact.order_id, fact.kind);
            let order = Self::of(fact)?;
            if kind == SaleKind::Cancellation || !orders.contains_key(&order_id) {
                orders.insert(order_id, order);
            }
        }
        let oldest = orders.keys().next().copied().or(incomplete);
        let passed: Vec<Self> = orders.into_values().rev().filter(|order| filter.passes(order)).collect();
        let page = Page::cut(passed, limit, |order| Self::position(order.order_id));
        let rest = incomplete.and(oldest).map(Self::position);
        Ok(Page { next: page.next.or(rest), ..page })
    }
}

impl RecordedOrderFilter {
    /// Whether every order passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn passes(&self, order: &RecordedOrder) -> bool {
        self.status.is_none_or(|status| order.status == status)
            && self.product_id.is_none_or(|id| order.lines.iter().any(|line| line.product_id == id))
            && self.coupon_id.is_none_or(|id| order.coupon_id == Some(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Day, FactDetails, ProductVersion, SaleLine};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn order_id(n: i64) -> OrderId {
        OrderId::new(at(n), 0)
    }

    /// A fact of the n-th order, of two units of the n-th product.
    fn fact(n: i64, kind: SaleKind) -> SaleFact {
        let line = SaleLine {
            product_id: ProductId::new(at(0), n.unsigned_abs().into()),
            units: 2,
            unit_price: Money::new(100).unwrap(),
            product_version: Some(ProductVersion::FIRST),
        };
        let coupon_id = (n % 2 == 0).then(|| CouponId::new(at(0), 1));
        let discount = Money::new(if coupon_id.is_some() { 30 } else { 0 }).unwrap();
        SaleFact {
            order_id: order_id(n),
            user_id: None,
            kind,
            day: Day::of(at(n)),
            lines: vec![line],
            details: Some(FactDetails { discount, coupon_id, occurred_at: at(n + 50) }),
        }
    }

    fn read(numbers: &[i64], has_more: bool) -> ShardFacts {
        ShardFacts { facts: numbers.iter().map(|n| fact(*n, SaleKind::Sale)).collect(), has_more }
    }

    fn page(shards: Vec<ShardFacts>, filter: &RecordedOrderFilter, limit: usize) -> (Vec<i64>, Option<Position>) {
        let page = RecordedOrder::page(shards, filter, limit).unwrap();
        (page.data.iter().map(|order| order.order_id.millis()).collect(), page.next)
    }

    fn before(n: i64) -> Position {
        Position(order_id(n).to_string())
    }

    #[test]
    fn a_page_has_the_newest_orders_of_all_shards() {
        let shards = vec![read(&[9, 6, 3], false), read(&[8, 7], false), read(&[], false)];
        let all = RecordedOrderFilter::default();
        assert_eq!(page(shards.clone(), &all, 3), (vec![9, 8, 7], Some(before(7))));
        assert_eq!(page(shards, &all, 5), (vec![9, 8, 7, 6, 3], None));
    }

    #[test]
    fn a_page_ends_before_an_order_that_may_be_incomplete() {
        let all = RecordedOrderFilter::default();
        let shards = vec![read(&[9, 6, 3], false), read(&[8, 7, 5], true)];
        assert_eq!(
            page(shards, &all, 9),
            (vec![9, 8, 7, 6], Some(before(6))),
            "order 5 may be cancelled, order 4 may exist"
        );
        let shards = vec![read(&[9, 6, 3], true), read(&[8, 7, 5], true)];
        assert_eq!(page(shards, &all, 9), (vec![9, 8, 7, 6], Some(before(6))), "the later of two ends");
    }

    #[test]
    fn a_filtered_page_without_orders_goes_on() {
        let none = RecordedOrderFilter { status: Some(OrderStatus::Cancelled), ..RecordedOrderFilter::default() };
        assert_eq!(page(vec![read(&[9, 8, 7], true)], &none, 9), (vec![], Some(before(8))));
        assert_eq!(page(vec![read(&[9, 8, 7], false)], &none, 9), (vec![], None));
    }

    #[test]
    fn an_order_is_cancelled_when_one_of_its_facts_is_whatever_their_order() {
        let (sale, cancellation) = (fact(4, SaleKind::Sale), fact(4, SaleKind::Cancellation));
        for facts in [vec![sale.clone(), cancellation.clone()], vec![cancellation.clone(), sale], vec![cancellation]] {
            let shards = vec![ShardFacts { facts, has_more: false }];
            let page = RecordedOrder::page(shards, &RecordedOrderFilter::default(), 9).unwrap();
            let [order] = &page.data[..] else { panic!("{page:?}") };
            assert_eq!((order.status, order.cancelled_at), (OrderStatus::Cancelled, Some(at(54))));
            let money = |minor| Money::new(minor).unwrap();
            assert_eq!(
                (order.list_price, order.discount, order.paid_price),
                (money(200), Some(money(30)), Some(money(170)))
            );
            assert_eq!(order.paid_at, at(4));
        }
    }

    #[test]
    fn a_filter_passes_orders_that_have_everything_given() {
        let facts = [(4, SaleKind::Sale), (3, SaleKind::Sale), (2, SaleKind::Cancellation)];
        let shards = vec![ShardFacts { facts: facts.map(|(n, kind)| fact(n, kind)).into(), has_more: false }];
        let (all, coupon) = (RecordedOrderFilter::default(), Some(CouponId::new(at(0), 1)));
        assert!(all.is_empty());
        for (filter, expected) in [
            (RecordedOrderFilter { status: Some(OrderStatus::Paid), ..all.clone() }, vec![4, 3]),
            (RecordedOrderFilter { product_id: Some(ProductId::new(at(0), 3)), ..all.clone() }, vec![3]),
            (RecordedOrderFilter { coupon_id: coupon, ..all.clone() }, vec![4, 2]),
            (RecordedOrderFilter { coupon_id: coupon, status: Some(OrderStatus::Paid), ..all.clone() }, vec![4]),
            (all, vec![4, 3, 2]),
        ] {
            assert_eq!(page(shards.clone(), &filter, 9).0, expected, "{filter:?}");
        }
    }
}
