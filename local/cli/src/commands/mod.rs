//! One file per command.

mod cost;
mod mutate;
mod package;
mod provision;
mod redrive;
mod schedule;
mod schemathesis;
mod token;
mod up;

use anyhow::Result;
use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the whole shop and leave it running until Ctrl-C
    Up(up::Up),
    /// Print an access token
    Token(token::Token),
    /// Run the nightly aggregation as if it were scheduled on a given day
    Schedule(schedule::Schedule),
    /// Compile and pack the functions for AWS
    Package(package::Package),
    /// Make tables and queues in other engines
    Provision(provision::Provision),
    /// Bring dead letters back to their queue
    Redrive(redrive::Redrive),
    /// Attack a fresh shop by its OpenAPI document
    Schemathesis(schemathesis::Schemathesis),
    /// Print what the shop costs on AWS
    Cost(cost::Cost),
    /// Mutate the code, and demand that the tests notice
    Mutate(mutate::Mutate),
}

impl Command {
    /// Does it.
    pub async fn run(self) -> Result<()> {
        match self {
            Self::Up(up) => up.run().await,
            Self::Token(token) => token.run(),
            Self::Schedule(schedule) => schedule.run().await,
            Self::Package(package) => package.run().await,
            Self::Provision(provision) => provision.run().await,
            Self::Redrive(redrive) => redrive.run().await,
            Self::Schemathesis(attack) => attack.run().await,
            Self::Cost(cost) => cost.run(),
            Self::Mutate(mutate) => mutate.run().await,
        }
    }
}
