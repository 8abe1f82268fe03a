//! The tasks of aggregate-daily-stats: it takes its days from its input, so any day can be counted again.

use anyhow::Result;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::seoul;

/// The function.
pub const FUNCTION: &str = "aggregate-daily-stats";

/// The task of the schedule (00:10 in Seoul) on a day: the three days before it, and the ranking.
pub fn scheduled(day: Date) -> Result<Value> {
    Ok(json!({"scheduled_time": seoul::schedule(day)?.to_string()}))
}

/// The task of counting one day anew.
pub fn recount(day: Date) -> Value {
    json!({"day": day.to_string()})
}
