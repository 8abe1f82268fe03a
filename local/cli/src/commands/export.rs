//! `./local/shop export`

use anyhow::{Result, ensure};
use clap::Args;
use jiff::{Timestamp, civil::Date};
use serde_json::json;
use sijang_cli::running::Running;
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
/// For a new bucket, `--from` the day on which the shop opened exports everything. It can be interrupted and repeated: a
/// day that is exported again has the same files.
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

impl Export {
    pub(super) async fn run(self) -> Result<()> {
        let days = self.days()?;
        let running = match &self.stack {
            Some(_) => None,
            None => Some(Running::read(&StateFolder::open(Repository::find()?.state())?)?),
        };
        let progress = Progress::new(false);
        for (number, day) in (1..).zip(&days) {
            let task = json!({"day": day.to_string()});
            if days.len() > 1 {
                progress.say(format_args!("export     {day}, {number} of {}", days.len()));
            }
            let Some(running) = &running else {
                worker::run_on_aws(self.stack.as_deref().unwrap_or_default(), FUNCTION, &task).await?;
                continue;
            };
            let cloud = Cloud::new(&running.ministack_endpoint)?;
            let run = worker::run(&cloud, &running.stack_name, FUNCTION, &task);
            let answer = progress.wait("waiting for export-day", run).await?;
            if self.json {
                println!("{answer}");
            } else {
                println!("{day}: {} facts, {} bytes", answer["facts"], answer["bytes"]);
            }
        }
        Ok(())
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
        ensure!(first <= last, "{first} is after {last}");
        Ok(first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last).collect())
    }
}
