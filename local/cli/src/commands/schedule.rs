//! `./local/shop schedule`

use anyhow::{Result, bail};
use clap::Args;
use jiff::{Timestamp, civil::Date};
use sijang_cli::running::Running;
use sijang_cloud::{
    aggregation::{self, FUNCTION},
    layout::{Repository, StateFolder},
    ministack::Cloud,
    progress::Progress,
    seoul, worker,
};

/// Runs aggregate-daily-stats with the scheduled time of a day, 00:10 in Seoul: it aggregates the three days before.
#[derive(Debug, Args)]
pub struct Schedule {
    /// The day: 2026-11-21, `today` or `tomorrow`
    day: String,
    /// Aggregate only this day, again
    #[arg(long)]
    recount: bool,
    /// A stack on AWS, through the AWS CLI and its credentials; by default the running shop
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Print the function's answer as JSON
    #[arg(long)]
    json: bool,
}

impl Schedule {
    pub(super) async fn run(self) -> Result<()> {
        let day = day(&self.day)?;
        let task = if self.recount { aggregation::recount(day) } else { aggregation::scheduled(day)? };
        if let Some(stack) = self.stack {
            return worker::run_on_aws(&stack, FUNCTION, &task).await;
        }
        let running = Running::read(&StateFolder::open(Repository::find()?.state())?)?;
        let cloud = Cloud::new(running.ministack_endpoint)?;
        let run = worker::run(&cloud, &running.stack_name, FUNCTION, &task);
        let answer = Progress::new(false).wait("waiting for aggregate-daily-stats", run).await?;
        if self.json {
            println!("{answer}");
        } else {
            for (name, value) in answer.as_object().into_iter().flatten() {
                println!("{name:<16} {value}");
            }
        }
        Ok(())
    }
}

/// A day by its date or its name.
pub(super) fn day(text: &str) -> Result<Date> {
    let today = seoul::day(Timestamp::now());
    Ok(match text {
        "today" => today,
        "tomorrow" => today.tomorrow()?,
        date => match date.parse() {
            Ok(day) => day,
            Err(_) => bail!("{date} is not a day: write 2026-11-21, today or tomorrow"),
        },
    })
}
