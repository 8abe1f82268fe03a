//! Time: instants in UTC milliseconds, and the shop's day in Asia/Seoul.
//!
//! The Republic of Korea has kept UTC+09:00 without daylight saving since 1988, so the day is a fixed offset: no
//! time-zone database has to be shipped or kept current.

use std::{fmt, str::FromStr};

use jiff::{ToSpan, civil::Date, tz::Offset};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Violation;

const SEOUL: Offset = Offset::constant(9);

/// An instant, in milliseconds since the Unix epoch, between 1970 and 2200. Formatted as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first instant: midnight of 1 January 1970 in UTC.
    pub const EPOCH: Self = Self(0);
    const MAX_MILLIS: i64 = 7_258_118_400_000;

    /// An instant; a violation outside 1970 to 2200.
    pub fn from_millis(millis: i64) -> Result<Self, Violation> {
        if (0..=Self::MAX_MILLIS).contains(&millis) { Ok(Self(millis)) } else { Err(Violation::Malformed) }
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    pub(crate) fn ulid_millis(self) -> u64 {
        self.0.unsigned_abs()
    }

    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default()
    }
}

impl FromStr for Timestamp {
    type Err = Violation;

    /// RFC 3339 with any offset; finer than a millisecond is cut off.
    fn from_str(text: &str) -> Result<Self, Violation> {
        // jiff accepts more forms than the OpenAPI document: a space for the T, no seconds, a leap second, the name of
        // a time zone, an offset of more than 23 hours, a year that is 1970 or 2199 only in UTC.
        let (date_and_time, rest) = text.split_at_checked(19).ok_or(Violation::Malformed)?;
        let form =
            |text: &str| text.bytes().map(|byte| if byte.is_ascii_digit() { '0' } else { byte.into() }).collect();
        let date_and_time_form: String = form(date_and_time);
        let offset = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
        let offset_form: String = form(offset);
        let offset_fits = offset == "Z"
            || (["+00:00", "-00:00"].contains(&&*offset_form) && &offset[1..3] < "24" && &offset[4..] < "60");
        let year_fits = ("1970".."2200").contains(&date_and_time.get(..4).unwrap_or_default());
        let leaps = date_and_time.ends_with("60");
        if date_and_time_form != "0000-00-00T00:00:00" || !offset_fits || !year_fits || leaps {
            return Err(Violation::Malformed);
        }
        let instant: jiff::Timestamp = text.parse().map_err(|_| Violation::Malformed)?;
        Self::from_millis(instant.as_millisecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.instant().strftime("%Y-%m-%dT%H:%M:%S%.3fZ"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not an RFC 3339 instant"))
    }
}

/// A day of the shop: a date in Asia/Seoul.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day on which an instant falls in Seoul.
    pub fn of(at: Timestamp) -> Self {
        Self(SEOUL.to_datetime(at.instant()).date())
    }

    /// The day `days` later, or earlier when negative.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// The last day that is taken at `now`: what comes later is a mistake, and must not stand in the way of that day.
    pub fn tomorrow(now: Timestamp) -> Self {
        Self::of(now).plus(1)
    }

    /// This day, unless it comes after tomorrow.
    pub fn until_tomorrow(self, now: Timestamp) -> Result<Self, Violation> {
        if self <= Self::tomorrow(now) { Ok(self) } else { Err(Violation::AfterTomorrow) }
    }

    /// The first instant of the day: midnight in Seoul.
    pub fn start(self) -> Timestamp {
        let midnight = self.0.to_datetime(jiff::civil::Time::midnight());
        let millis = SEOUL.to_timestamp(midnight).map_or(Timestamp::MAX_MILLIS, jiff::Timestamp::as_millisecond);
        Timestamp(millis.clamp(0, Timestamp::MAX_MILLIS))
    }

    /// Whether a daily run after that of the day `run` counts this day by itself.
    pub fn is_counted_after(self, run: Self) -> bool {
        self >= run.plus(-2)
    }

    /// Whether the next daily run counts this day by itself, whenever today a fact is written: it may already be under
    /// way, so that the day before yesterday is left out.
    pub fn is_counted_by_the_next_run(self, today: Self) -> bool {
        self >= today.plus(-1)
    }

    /// The three complete days before this one, which the popularity ranking of this day counts.
    pub fn ranking_window(self) -> [Self; 3] {
        [self.plus(-3), self.plus(-2), self.plus(-1)]
    }
}

/// Days in a row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    from: Day,
    to: Day,
}

impl DayRange {
    /// The most days that are read at once: three months.
    pub const MAX_DAYS: i32 = 92;

    /// The days from one to another; a violation when there are none, or more than [`Self::MAX_DAYS`].
    pub fn new(from: Day, to: Day) -> Result<Self, Violation> {
        if to < from {
            return Err(Violation::NotAfter);
        }
        if to >= from.plus(Self::MAX_DAYS) {
            return Err(Violation::TooManyDays { max: Self::MAX_DAYS });
        }
        Ok(Self { from, to })
    }

    /// The first day.
    pub fn from(self) -> Day {
        self.from
    }

    /// The last day.
    pub fn to(self) -> Day {
        self.to
    }

    /// Each of the days, the first one first.
    pub fn days(self) -> impl Iterator<Item = Day> {
        (0..Self::MAX_DAYS).map(move |days| self.from.plus(days)).take_while(move |day| *day <= self.to)
    }
}

/// One day.
impl From<Day> for DayRange {
    fn from(day: Day) -> Self {
        Self { from: day, to: day }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Day {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        // jiff accepts more forms than the contract does.
        if text.len() != 10 {
            return Err(Violation::Malformed);
        }
        text.parse().map(Self).map_err(|_| Violation::Malformed)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not a date"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_turns_at_midnight_in_seoul() {
        assert_eq!(Day::of(at("2026-11-20T14:59:59.999Z")).to_string(), "2026-11-20");
        assert_eq!(Day::of(at("2026-11-20T15:00:00.000Z")).to_string(), "2026-11-21");
        let day: Day = "2026-11-21".parse().unwrap();
        assert_eq!(day.start(), at("2026-11-20T15:00:00Z"));
        assert_eq!(Day::of(day.start()), day);
    }

    #[test]
    fn day_ranges_have_1_to_92_days() {
        let range = |from: &str, to: &str| DayRange::new(from.parse().unwrap(), to.parse().unwrap());
        let days =
            |from: &str, to: &str| range(from, to).unwrap().days().map(|day| day.to_string()).collect::<Vec<_>>();
        assert_eq!(days("2026-11-30", "2026-12-01"), ["2026-11-30", "2026-12-01"]);
        assert_eq!(days("2026-11-21", "2026-11-21"), ["2026-11-21"]);
        assert_eq!(days("2026-09-01", "2026-12-01").len(), 92);
        assert_eq!(range("2026-09-01", "2026-12-02"), Err(Violation::TooManyDays { max: 92 }));
        assert_eq!(range("2026-11-21", "2026-11-20"), Err(Violation::NotAfter));
    }

    #[test]
    fn the_ranking_window_is_the_three_days_before() {
        let day: Day = "2026-03-02".parse().unwrap();
        let window = day.ranking_window().map(|day| day.to_string());
        assert_eq!(window, ["2026-02-27", "2026-02-28", "2026-03-01"]);
    }

    #[test]
    fn day_after_tomorrow_is_never_taken() {
        let now = at("2026-11-20T14:59:59.999Z");
        let taken = |day: &str| day.parse::<Day>().unwrap().until_tomorrow(now).is_ok();
        assert!(["1970-01-01", "2026-11-20", "2026-11-21"].into_iter().all(taken));
        assert!(!["2026-11-22", "2027-11-20", "9999-12-31"].into_iter().any(taken));
    }

    #[test]
    fn earlier_days_are_counted_only_when_they_are_marked() {
        let run: Day = "2026-03-02".parse().unwrap();
        for (days, after_the_run, by_the_next_run) in
            [(-3, false, false), (-2, true, false), (-1, true, true), (0, true, true)]
        {
            let day = run.plus(days);
            assert_eq!(
                (day.is_counted_after(run), day.is_counted_by_the_next_run(run)),
                (after_the_run, by_the_next_run)
            );
            assert_eq!(day.is_counted_after(run), day >= run.plus(1).ranking_window()[0]);
        }
    }

    #[test]
    fn instants_are_rendered_with_milliseconds_in_utc() {
        assert_eq!(at("2026-11-21T09:00:00+09:00").to_string(), "2026-11-21T00:00:00.000Z");
        assert_eq!(at("2026-11-21T00:00:00.1239Z").to_string(), "2026-11-21T00:00:00.123Z");
        for bad in ["", "2026-11-21", "2026-11-21T00:00:00", "9999-01-01T00:00:00Z", "1969-01-01T00:00:00Z"] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad:?}");
        }
        for bad in [
            "2026-11-21 00:00:00Z",
            "2026-11-21t00:00:00Z",
            "2026-11-21T00:00Z",
            "2016-12-31T23:59:60Z",
            "2026-11-21T00:00:00z",
            "2026-11-21T00:00:00+0900",
            "2026-11-21T00:00:00+09:00[Asia/Seoul]",
            "20261121T000000.000000Z",
            "2026-11-21T00:00:00+24:00",
            "2026-11-21T00:00:00-23:60",
            "2026-11-21T00:00:00+99:00",
            "2026-11-21T00:00:00,5Z",
            "2026-11-21T00:00:00.Z",
            "2026-11-21T00:00:00.0000000001Z",
            "2026-11-21T24:00:00Z",
            "1969-12-31T23:00:00-09:00",
            "2200-01-01T00:00:00+09:00",
            // The 18th byte is inside of a character.
            "2026-11-21T03:1가9Z",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad:?}");
        }
        assert!("20261121".parse::<Day>().is_err());
    }
}
