//! The prepaid balance and its ledger.

use serde::Serialize;

use crate::{EntryId, Money, OrderId, Rejection, SignedMoney, Timestamp, Violation};

/// Limits of one deposit and of the balance, in KRW minor units (parameters of the template).
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

/// A correction of a balance by staff: an amount to add, or to take when it is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct BalanceAdjustment(SignedMoney);

impl BalanceAdjustment {
    /// A correction by `minor` units, which is not 0 and no larger than the limit of a balance.
    pub fn new(minor: i64, balance_max: Money) -> Result<Self, Violation> {
        let max = balance_max.minor();
        match minor {
            0 => Err(Violation::NothingGiven),
            minor if (-max..=max).contains(&minor) => SignedMoney::new(minor).map(Self),
            _ => Err(Violation::OutOfRange { min: -max, max }),
        }
    }

    /// The amount; negative when it is taken.
    pub const fn amount(self) -> SignedMoney {
        self.0
    }

    /// The balance after this correction.
    ///
    /// # Errors
    /// The balance would be below zero, or what is added would take it above the limit.
    pub fn onto(self, balance: Money, balance_max: Money) -> Result<Money, Rejection> {
        let minor = self.0.minor();
        let amount = Money::new(minor.abs()).unwrap_or(Money::MAX);
        if minor < 0 {
            return balance.checked_sub(amount).ok_or(Rejection::InsufficientBalance { balance, required: amount });
        }
        let after = balance.checked_add(amount).filter(|after| *after <= balance_max);
        after.ok_or(Rejection::BalanceLimitExceeded { balance, limit: balance_max })
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
    /// Staff corrected the balance.
    Adjustment,
}

/// One change of a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LedgerEntry {
    /// Sorts by time.
    pub transaction_id: EntryId,
    /// Why.
    pub r#type: EntryType,
    /// The amount that was added; negative for a payment.
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
    fn adjustment_is_not_zero_and_within_the_limit_of_a_balance() {
        let max = limits().balance_max;
        for (minor, good) in [
            (0, false),
            (1, true),
            (-1, true),
            (10_000_000, true),
            (-10_000_000, true),
            (10_000_001, false),
            (-10_000_001, false),
            (i64::MIN, false),
        ] {
            assert_eq!(BalanceAdjustment::new(minor, max).is_ok(), good, "{minor}");
        }
    }

    #[test]
    fn adjustment_leaves_a_balance_between_zero_and_the_limit() {
        let (max, money) = (limits().balance_max, |minor| Money::new(minor).unwrap());
        let onto = |minor, balance| BalanceAdjustment::new(minor, max).unwrap().onto(money(balance), max);
        assert_eq!(onto(-500, 500), Ok(Money::ZERO));
        let short = Rejection::InsufficientBalance { balance: money(499), required: money(500) };
        assert_eq!(onto(-500, 499), Err(short));
        assert_eq!(onto(500, 9_999_500), Ok(max));
        let exceeded = Rejection::BalanceLimitExceeded { balance: money(9_999_501), limit: max };
        assert_eq!(onto(500, 9_999_501), Err(exceeded));
        assert_eq!(onto(-500, 13_000_000), Ok(money(12_999_500)), "a refund took it there");
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
