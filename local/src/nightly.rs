//! The nightly aggregation at any time: the aggregator takes its days from the scheduled time, so any day can be tried.

use anyhow::{Result, bail};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::{cloud::Cloud, seoul};

/// Runs aggregate-daily-stats of a stack with the time of the schedule (00:10 in Seoul) on a day. Gives what it says.
pub async fn run(cloud: &Cloud, stack: &str, day: Date) -> Result<Value> {
    let event = json!({"scheduled_time": seoul::schedule(day)?.to_string()});
    let invocation = cloud.invoke(&format!("{stack}-aggregate-daily-stats"), &event).await?;
    if let Some(error) = invocation.error {
        bail!("aggregate-daily-stats failed ({error}): {}", invocation.payload);
    }
    Ok(invocation.payload)
}
