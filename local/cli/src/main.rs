//! The program behind `./local/shop`.

mod commands;
mod help;

use std::process::ExitCode;

use clap::Parser;

use crate::commands::Command;

/// Runs, tests, measures and deploys the shop.
#[derive(Debug, Parser)]
#[command(name = "shop", bin_name = "./local/shop", disable_help_subcommand = true)]
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
