//! The prepaid balance and its ledger.

use serde::Serialize;

use crate::{EntryId, Money, OrderId, SignedMoney, Timestamp, Violation};

/// What one deposit and the balance may be, in KRW minor units (parameters of the template).
#[derive(Debug, Clone, Copy)]
pub struct DepositLimits {
    /// The smallest deposit.
    pub min: Money,
    /// The largest deposit.
    pub max: Money,
    /// A deposit never takes a balance above this; a refund may.
    pub balance_max: Money,
}

/// An amount to deposit, within the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Deposit(Money);

impl Deposit {
    /// A deposit of `minor` units; a violation outside the limits for one deposit.
    pub fn new(minor: i64, limits: &DepositLimits) -> Result<Self, Violation> {
        Money::within(minor, limits.min, limits.max).map(Self)
    }

    /// The amount.
    pub const fn amount(self) -> Money {
        self.0
    }

    /// The balance after this deposit; nothing when it would be above the limit.
    pub fn onto(self, balance: Money, limits: &DepositLimits) -> Option<Money> {
        balance.checked_add(self.0).filter(|after| *after <= limits.balance_max)
    }
}

/// Why the balance changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EntryType {
    /// The customer paid in.
    Deposit,
    /// An order was paid.
    Payment,
    /// An order was cancelled.
    Refund,
}

/// One change of a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LedgerEntry {
    /// Sorts by time.
    pub transaction_id: EntryId,
    /// Why.
    pub r#type: EntryType,
    /// What was added; negative for a payment.
    pub amount: SignedMoney,
    /// The balance once this entry counted.
    pub balance: Money,
    /// The order that was paid or refunded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// When.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> DepositLimits {
        let money = |minor| Money::new(minor).unwrap();
        DepositLimits { min: money(100), max: money(1_000_000), balance_max: money(10_000_000) }
    }

    #[test]
    fn a_deposit_is_within_its_limits_both_ends_included() {
        for (minor, good) in [(99, false), (100, true), (1_000_000, true), (1_000_001, false), (-100, false)] {
            assert_eq!(Deposit::new(minor, &limits()).is_ok(), good, "{minor}");
        }
    }

    #[test]
    fn deposit_never_takes_a_balance_above_the_limit() {
        let deposit = Deposit::new(1_000_000, &limits()).unwrap();
        let at = |minor| deposit.onto(Money::new(minor).unwrap(), &limits()).map(Money::minor);
        assert_eq!(at(9_000_000), Some(10_000_000));
        assert_eq!(at(9_000_001), None);
        assert_eq!(at(13_000_000), None, "a refund took it there");
    }
}
