//! Sold out, believed for a moment: what lets a hundred thousand late customers be rejected without reading one item a
//! hundred thousand times.
//!
//! Only a count by the rule of rejections (see [`crate::Shards`]) licenses the belief, and only a count of nothing: fewer
//! than somebody asked for may be enough for the next. Its age is counted from when the request came that counted, so
//! that a rejection by it is true of a moment at most [`SoldOut::BELIEVED`] before the request that it rejects. The time of
//! requests is the wall clock's: a monotonic one may stand still while an environment is frozen. Who is rejected by
//! belief counts nothing, so that no belief outlives its time however many are rejected by it.

use std::time::Duration;

use crate::{LineCheck, Timestamp};

/// A product of which nothing was left when it was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoldOut {
    counted: Timestamp,
    finding: LineCheck,
}

impl SoldOut {
    /// For how long it is believed. Each environment counts again once in that time: a thousand of them, as many as an
    /// account has unless it asks for more, read the first shard 2,000 times a second, of the 3,000 that its partition
    /// bears. Half as long would be too short for that, and what comes in waits no longer for its buyers than need be.
    pub const BELIEVED: Duration = Duration::from_millis(500);

    /// What a count says, made for a request that came at this time; nothing when anything is left.
    pub fn counted(finding: LineCheck, came: Timestamp) -> Option<Self> {
        let nothing = matches!(finding, LineCheck::Found { stock: 0, .. });
        nothing.then_some(Self { counted: came, finding })
    }

    /// What was found, for a request that comes now; nothing when that is too long ago to be believed, or later than now,
    /// as it is when the clock was set back.
    pub fn believed(self, now: Timestamp) -> Option<LineCheck> {
        let age = u64::try_from(now.millis() - self.counted.millis()).ok().map(Duration::from_millis)?;
        (age < Self::BELIEVED).then_some(self.finding)
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
    fn only_a_count_of_nothing_is_believed() {
        assert!(SoldOut::counted(found(0), at(0)).is_some());
        for finding in [found(1), LineCheck::Absent, LineCheck::Held] {
            assert_eq!(SoldOut::counted(finding, at(0)), None);
        }
    }

    #[test]
    fn it_is_believed_for_half_a_second_and_not_before_it_was_counted() {
        let sold_out = SoldOut::counted(found(0), at(10_000)).unwrap();
        for (now, believed) in [(9_999, false), (10_000, true), (10_499, true), (10_500, false), (86_400_000, false)] {
            assert_eq!(sold_out.believed(at(now)), believed.then_some(found(0)), "{now}");
        }
    }
}
