//! The commands of `./local/shop`, one file for each.

// The doc comments of commands are printed as help, where backticks would stand in the text.
#![allow(clippy::doc_markdown)]

mod bench;
mod chaos;
mod cost;
mod export;
mod gameday;
mod import;
mod mutate;
mod package;
mod provision;
mod query;
mod redrive;
mod schedule;
mod schemathesis;
mod script;
mod simulate;
mod token;
mod up;

use std::{env, os::unix::process::CommandExt, process};

use anyhow::{Context, Error, Result};
use clap::Subcommand;
use sijang_cloud::layout::Repository;

/// The commands, in the order of the help page: running the shop, tests, measurements, releases.
#[derive(Debug, Subcommand)]
pub enum Command {
    Up(up::Up),
    Doctor(script::Doctor),
    Token(token::Token),
    Import(import::Import),
    Schedule(schedule::Schedule),
    Export(export::Export),
    Query(query::Query),
    Redrive(redrive::Redrive),
    Provision(provision::Provision),
    Schemathesis(schemathesis::Schemathesis),
    Mutate(mutate::Mutate),
    Chaos(chaos::Chaos),
    Fuzz(script::Fuzz),
    Gameday(gameday::Gameday),
    DynamodbLocal(script::DynamodbLocal),
    Bench(bench::Bench),
    Simulate(simulate::Simulate),
    Cost(cost::Cost),
    Package(package::Package),
    Deploy(script::Deploy),
}

impl Command {
    /// Runs the command.
    pub async fn run(self) -> Result<()> {
        match self {
            Self::Up(up) => up.run().await,
            Self::Token(token) => token.run(),
            Self::Import(import) => import.run().await,
            Self::Schedule(schedule) => schedule.run().await,
            Self::Export(export) => export.run().await,
            Self::Query(query) => query.run().await,
            Self::Redrive(redrive) => redrive.run().await,
            Self::Provision(provision) => provision.run().await,
            Self::Schemathesis(schemathesis) => schemathesis.run().await,
            Self::Mutate(mutate) => mutate.run().await,
            Self::Chaos(chaos) => chaos.run(),
            Self::Gameday(gameday) => gameday.run(),
            Self::Bench(bench) => bench.run(),
            Self::Simulate(simulate) => simulate.run(),
            Self::Cost(cost) => cost.run(),
            Self::Package(package) => package.run().await,
            Self::Doctor(_) => script::run("doctor"),
            Self::Fuzz(_) => script::run("fuzz"),
            Self::DynamodbLocal(_) => script::run("dynamodb-local"),
            Self::Deploy(_) => script::run("deploy"),
        }
    }
}

/// A cargo command in the repository. It is not quiet, so cargo says when it waits for another cargo.
fn cargo(arguments: &[&str]) -> Result<process::Command> {
    let mut cargo = process::Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).current_dir(Repository::find()?.root());
    Ok(cargo)
}

/// Replaces this process by the command: it gets the terminal and its signals. Returns only an error.
fn exec(command: &mut process::Command) -> Error {
    let error = command.exec();
    let result = Err::<(), _>(error).with_context(|| format!("cannot start {}", command.get_program().display()));
    result.expect_err("exec returns only when it fails")
}
