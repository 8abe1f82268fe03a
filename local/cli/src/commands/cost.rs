//! `./local/shop cost`

use std::fs;

use anyhow::{Context, Result};
use clap::Args;
use sijang_cli::cost::{operations, page};
use sijang_cloud::layout::Repository;

/// Prints the cost of the shop on AWS: the measured budget of each operation at the published prices.
#[derive(Debug, Args)]
pub struct Cost {
    /// Print JSON: the dollars for a million of each operation, and for a day
    #[arg(long)]
    json: bool,
}

impl Cost {
    pub(super) fn run(self) -> Result<()> {
        let budget = Repository::find()?.root().join("local/lab/BUDGET.md");
        let budget = fs::read_to_string(&budget).with_context(|| format!("cannot read {}", budget.display()))?;
        if self.json {
            println!("{:#}", operations(&budget)?);
        } else {
            print!("{}", page(&budget)?);
        }
        Ok(())
    }
}
