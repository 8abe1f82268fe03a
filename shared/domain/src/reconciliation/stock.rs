//! Stock against orders, without adding up all orders that ever were.
//!
//! Every unit that comes in (stocked, adjusted, given back) is counted where the stock is. What came in and is not there
//! was sold: `net_outflow`. That figure, less the units of all orders so far, must stay the same for ever; from night to night it
//! is held against the orders of one day. Orders were placed while the stock was read, so that it is known within bounds,
//! which every further night can only narrow. Bounds that do not meet are units without an order, or orders without units.

use super::{Finding, Rule, Subject};
use crate::{ProductId, Timestamp};

/// An order is committed within this time of its stamp: what a function may take, and clocks that disagree.
const MARGIN: i64 = 120_000;

/// A product's stock as it was read one night, and what is known of it from the nights before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockReconciliation {
    /// When it was read.
    pub read_at: Timestamp,
    /// Units that came in and are not there.
    pub net_outflow: i64,
    /// Units of the orders of all days before the one on which it was read.
    pub sold: i64,
    /// What `net_outflow` less all orders is, at least and at most; nothing when it was never held against a day.
    pub bounds: Option<(i64, i64)>,
}

/// Units of a product that the orders of one day took, seen from when its stock was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitsSold {
    /// All of them.
    pub all: i64,
    /// Of orders that were committed when the stock was read.
    pub before: i64,
    /// Of orders that may have been.
    pub unsure: i64,
}

impl UnitsSold {
    pub(super) fn add(&mut self, paid_at: i64, units: i64, read_at: Option<Timestamp>) {
        self.all += units;
        let Some(read_at) = read_at else { return };
        let later = paid_at - read_at.millis();
        if later < -MARGIN {
            self.before += units;
        } else if later <= MARGIN {
            self.unsure += units;
        }
    }
}

impl StockReconciliation {
    /// Holds the reading against the orders of the day on which it was made. Returns what is known then, and what is wrong.
    pub fn settle(&self, product_id: ProductId, sales: UnitsSold) -> ((i64, i64), Option<Finding>) {
        let most = self.net_outflow - self.sold - sales.before;
        let least = most - sales.unsure;
        let Some((low, high)) = self.bounds else { return ((least, most), None) };
        let finding = |rule| Some(Finding::new(rule, Subject::Product(product_id)));
        if least > high {
            // What was accepted once is not reported every night: it is the new position.
            ((least, most), finding(Rule::StockLost))
        } else if most < low {
            ((least, most), finding(Rule::StockInvented))
        } else {
            ((low.max(least), high.min(most)), None)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn product() -> ProductId {
        ProductId::new(at(0), 1)
    }

    fn rule(finding: Option<Finding>) -> Option<Rule> {
        finding.map(|finding| finding.rule)
    }

    #[test]
    fn units_without_an_order_and_orders_without_units_are_told_apart() {
        let shelf = |net_outflow, bounds| StockReconciliation { read_at: at(0), net_outflow, sold: 10, bounds };
        let quiet = UnitsSold { all: 3, before: 3, unsure: 0 };
        assert_eq!(shelf(13, None).settle(product(), quiet), ((0, 0), None));
        assert_eq!(shelf(13, Some((0, 0))).settle(product(), quiet), ((0, 0), None));
        let (lost, found) = shelf(14, Some((0, 0))).settle(product(), quiet);
        assert_eq!((lost, rule(found)), ((1, 1), Some(Rule::StockLost)));
        let (invented, found) = shelf(12, Some((0, 0))).settle(product(), quiet);
        assert_eq!((invented, rule(found)), ((-1, -1), Some(Rule::StockInvented)));
    }

    #[test]
    fn orders_around_the_reading_may_be_in_it_or_not() {
        let mut sales = UnitsSold::default();
        for (paid_at, units) in [(0, 1), (MARGIN - 1, 2), (MARGIN, 4), (3 * MARGIN, 8), (3 * MARGIN + 1, 16)] {
            sales.add(paid_at, units, Some(at(2 * MARGIN)));
        }
        assert_eq!(sales, UnitsSold { all: 31, before: 3, unsure: 12 });
        let mut new = UnitsSold::default();
        new.add(7, 5, None);
        assert_eq!(new, UnitsSold { all: 5, before: 0, unsure: 0 }, "a shelf that was not read on this day");
    }

    proptest! {
        /// Nights of a shop that goes on selling: nothing is ever found, whatever was under way at each reading; and one
        /// unit that vanishes is found as soon as a night is quiet enough to be sure.
        #[test]
        fn an_honest_shelf_is_never_found_wrong_and_a_dishonest_one_is(
            nights in proptest::collection::vec((0..50_i64, 0..5_i64, 0..5_i64), 1..12),
            opening in 0..1_000_i64,
        ) {
            let (mut net_outflow, mut sold, mut bounds) = (opening, 0, None);
            for (before, under_way, later) in nights {
                // Of what is under way, some is in the reading: here a part that the reader cannot know.
                let committed = under_way / 2;
                let shelf = StockReconciliation { read_at: at(0), net_outflow: net_outflow + before + committed, sold, bounds };
                let all = before + under_way + later;
                let (known, found) = shelf.settle(product(), UnitsSold { all, before, unsure: under_way });
                prop_assert_eq!(found, None);
                prop_assert!(known.0 <= opening && opening <= known.1);
                net_outflow += all;
                sold += all;
                bounds = Some(known);
            }
            let shelf = StockReconciliation { read_at: at(0), net_outflow, sold, bounds };
            let (known, _) = shelf.settle(product(), UnitsSold::default());
            prop_assert_eq!(known, (opening, opening), "a quiet night tells exactly");
            let robbed = StockReconciliation { net_outflow: net_outflow + 1, bounds: Some(known), ..shelf };
            prop_assert_eq!(rule(robbed.settle(product(), UnitsSold::default()).1), Some(Rule::StockLost));
        }
    }
}
