//! `./local/shop export`

use anyhow::Result;
use clap::Args;
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};
use sijang_cli::{replay, running::Running};
use sijang_cloud::{
    layout::{Repository, StateFolder},
    ministack::Cloud,
    progress::Progress,
    seoul, worker,
};

use super::schedule;

/// The function.
const FUNCTION: &str = "export-day";

/// Exports days to the data platform with export-day, whether they were exported before or not.
///
/// For a new bucket, `--from` the day on which the shop opened exports everything. It prints how far it is, and the day to
/// go on from when a day fails. It can be interrupted and repeated: a day that is exported again has the same files.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Export {
    /// The day: 2026-11-21, `today` or `tomorrow`
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    day: Option<String>,
    /// Export every day from this one on
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// The last day; by default yesterday
    #[arg(long, value_name = "DAY", requires = "from")]
    to: Option<String>,
    /// A stack on AWS, through the AWS CLI and its credentials; by default the running shop
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Print the function's answers as JSON
    #[arg(long)]
    json: bool,
}

fn task(day: Date) -> Value {
    json!({"day": day.to_string()})
}

impl Export {
    pub(super) async fn run(self) -> Result<()> {
        let days = self.days()?;
        let progress = Progress::new(false);
        let say = |line: String| progress.say(line);
        if let Some(stack) = &self.stack {
            let export = async |day| worker::run_on_aws(stack, FUNCTION, &task(day)).await;
            return replay::in_turn(&days, export, say).await;
        }
        let running = Running::read(&StateFolder::open(Repository::find()?.state())?)?;
        let cloud = Cloud::new(&running.ministack_endpoint)?;
        let export = async |day| {
            let task = task(day);
            let run = worker::run(&cloud, &running.stack_name, FUNCTION, &task);
            let answer = progress.wait("waiting for export-day", run).await?;
            if self.json {
                println!("{answer}");
            } else {
                println!(
                    "{day}: {} facts, {} bytes, findings {}",
                    answer["facts"], answer["bytes"], answer["findings"]
                );
            }
            Ok(())
        };
        replay::in_turn(&days, export, say).await
    }

    fn days(&self) -> Result<Vec<Date>> {
        let (first, last) = match (&self.day, &self.from) {
            (Some(day), _) => (schedule::day(day)?, schedule::day(day)?),
            (None, from) => {
                let yesterday = seoul::day(Timestamp::now()).yesterday()?;
                let last = self.to.as_deref().map_or(Ok(yesterday), schedule::day)?;
                (schedule::day(from.as_deref().unwrap_or_default())?, last)
            }
        };
        replay::days(first, last)
    }
}
