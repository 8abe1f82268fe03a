//! Compares stock with orders, without adding up all orders since the beginning.
//!
//! A stock item counts every unit that entered it (at creation, by an adjustment, from a cancelled order). Units that
//! entered and are not there were sold: the `net_outflow`. That figure, less the units of all orders so far, never
//! changes. Each daily run compares it with the orders of one day. Orders are placed while the stock is read, so the
//! figure is known within bounds, and every further run can only narrow them. Bounds that do not overlap mean units
//! without an order, or orders without units.

use super::{Finding, Rule, Subject};
use crate::{ProductId, Timestamp};

/// An order is committed within this time of its time stamp: a function's timeout, and the difference of clocks.
const MARGIN: i64 = 120_000;

/// A product's stock as one run read it, with the bounds from earlier runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StockReconciliation {
    /// When it was read.
    pub read_at: Timestamp,
    /// Units that entered and are not there.
    pub net_outflow: i64,
    /// Units of the orders of all days before the one on which it was read.
    pub sold: i64,
    /// The least and the most that `net_outflow` less all orders can be; `None` before the first comparison.
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
    /// Compares the reading with the orders of the day on which it was made. Returns the new bounds, and a finding.
    pub fn settle(&self, product_id: ProductId, sales: UnitsSold) -> ((i64, i64), Option<Finding>) {
        let most = self.net_outflow - self.sold - sales.before;
        let least = most - sales.unsure;
        let Some((low, high)) = self.bounds else { return ((least, most), None) };
        let finding = |rule| Some(Finding::new(rule, Subject::Product(product_id)));
        if least > high {
            // A difference is reported once, and is the new position after that.
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
        let reading = |net_outflow, bounds| StockReconciliation { read_at: at(0), net_outflow, sold: 10, bounds };
        let quiet = UnitsSold { all: 3, before: 3, unsure: 0 };
        assert_eq!(reading(13, None).settle(product(), quiet), ((0, 0), None));
        assert_eq!(reading(13, Some((0, 0))).settle(product(), quiet), ((0, 0), None));
        let (lost, found) = reading(14, Some((0, 0))).settle(product(), quiet);
        assert_eq!((lost, rule(found)), ((1, 1), Some(Rule::StockLost)));
        let (invented, found) = reading(12, Some((0, 0))).settle(product(), quiet);
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
        assert_eq!(new, UnitsSold { all: 5, before: 0, unsure: 0 }, "stock that was not read on this day");
    }

    proptest! {
        /// Runs while the shop sells find nothing, whatever was in progress at each reading. A unit that vanishes is
        /// found by the first run at which nothing is in progress.
        #[test]
        fn correct_stock_is_never_found_wrong_and_a_lost_unit_is_found(
            runs in proptest::collection::vec((0..50_i64, 0..5_i64, 0..5_i64), 1..12),
            opening in 0..1_000_i64,
        ) {
            let (mut net_outflow, mut sold, mut bounds) = (opening, 0, None);
            for (before, under_way, later) in runs {
                // Of the orders in progress, the reading has a part that the reader cannot know.
                let committed = under_way / 2;
                let reading = StockReconciliation { read_at: at(0), net_outflow: net_outflow + before + committed, sold, bounds };
                let all = before + under_way + later;
                let (known, found) = reading.settle(product(), UnitsSold { all, before, unsure: under_way });
                prop_assert_eq!(found, None);
                prop_assert!(known.0 <= opening && opening <= known.1);
                net_outflow += all;
                sold += all;
                bounds = Some(known);
            }
            let reading = StockReconciliation { read_at: at(0), net_outflow, sold, bounds };
            let (known, _) = reading.settle(product(), UnitsSold::default());
            prop_assert_eq!(known, (opening, opening), "a run without orders in progress is exact");
            let lost = StockReconciliation { net_outflow: net_outflow + 1, bounds: Some(known), ..reading };
            prop_assert_eq!(rule(lost.settle(product(), UnitsSold::default()).1), Some(Rule::StockLost));
        }
    }
}
