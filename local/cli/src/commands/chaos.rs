//! `./local/shop chaos`

use anyhow::Result;
use clap::Args;

use super::{cargo, exec};

/// Runs concurrent customers under random faults, and compares what they were told and what is stored with a model.
#[derive(Debug, Args)]
pub struct Chaos {
    /// How many seeds are run
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Run for this long, whatever the number of seeds
    #[arg(long)]
    minutes: Option<u64>,
}

impl Chaos {
    pub(super) fn run(self) -> Result<()> {
        let mut test = cargo(&["test", "--workspace", "--locked", "--test", "faults", "--", "in_process::chaos::"])?;
        test.env("SIJANG_SEEDS", format!("{}..{}", self.from, self.from + self.seeds));
        if let Some(minutes) = self.minutes {
            test.env("SIJANG_MINUTES", minutes.to_string());
        }
        Err(exec(&mut test))
    }
}
