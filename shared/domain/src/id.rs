//! Identifiers. A value of one of these types has been parsed: the rest of the code need not look again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{Day, Timestamp, Violation};

/// Who acts: the token's `sub`. Nothing else names a customer anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// Up to 128 visible ASCII characters, as identity providers give them.
    pub fn parse(subject: &str) -> Result<Self, Violation> {
        if subject.is_empty() || subject.len() > 128 {
            return Err(Violation::Length { min: 1, max: 128 });
        }
        if !subject.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Violation::Malformed);
        }
        Ok(Self(subject.to_owned()))
    }

    /// The subject as the token has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// A new identifier: its time, and randomness from the caller (the low 80 bits count).
            pub fn new(at: Timestamp, random: u128) -> Self {
                Self(Ulid::from_parts(at.ulid_millis(), random))
            }

            /// When it was made, in milliseconds since the epoch.
            pub fn millis(self) -> i64 {
                self.0.timestamp_ms().cast_signed()
            }

            /// Its 128 bits.
            pub fn bits(self) -> u128 {
                self.0.0
            }
        }

        impl FromStr for $name {
            type Err = Violation;

            /// Only the canonical spelling: an identifier has one.
            fn from_str(text: &str) -> Result<Self, Violation> {
                let id = Ulid::from_string(text).map(Self).map_err(|_| Violation::Malformed)?;
                if id.to_string() == text { Ok(id) } else { Err(Violation::Malformed) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(|_| serde::de::Error::custom("not a ULID"))
            }
        }
    };
}

ulid_id! {
    /// A product of the catalogue.
    ProductId
}
ulid_id! {
    /// A coupon campaign; with a user, the one coupon of it that the user can hold.
    CouponId
}
ulid_id! {
    /// An order. Identifiers sort by the time the order was paid.
    OrderId
}
ulid_id! {
    /// An entry of the balance ledger or of the stock ledger.
    EntryId
}

impl OrderId {
    /// The day on which the order was paid; nothing when no order can have this time.
    pub fn day(self) -> Option<Day> {
        Timestamp::from_millis(self.millis()).ok().map(Day::of)
    }

    /// The first and the last identifier that an order of a day can have.
    pub fn range_of(day: Day) -> (Self, Self) {
        let next = Ulid::from_parts(day.plus(1).start().ulid_millis(), 0);
        (Self::new(day.start(), 0), Self(Ulid(next.0 - 1)))
    }

    /// Whether the order was paid on a day.
    pub fn is_of(self, day: Day) -> bool {
        let (first, last) = Self::range_of(day);
        (first..=last).contains(&self)
    }

    /// Whether the order was paid by then.
    pub fn is_before(self, at: Timestamp) -> bool {
        self.millis() <= at.millis()
    }
}

impl EntryId {
    /// The identifier of the entry after `last`: of this instant, or, where another environment's clock was ahead, of
    /// the millisecond after the last one. Entries of one ledger sort in the order in which they were made.
    pub fn following(last: Option<Self>, at: Timestamp, random: u128) -> Self {
        let earliest = last.map_or(0, |last| last.0.timestamp_ms() + 1);
        Self(Ulid::from_parts(at.ulid_millis().max(earliest), random))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_visible_ascii_of_bounded_length() {
        assert!(UserId::parse("auth0|5f7c8ec7c33c6c004bbafe82").is_ok());
        assert!(UserId::parse(&"a".repeat(128)).is_ok());
        let alice = UserId::parse("alice").unwrap();
        assert_eq!((alice.as_str(), alice.to_string()), ("alice", "alice".to_owned()));
        for bad in ["", " ", "a b", "tab\t", "사용자", &"a".repeat(129)] {
            assert!(UserId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_entry_follows_the_last_one_even_when_its_clock_is_behind() {
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        let last = EntryId::new(at(2_000), u128::MAX);
        for now in [0, 1_999, 2_000, 2_001] {
            assert!(EntryId::following(Some(last), at(now), 0) > last, "{now}");
        }
        assert_eq!(EntryId::following(None, at(5), 7), EntryId::new(at(5), 7));
        assert_eq!(EntryId::following(Some(last), at(9_000), 7), EntryId::new(at(9_000), 7));
    }

    #[test]
    fn an_order_is_of_the_day_in_seoul_on_which_it_was_paid() {
        let day: Day = "2026-11-21".parse().unwrap();
        let (begin, end) = (day.start().millis(), day.plus(1).start().millis());
        let order = |millis, random| OrderId::new(Timestamp::from_millis(millis).unwrap(), random);
        for (id, is_of) in [
            (order(begin - 1, u128::MAX), false),
            (order(begin, 0), true),
            (order(end - 1, u128::MAX), true),
            (order(end, 0), false),
        ] {
            assert_eq!((id.is_of(day), id.day() == Some(day)), (is_of, is_of), "{id}");
        }
        let never: OrderId = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ".parse().unwrap();
        assert_eq!(never.day(), None);
        assert_eq!(OrderId::range_of(day), (order(begin, 0), order(end - 1, u128::MAX)));
        let now = |millis| Timestamp::from_millis(millis).unwrap();
        assert_eq!(order(begin, 7).millis(), begin);
        assert!(order(begin, u128::MAX).is_before(now(begin)) && !order(begin, 0).is_before(now(begin - 1)));
    }

    #[test]
    fn identifiers_sort_by_time_and_read_back() {
        let early = OrderId::new(Timestamp::from_millis(1_000).unwrap(), u128::MAX);
        let late = OrderId::new(Timestamp::from_millis(1_001).unwrap(), 0);
        assert!(early < late && early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        for bad in ["not-a-ulid", "", &early.to_string().to_lowercase(), "80000000000000000000000000"] {
            assert_eq!(bad.parse::<OrderId>(), Err(Violation::Malformed), "{bad}");
        }
    }
}
