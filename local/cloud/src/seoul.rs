//! Days in Asia/Seoul, which has had nine hours over UTC, and no summer time, since 1988.

use anyhow::Result;
use jiff::{
    Timestamp,
    civil::Date,
    tz::{Offset, TimeZone},
};

fn zone() -> TimeZone {
    Offset::constant(9).to_time_zone()
}

/// The day in Seoul at an instant.
pub fn day(instant: Timestamp) -> Date {
    instant.to_zoned_datetime(zone()).date()
}

/// When the daily aggregation is scheduled on a day: 00:10.
pub fn schedule(day: Date) -> Result<Timestamp> {
    Ok(day.at(0, 10, 0, 0).to_zoned_datetime(zone())?.timestamp())
}
