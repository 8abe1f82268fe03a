//! "Sold out", cached for half a second, so that 100,000 late customers are rejected without 100,000 reads of one item.
//!
//! Only a count of all shards (see [`crate::Shards`]) that found no unit is cached. A count of fewer units than one
//! customer asked for is not: they may be enough for the next. The age begins at the time of the request that counted,
//! so a rejection is true of an instant at most [`SoldOut::CACHED_FOR`] before the request that it rejects. A rejection
//! from the cache does not make the cached count any younger. Ages are by the wall clock, because a monotonic clock may
//! stand still while Lambda freezes an environment.

use std::time::Duration;

use crate::{LineCheck, Timestamp};

/// A product of which nothing was left when it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoldOut {
    counted: Timestamp,
    check: LineCheck,
}

impl SoldOut {
    /// How long a count stays in the cache. Each environment counts once in that time. 1,000 environments (the default
    /// quota of an account) then read the first shard 2,000 times a second, and a partition bears 3,000 reads a second:
    /// half the time would be too short. Units that are added wait at most this long for their first buyer.
    pub const CACHED_FOR: Duration = Duration::from_millis(500);

    /// A count that a request made; `now` is the time of that request. `None` when units are left.
    pub fn counted(check: LineCheck, now: Timestamp) -> Option<Self> {
        let empty = matches!(check, LineCheck::Found { stock: 0, .. });
        empty.then_some(Self { counted: now, check })
    }

    /// The count, for a request at this time. `None` when the count is too old, or later than the request, as it is
    /// when the clock was set back.
    pub fn fresh(self, now: Timestamp) -> Option<LineCheck> {
        let age = u64::try_from(now.millis() - self.counted.millis()).ok().map(Duration::from_millis)?;
        (age < Self::CACHED_FOR).then_some(self.check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Money, ProductVersion};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn found(stock: u32) -> LineCheck {
        LineCheck::Found { price: Money::new(100).unwrap(), version: ProductVersion::FIRST, stock, active: true }
    }

    #[test]
    fn only_a_count_of_no_unit_is_cached() {
        assert!(SoldOut::counted(found(0), at(0)).is_some());
        for check in [found(1), LineCheck::Absent, LineCheck::Held] {
            assert_eq!(SoldOut::counted(check, at(0)), None);
        }
    }

    #[test]
    fn count_is_fresh_for_half_a_second_and_not_before_it_was_made() {
        let sold_out = SoldOut::counted(found(0), at(10_000)).unwrap();
        for (now, fresh) in [(9_999, false), (10_000, true), (10_499, true), (10_500, false), (86_400_000, false)] {
            assert_eq!(sold_out.fresh(at(now)), fresh.then_some(found(0)), "{now}");
        }
    }
}
