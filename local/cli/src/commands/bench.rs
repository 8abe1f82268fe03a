//! `./local/shop bench`

use anyhow::{Result, ensure};
use clap::Args;

use super::{cargo, exec};

/// The release binaries that are measured.
const BINARIES: [&str; 7] = [
    "place-order",
    "issue-coupon",
    "baseline-runtime",
    "baseline-tls",
    "baseline-sdk",
    "record-sales",
    "aggregate-daily-stats",
];

/// Measures the release builds of the functions against baselines that do the same.
///
/// Parts: cold (from exec to the first answer), orders (CPU of an order and of a coupon), own (instructions and
/// allocations of an order), coupons (the race for coupons, and Redis), volume (the aggregation of a day). Without a
/// part, all of them are measured, and local/lab/RESULTS.md is written. By itself, and for half an hour, `profiles`
/// compares ways to compile an order; when all are compared, local/lab/PROFILES.md is written. Also by itself,
/// `platform` writes the files of a day in the data platform, and prints sizes, time and memory.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Bench {
    /// What to measure: cold, orders, own, coupons, volume, profiles, platform
    parts: Vec<String>,
    /// How often everything is measured
    #[arg(long)]
    rounds: Option<usize>,
    /// Requests in each round
    #[arg(long)]
    requests: Option<usize>,
    /// Requests before the first round
    #[arg(long)]
    warm_up: Option<usize>,
    /// Sizes of the days that are aggregated or written, separated by commas
    #[arg(long)]
    orders: Option<String>,
    /// Ways to compile: thin-lto, no-lto, small, abort, pgo, separated by commas
    #[arg(long)]
    ways: Option<String>,
}

impl Bench {
    pub(super) fn run(self) -> Result<()> {
        if self.parts == ["platform"] {
            return self.measure_platform();
        }
        let mut build = cargo(&["build", "--release", "--workspace", "--locked"])?;
        ensure!(build.args(BINARIES.iter().flat_map(|name| ["--bin", name])).status()?.success(), "it does not build");
        let mut bench = cargo(&["test", "--workspace", "--locked", "--test", "bench", "--", "compare"])?;
        bench.args(&self.parts);
        let numbers = [("--rounds", self.rounds), ("--requests", self.requests), ("--warm-up", self.warm_up)];
        let numbers = numbers.map(|(name, number)| (name, number.map(|number| number.to_string())));
        for (name, value) in numbers.into_iter().chain([("--orders", self.orders), ("--ways", self.ways)]) {
            bench.args(value.iter().flat_map(|value| [name, value]));
        }
        Err(exec(&mut bench))
    }

    /// The writer has no part in the comparison, and needs no function.
    fn measure_platform(self) -> Result<()> {
        let mut sizes = cargo(&["run", "--release", "--locked", "--package", "sijang-platform", "--example", "sizes"])?;
        // To link the SDK, which it does not call, as one unit takes minutes.
        sizes.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        sizes.arg("--").args(self.orders.iter().flat_map(|sizes| sizes.split(',')));
        Err(exec(&mut sizes))
    }
}
