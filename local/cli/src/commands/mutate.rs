//! `./local/shop mutate`: makes each mutation of the table in a copy of the project, and checks that its test fails.

use std::{collections::BTreeSet, time::Instant};

use anyhow::{Result, bail, ensure};
use clap::Args;
use sijang_cli::mutations::{Copy, Defect, Outcome, run, table};
use sijang_cloud::{layout::Repository, progress::Progress};
use tokio::signal::unix::{SignalKind, signal};

/// Mutates a copy of the code, one rule at a time, and checks that the test of that rule fails.
#[derive(Debug, Args)]
pub struct Mutate {
    /// Only the mutations with this text in their name, file or test
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Only list the mutations
    #[arg(long)]
    list: bool,
}

/// How a planted defect fared.
struct Row<'a> {
    defect: &'a Defect,
    outcome: Result<Outcome>,
    seconds: u64,
}

impl Mutate {
    pub(super) async fn run(self) -> Result<()> {
        let repository = Repository::find()?;
        let mut defects = table(repository.root())?;
        defects.retain(|defect| self.covers(defect));
        ensure!(!defects.is_empty(), "no defect has `{}` in its name, file or test", self.only);
        if self.list {
            for Defect { name, file, caught_by, .. } in &defects {
                println!("{name}\n    {file}\n    {caught_by}");
            }
            println!("{} defects", defects.len());
            return Ok(());
        }
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            done = plant_all(&repository, &defects) => done,
            _ = interrupt.recv() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    }

    fn covers(&self, defect: &Defect) -> bool {
        [&defect.name, &defect.file, &defect.caught_by.to_string()].iter().any(|text| text.contains(&self.only))
    }
}

async fn plant_all(repository: &Repository, defects: &[Defect]) -> Result<()> {
    let progress = Progress::new(false);
    let copy = progress.step("copy", "copying the project and what is built of it", Copy::of(repository)).await?;
    let checking = "running the tests on the project as it is";
    progress.step("check", checking, check(&copy, defects)).await?;

    let mut rows = Vec::new();
    for (number, defect) in defects.iter().enumerate() {
        progress.say(format_args!("{:>3}/{} {}", number + 1, defects.len(), defect.name));
        let row = plant(&copy, defect).await?;
        if !row.is_caught() {
            progress.say(row.caught_by());
        }
        rows.push(row);
    }
    report(&rows)
}

/// Every test passes without a defect.
async fn check(copy: &Copy, defects: &[Defect]) -> Result<()> {
    let mut known = BTreeSet::new();
    let mut wrong = Vec::new();
    for defect in defects.iter().filter(|defect| known.insert((&defect.caught_by, &defect.with))) {
        match run(copy, defect).await {
            Ok(Outcome::Passed) => {}
            Ok(Outcome::Failed) => wrong.push(format!("{} fails without any defect", defect.caught_by)),
            Err(error) => wrong.push(format!("{error:#}")),
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

async fn plant<'a>(copy: &Copy, defect: &'a Defect) -> Result<Row<'a>> {
    let began = Instant::now();
    let outcome = match copy.plant(defect) {
        Ok(original) => {
            let outcome = run(copy, defect).await;
            copy.restore(defect, &original)?;
            outcome
        }
        Err(error) => Err(error),
    };
    Ok(Row { defect, outcome, seconds: began.elapsed().as_secs() })
}

impl Row<'_> {
    fn is_caught(&self) -> bool {
        matches!(self.outcome, Ok(Outcome::Failed))
    }

    /// Which test caught the defect, or what happened instead.
    fn caught_by(&self) -> String {
        match &self.outcome {
            Ok(Outcome::Failed) => self.defect.caught_by.to_string(),
            Ok(Outcome::Passed) => format!("NOT CAUGHT by {}", self.defect.caught_by),
            Err(error) => format!("ERROR {error:#}"),
        }
    }
}

fn report(rows: &[Row<'_>]) -> Result<()> {
    let width = rows.iter().map(|row| row.defect.name.chars().count()).max().unwrap_or_default();
    println!("{:<width$} | caught by | seconds", "defect");
    for row in rows {
        // An error's first line: the rest was shown when it came up.
        let by = row.caught_by();
        println!("{:<width$} | {} | {}", row.defect.name, by.lines().next().unwrap_or_default(), row.seconds);
    }
    let caught = rows.iter().filter(|row| row.is_caught()).count();
    println!("{} planted, {caught} caught", rows.len());
    ensure!(caught == rows.len(), "{} defects were not caught", rows.len() - caught);
    Ok(())
}
