//! The commands behind `./local/up` and its sisters.

mod commands;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;

/// The shop on one machine.
#[derive(Debug, Parser)]
#[command(name = "shop", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Arguments::parse().command.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
