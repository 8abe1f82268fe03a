//! `./local/schedule DATE`: the aggregator takes its days from the scheduled time, so any day can be tried at any time.

use anyhow::{Result, bail};
use clap::Args;
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use sijang_local::{
    cloud::Cloud,
    layout::{Repository, StateFolder},
    running::Running,
    seoul,
};

/// Runs aggregate-daily-stats with the time of the schedule (00:10 in Seoul) on a day.
#[derive(Debug, Args)]
pub struct Schedule {
    /// The day, as 2026-11-21, or `today`, or `tomorrow`
    day: String,
}

impl Schedule {
    pub(super) async fn run(self) -> Result<()> {
        let time = seoul::schedule(day(&self.day)?)?;
        let running = Running::read(&StateFolder::open(Repository::find()?.state())?)?;
        let function = format!("{}-aggregate-daily-stats", running.stack_name);
        let event = json!({"scheduled_time": time.to_string()});
        let invocation = Cloud::new(running.ministack_endpoint)?.invoke(&function, &event).await?;
        if let Some(error) = invocation.error {
            bail!("aggregate-daily-stats failed ({error}): {}", invocation.payload);
        }
        println!("{}", invocation.payload);
        Ok(())
    }
}

fn day(text: &str) -> Result<Date> {
    let today = seoul::day(Timestamp::now());
    Ok(match text {
        "today" => today,
        "tomorrow" => today.tomorrow()?,
        date => match date.parse() {
            Ok(day) => day,
            Err(_) => bail!("{date} is no day: write it as 2026-11-21"),
        },
    })
}
