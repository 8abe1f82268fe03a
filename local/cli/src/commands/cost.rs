//! `./local/cost`

use std::fs;

use anyhow::{Context, Result};
use clap::Args;
use sijang_cli::cost::page;
use sijang_cloud::layout::Repository;

/// Prints what the shop costs on AWS, by the measured budget and the published prices.
#[derive(Debug, Args)]
pub struct Cost {}

impl Cost {
    #[allow(clippy::unused_self)]
    pub(super) fn run(self) -> Result<()> {
        let budget = Repository::find()?.root().join("local/BUDGET.md");
        let budget = fs::read_to_string(&budget).with_context(|| format!("cannot read {}", budget.display()))?;
        print!("{}", page(&budget)?);
        Ok(())
    }
}
