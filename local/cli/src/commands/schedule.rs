//! `./local/schedule [--recount] [--stack NAME] DATE`

use anyhow::{Result, bail};
use clap::Args;
use jiff::{Timestamp, civil::Date};
use sijang_cli::running::Running;
use sijang_cloud::{
    aggregation,
    layout::{Repository, StateFolder},
    ministack::Cloud,
    seoul,
};

/// Runs aggregate-daily-stats with the time of the schedule (00:10 in Seoul) on a day, of the running shop or of a stack
/// on AWS.
#[derive(Debug, Args)]
pub struct Schedule {
    /// The day, as 2026-11-21, or `today`, or `tomorrow`
    day: String,
    /// Count the sales of this one day anew, instead of the three before it
    #[arg(long)]
    recount: bool,
    /// A stack on AWS, through the AWS CLI and its credentials; else it is the running shop's
    #[arg(long)]
    stack: Option<String>,
}

impl Schedule {
    pub(super) async fn run(self) -> Result<()> {
        let day = day(&self.day)?;
        let task = if self.recount { aggregation::recount(day) } else { aggregation::night(day)? };
        if let Some(stack) = self.stack {
            return aggregation::run_on_aws(&stack, &task).await;
        }
        let running = Running::read(&StateFolder::open(Repository::find()?.state())?)?;
        let cloud = Cloud::new(running.ministack_endpoint)?;
        println!("{}", aggregation::run(&cloud, &running.stack_name, &task).await?);
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
