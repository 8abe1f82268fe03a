//! Findings and their rules. The names are the same in the log, in the tests and in the runbook.

use std::fmt;

use crate::{CouponId, Day, OrderId, ProductId, UserId};

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident $name:literal,)*) => {
        /// A rule that does not hold.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[$doc])* $rule,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// Its name in logs: `balance-differs`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)*
                }
            }
        }
    };
}

rules! {
    /// A balance is not the sum of its ledger, or its last entry is not there.
    BalanceDiffers "balance-differs",
    /// An order was not paid, or a cancelled one not given back, by an entry of its price.
    EntryMissing "entry-missing",
    /// A payment or refund that no order asked for.
    EntryForeign "entry-foreign",
    /// An order whose list price is not that of its lines.
    OrderDiffers "order-differs",
    /// A used coupon whose order is not there, is cancelled, or names another coupon.
    CouponWithoutOrder "coupon-without-order",
    /// A live order whose coupon is not marked as used by it.
    OrderWithoutCoupon "order-without-coupon",
    /// Counters that do not add up to their campaign, or have counted fewer coupons than customers hold.
    CounterDiffers "counter-differs",
    /// Units are gone that no order took.
    StockLost "stock-lost",
    /// Units are there that orders took.
    StockInvented "stock-invented",
    /// A change of a product or a campaign that has not reached all shards.
    RolloutUnfinished "rollout-unfinished",
    /// An order event that was not counted.
    FactMissing "fact-missing",
    /// A fact of no order event.
    FactForeign "fact-foreign",
    /// A fact where it does not belong: it may count twice.
    FactMisplaced "fact-misplaced",
    /// A fact that says something else than its order.
    FactDiffers "fact-differs",
    /// A day's total that its facts do not add up to.
    TotalDiffers "total-differs",
    /// A day's total that is older than its facts, and that no daily run is to count again.
    TotalOutdated "total-outdated",
    /// A ranking that its days' totals do not give.
    RankingDiffers "ranking-differs",
    /// The statistics of a day count facts that the data platform does not have.
    ExportBehind "export-behind",
    /// A file of the data platform is not there.
    FileMissing "file-missing",
    /// A file of the data platform is not the one that its day's manifest names.
    FileDiffers "file-differs",
    /// Items that cannot be read as their type.
    Unreadable "unreadable",
}

/// The subject of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A customer's balance and ledger.
    Customer(UserId),
    /// An order.
    Order(OrderId),
    /// A product.
    Product(ProductId),
    /// A campaign.
    Coupon(CouponId),
    /// A day's statistics.
    Day(Day),
    /// A file of the data platform, by its key.
    File(String),
}

/// A rule that does not hold, and of what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Of what.
    pub subject: Subject,
}

impl Finding {
    pub(super) const fn new(rule: Rule, subject: Subject) -> Self {
        Self { rule, subject }
    }

    /// A day whose totals are older than its facts.
    pub const fn outdated(day: Day) -> Self {
        Self::new(Rule::TotalOutdated, Subject::Day(day))
    }

    /// A product or a campaign with a change that has not reached all shards.
    pub const fn unfinished(subject: Subject) -> Self {
        Self::new(Rule::RolloutUnfinished, subject)
    }

    /// A customer whose items cannot be read.
    pub const fn unreadable(user: UserId) -> Self {
        Self::new(Rule::Unreadable, Subject::Customer(user))
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
