//! Money: integer minor units of one currency, checked arithmetic, never a float.
//!
//! KRW has no minor unit below the won (ISO 4217 exponent 0), so one unit is one won. Amounts stay below
//! [`Money::MAX`], far inside the integers that JSON readers keep exact (2^53).

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

use crate::Violation;

/// The currencies the shop takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Currency {
    /// South Korean won, exponent 0.
    KRW,
}

/// An amount of money that is not negative, in KRW minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// The largest amount that exists here, in KRW minor units: any sum of an order fits.
    pub const MAX: Self = Self(999_999_999_999);

    /// An amount in minor units; a violation outside 0 to [`Money::MAX`].
    pub fn new(minor: i64) -> Result<Self, Violation> {
        Self::within(minor, Self::ZERO, Self::MAX)
    }

    /// An amount in minor units; a violation outside `min` to `max`.
    pub fn within(minor: i64, min: Self, max: Self) -> Result<Self, Violation> {
        if (min.0..=max.0).contains(&minor) {
            Ok(Self(minor))
        } else {
            Err(Violation::OutOfRange { min: min.0, max: max.0 })
        }
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The sum, if it does not pass [`Money::MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0.checked_add(other.0)?).ok()
    }

    /// The difference, if it is not negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::new(self.0.checked_sub(other.0)?).ok()
    }

    /// The amount `times` over, if it does not pass [`Money::MAX`].
    pub fn checked_mul(self, times: u32) -> Option<Self> {
        Self::new(self.0.checked_mul(i64::from(times))?).ok()
    }

    /// `percent` hundredths of the amount, floored to the minor unit (the rule for percent coupons).
    #[must_use]
    pub fn percent_floor(self, percent: u8) -> Self {
        // MAX * 255 is far inside i64.
        Self(self.0 * i64::from(percent) / 100)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SignedMoney(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            amount: i64,
            #[allow(dead_code)]
            currency: Currency,
        }
        let Fields { amount, .. } = Fields::deserialize(deserializer)?;
        Self::new(amount).map_err(|_| serde::de::Error::custom("out of range"))
    }
}

/// A signed amount in KRW minor units that a ledger entry adds to the balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignedMoney(i64);

impl SignedMoney {
    /// An amount in minor units; a violation outside ±[`Money::MAX`].
    pub fn new(minor: i64) -> Result<Self, Violation> {
        let max = Money::MAX.0;
        if (-max..=max).contains(&minor) { Ok(Self(minor)) } else { Err(Violation::OutOfRange { min: -max, max }) }
    }

    /// A sum over many sales, in minor units, beyond the limits of one amount.
    pub const fn counted(minor: i64) -> Self {
        Self(minor)
    }

    /// The positive amount of a deposit or refund.
    pub const fn credit(amount: Money) -> Self {
        Self(amount.0)
    }

    /// The negative amount of a payment.
    pub const fn debit(amount: Money) -> Self {
        Self(-amount.0)
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }
}

impl Serialize for SignedMoney {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut money = serializer.serialize_struct("Money", 2)?;
        money.serialize_field("amount", &self.0)?;
        money.serialize_field("currency", &Currency::KRW)?;
        money.end()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sum_over_many_sales_is_rendered_beyond_the_limit_of_one_amount() {
        let json = serde_json::to_string(&SignedMoney::counted(1_019_700_000_000)).unwrap();
        assert_eq!(json, r#"{"amount":1019700000000,"currency":"KRW"}"#);
    }

    #[test]
    fn money_is_rendered_with_its_currency() {
        let json = serde_json::to_string(&Money(15_000)).unwrap();
        assert_eq!(json, r#"{"amount":15000,"currency":"KRW"}"#);
        let paid = SignedMoney::debit(Money(15_000));
        assert_eq!(paid.minor(), -15_000);
        let json = serde_json::to_string(&paid).unwrap();
        assert_eq!(json, r#"{"amount":-15000,"currency":"KRW"}"#);
        assert_eq!(serde_json::from_str::<Money>(r#"{"amount":15000,"currency":"KRW"}"#).unwrap(), Money(15_000));
        for bad in [r#"{"amount":-1,"currency":"KRW"}"#, r#"{"amount":1,"currency":"USD"}"#, r#"{"amount":1}"#] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn money_has_both_ends() {
        assert!(Money::new(-1).is_err());
        assert_eq!(Money::new(0), Ok(Money::ZERO));
        assert_eq!(Money::new(999_999_999_999), Ok(Money::MAX));
        assert!(Money::new(1_000_000_000_000).is_err());
        assert!(SignedMoney::new(-1_000_000_000_000).is_err());
        assert_eq!(Money::MAX.checked_add(Money(1)), None);
        assert_eq!(Money::ZERO.checked_sub(Money(1)), None);
        assert_eq!(Money::MAX.checked_mul(2), None);
    }

    proptest! {
        #[test]
        fn sums_and_differences_undo_each_other(a in 0..=999_999_999_999_i64, b in 0..=999_999_999_999_i64) {
            let (a, b) = (Money(a), Money(b));
            if let Some(sum) = a.checked_add(b) {
                prop_assert_eq!(sum.checked_sub(b), Some(a));
            } else {
                prop_assert!(a.0 + b.0 > Money::MAX.0);
            }
        }

        #[test]
        fn a_percentage_is_floored_and_never_more_than_the_whole(a in 0..=999_999_999_999_i64, percent in 0..=100_u8) {
            let part = Money(a).percent_floor(percent);
            prop_assert!(part <= Money(a));
            let exact = i128::from(a) * i128::from(percent);
            prop_assert!(i128::from(part.0) * 100 <= exact);
            prop_assert!((i128::from(part.0) + 1) * 100 > exact);
        }
    }
}
