//! `./local/shop schemathesis`: on a shop of its own, which is removed afterwards.

use std::fs;

use anyhow::{Result, ensure};
use clap::Args;
use sijang_cli::{
    schemathesis::{Attack, Checkers},
    seed,
    shop::LocalShop,
};
use sijang_cloud::{layout::Repository, progress::Progress, stack::StackOptions};

/// Sends generated requests to a fresh shop, from its OpenAPI document, and checks the answers against it.
#[derive(Debug, Args)]
pub struct Schemathesis {
    /// The most requests for each operation and phase
    #[arg(long, default_value_t = 300)]
    examples: u32,
    /// The same seed makes the same requests, except for identifiers
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// The phases of Schemathesis, separated by commas
    #[arg(long, default_value = "examples,coverage,fuzzing,stateful")]
    phases: String,
}

impl Schemathesis {
    pub(super) async fn run(self) -> Result<()> {
        let progress = Progress::new(false);
        let repository = Repository::find()?;
        let checkers = Checkers::fetch(&repository, progress).await?;
        let folder = repository.ignored().join("schemathesis");
        let options = StackOptions { fresh: true, quiet: false, build: true, ..StackOptions::isolated(&folder) };
        let shop = LocalShop::start(options.into()).await?;
        seed::seed(&shop).await?;
        let attack = Attack { examples: self.examples, seed: self.seed, phases: self.phases };
        let status = checkers.attack(&shop, &attack, &folder)?.status().await;
        shop.stop().await?;
        fs::remove_dir_all(&folder)?;
        ensure!(status?.success(), "the API and its OpenAPI document differ: see above");
        Ok(())
    }
}
