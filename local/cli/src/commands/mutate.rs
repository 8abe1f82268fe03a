//! `./local/shop mutate`: makes each mutation of the table in a copy of the project, and checks that its test fails.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    path::Path,
    time::Instant,
};

use anyhow::{Result, bail, ensure};
use clap::Args;
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use sijang_cli::mutations::{Copy, Mutation, Outcome, build, execute, run, table};
use sijang_cloud::{layout::Repository, progress::Progress};
use tokio::signal::unix::{SignalKind, signal};

/// Tests of the unchanged project that run at once.
const CHECKED_AT_ONCE: usize = 4;

/// Mutates a copy of the code, one rule at a time, and checks that the test of that rule fails.
#[derive(Debug, Args)]
pub struct Mutate {
    /// Only the mutations with this text in their name, file or test
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Only list the mutations
    #[arg(long)]
    list: bool,
    /// Copies of the project that are mutated at once; each takes 10 GB and keeps a processor busy
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    copies: u8,
}

/// The result of a mutation.
struct Row<'a> {
    mutation: &'a Mutation,
    outcome: Result<Outcome>,
    seconds: u64,
}

impl Mutate {
    pub(super) async fn run(self) -> Result<()> {
        let repository = Repository::find()?;
        let mut mutations = table(repository.root())?;
        mutations.retain(|mutation| self.covers(mutation));
        ensure!(!mutations.is_empty(), "no mutation has `{}` in its name, file or test", self.only);
        if self.list {
            for Mutation { name, file, caught_by, .. } in &mutations {
                println!("{name}\n    {file}\n    {caught_by}");
            }
            println!("{} mutations", mutations.len());
            return Ok(());
        }
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        tokio::select! {
            done = apply_all(&repository, &mutations, usize::from(self.copies)) => done,
            _ = interrupt.recv() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    }

    fn covers(&self, mutation: &Mutation) -> bool {
        [&mutation.name, &mutation.file, &mutation.caught_by.to_string()].iter().any(|text| text.contains(&self.only))
    }
}

async fn apply_all(repository: &Repository, mutations: &[Mutation], count: usize) -> Result<()> {
    let progress = Progress::new(false);
    let copying = stream::iter(0..count).then(|number| Copy::of(repository, number)).try_collect::<Vec<Copy>>();
    let copies = progress.step("copy", "copying the project and what is built of it", copying).await?;
    let checking = "running the tests on the project as it is";
    progress.step("check", checking, check(&copies[0], mutations)).await?;

    let waiting = RefCell::new(mutations.iter().enumerate());
    let next = || waiting.borrow_mut().next();
    let at_work = copies.iter().map(async |copy| {
        let mut rows = Vec::new();
        while let Some((number, mutation)) = next() {
            progress.say(format_args!("{:>3}/{} {}", number + 1, mutations.len(), mutation.name));
            let row = apply(copy, mutation).await?;
            if !row.is_caught() {
                progress.say(format_args!("{}: {}", mutation.name, row.caught_by()));
            }
            rows.push((number, row));
        }
        Ok::<_, anyhow::Error>(rows)
    });
    let mut rows = try_join_all(at_work).await?.into_iter().flatten().collect::<Vec<_>>();
    rows.sort_by_key(|(number, _)| *number);
    report(&rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>())
}

/// Every test passes on the unchanged project.
async fn check(copy: &Copy, mutations: &[Mutation]) -> Result<()> {
    let (mut known, mut binaries) = (BTreeSet::new(), BTreeMap::new());
    let tests: Vec<_> = mutations.iter().filter(|row| known.insert((&row.caught_by, &row.with))).collect();
    for mutation in &tests {
        if let Entry::Vacant(target) = binaries.entry(mutation.caught_by.selection()) {
            target.insert(build(copy, &mutation.caught_by).await?);
        }
    }
    let wrong = stream::iter(&tests).map(|mutation| passes(copy, mutation, &binaries[&mutation.caught_by.selection()]));
    let wrong: Vec<String> =
        wrong.buffer_unordered(CHECKED_AT_ONCE).filter_map(async |failure| failure).collect().await;
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// Why the mutation's test does not pass, or nothing.
async fn passes(copy: &Copy, mutation: &Mutation, binary: &Path) -> Option<String> {
    match execute(copy, mutation, binary).await {
        Ok(Outcome::Passed) => None,
        Ok(Outcome::Failed) => Some(format!("{} fails on the unchanged project", mutation.caught_by)),
        Err(error) => Some(format!("{error:#}")),
    }
}

async fn apply<'a>(copy: &Copy, mutation: &'a Mutation) -> Result<Row<'a>> {
    let began = Instant::now();
    let outcome = match copy.apply(mutation) {
        Ok(original) => {
            let outcome = run(copy, mutation).await;
            copy.restore(mutation, &original)?;
            outcome
        }
        Err(error) => Err(error),
    };
    Ok(Row { mutation, outcome, seconds: began.elapsed().as_secs() })
}

impl Row<'_> {
    fn is_caught(&self) -> bool {
        matches!(self.outcome, Ok(Outcome::Failed))
    }

    /// Which test caught the mutation, or what happened instead.
    fn caught_by(&self) -> String {
        match &self.outcome {
            Ok(Outcome::Failed) => self.mutation.caught_by.to_string(),
            Ok(Outcome::Passed) => format!("NOT CAUGHT by {}", self.mutation.caught_by),
            Err(error) => format!("ERROR {error:#}"),
        }
    }
}

fn report(rows: &[Row<'_>]) -> Result<()> {
    let width = rows.iter().map(|row| row.mutation.name.chars().count()).max().unwrap_or_default();
    println!("{:<width$} | caught by | seconds", "mutation");
    for row in rows {
        // An error's first line: the rest was shown when it came up.
        let by = row.caught_by();
        println!("{:<width$} | {} | {}", row.mutation.name, by.lines().next().unwrap_or_default(), row.seconds);
    }
    let caught = rows.iter().filter(|row| row.is_caught()).count();
    println!("{} mutations, {caught} caught", rows.len());
    ensure!(caught == rows.len(), "{} mutations were not caught", rows.len() - caught);
    Ok(())
}
