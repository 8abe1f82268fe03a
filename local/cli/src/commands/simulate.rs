//! `./local/shop simulate`

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::{cargo, exec};

/// Simulates a flash sale against a simulated DynamoDB, in virtual time, for each number of shards.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Customers
    #[arg(long)]
    buyers: Option<u64>,
    /// Units, or coupons, on sale
    #[arg(long)]
    units: Option<u64>,
    /// Numbers of shards, separated by commas: 1,8,96
    #[arg(long)]
    shards: Option<String>,
    /// How many seeds are run
    #[arg(long)]
    seeds: Option<u64>,
    /// What is sold
    #[arg(long)]
    kind: Option<Kind>,
    /// Requests a second
    #[arg(long)]
    rate: Option<u64>,
    /// Write capacity that is warm when the sale begins, in units a second
    #[arg(long)]
    warm: Option<u64>,
    /// Factor on the time in which transactions conflict
    #[arg(long)]
    window: Option<f64>,
    /// By how much customers come late at most, in milliseconds
    #[arg(long)]
    lateness: Option<u64>,
    /// Whether all shards are in one partition
    #[arg(long)]
    together: Option<bool>,
    /// Write the results into local/lab/SIMULATION.md
    #[arg(long)]
    write: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Orders,
    Coupons,
}

impl Simulate {
    pub(super) fn run(self) -> Result<()> {
        let number = |value: Option<u64>| value.map(|value| value.to_string());
        let kind = self.kind.map(|kind| match kind {
            Kind::Orders => "orders".to_owned(),
            Kind::Coupons => "coupons".to_owned(),
        });
        let settings = [
            ("SIJANG_BUYERS", number(self.buyers)),
            ("SIJANG_UNITS", number(self.units)),
            ("SIJANG_SHARDS", self.shards),
            ("SIJANG_SEEDS", number(self.seeds)),
            ("SIJANG_KIND", kind),
            ("SIJANG_RATE", number(self.rate)),
            ("SIJANG_WARM", number(self.warm)),
            ("SIJANG_WINDOW", self.window.map(|value| value.to_string())),
            ("SIJANG_LATENESS", number(self.lateness)),
            ("SIJANG_TOGETHER", self.together.map(|value| value.to_string())),
            ("UPDATE_EXPECT", self.write.then(|| "1".to_owned())),
        ];
        let mut test = cargo(&["test", "--profile", "simulation", "--workspace", "--locked", "--test", "simulation"])?;
        test.args(["--", "--ignored", "--nocapture", "sweep"]);
        test.envs(settings.into_iter().filter_map(|(name, value)| Some((name, value?))));
        Err(exec(&mut test))
    }
}
