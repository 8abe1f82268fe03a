//! `./local/shop bench`: the functions beside the same handlers in other languages, and beside lower bounds.
//!
//! Everything that is compared runs in one go, in turns, several times, because the machine has other things to do: what
//! counts is ratios and CPU, not rates. Beside the measuring stands a short run of the same code, which is a test.

// In a test, what fails to unwrap fails the test.
#![allow(clippy::unwrap_used)]

mod candidate;
mod chart;
mod cold;
mod coupons;
mod environment;
mod market;
mod orders;
mod own;
mod profiles;
mod redis;
mod report;
mod samples;
mod store;
mod train;
mod usage;
mod volume;

use clap::Parser;
use libtest_mimic::{Arguments, Trial};
use sijang_cloud::progress::Progress;

use crate::{candidate::Candidates, profiles::Way, report::Report};

/// The measurements to run; without a word, all but the profiles.
#[derive(Debug, Parser)]
#[command(name = "bench", about = "Measures the functions against others that do the same")]
struct Bench {
    #[arg(value_enum, default_values_t = Part::ALL)]
    parts: Vec<Part>,
    /// How often everything is measured
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Requests in each round
    #[arg(long, default_value_t = 200)]
    requests: usize,
    /// Requests before the first round: Node has compiled what it runs after some 1,500
    #[arg(long, default_value_t = 1_500)]
    warm_up: usize,
    /// Sizes of the days that are counted
    #[arg(long, value_delimiter = ',', default_values_t = [20_000, 50_000, 100_000])]
    orders: Vec<usize>,
    /// Ways to compile that are compared with the deployed one
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Way::ALL)]
    ways: Vec<Way>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// The start: from exec to the first answer
    Cold,
    /// CPU of an order and of a coupon, warm
    Orders,
    /// Our own code: instructions and allocations of an order
    Own,
    /// The race for coupons, and Redis
    Coupons,
    /// A day of orders, counted
    Volume,
    /// Ways to compile an order; for half an hour, and only when it is named
    Profiles,
}

impl Part {
    const ALL: [Self; 5] = [Self::Cold, Self::Orders, Self::Own, Self::Coupons, Self::Volume];
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match std::env::args().nth(1).as_deref() {
        Some("store") => runtime.block_on(store::serve()),
        Some("train") => runtime.block_on(train::packed(std::env::args().nth(2).unwrap().as_ref())),
        Some("compare") => runtime.block_on(Bench::parse_from(std::env::args().skip(1)).run()),
        _ => test(runtime),
    }
}

impl Bench {
    async fn run(self) {
        let progress = Progress::new(false);
        let with_baselines = self.parts.iter().any(|part| matches!(part, Part::Cold | Part::Orders));
        let candidates = if with_baselines { Candidates::all(progress).await } else { Candidates::ours() };
        let mut report = Report::begin(&candidates);
        for part in &self.parts {
            match part {
                Part::Cold => cold::measure(&candidates, self.rounds, progress, &mut report).await,
                Part::Orders => {
                    let sample = orders::Sample { warm_up: self.warm_up, rounds: self.rounds, requests: self.requests };
                    orders::measure(&candidates, sample, progress, &mut report).await;
                }
                Part::Own => own::measure(&candidates, self.requests, progress, &mut report).await,
                Part::Coupons => coupons::measure(&candidates, progress, &mut report).await,
                Part::Volume => volume::measure(&candidates, &self.orders, progress, &mut report).await,
                Part::Profiles => {
                    let sample = (self.rounds, self.requests);
                    profiles::measure(&candidates, sample, &self.ways, progress, &mut report).await;
                }
            }
        }
        if self.parts == Part::ALL {
            report.keep_comparison();
        } else if self.parts == [Part::Profiles] && self.ways == Way::ALL {
            report.keep_profiles();
        }
    }
}

/// The same with the debug builds of this repository, as briefly as possible.
fn test(runtime: tokio::runtime::Runtime) {
    let arguments = Arguments::from_args();
    let brief = Trial::test("a_brief_comparison_runs_to_its_end", move || {
        runtime.block_on(async {
            let progress = Progress::new(true);
            let candidates = Candidates::ours_as_built_for_tests().await;
            let mut report = Report::begin(&candidates);
            cold::measure(&candidates, 1, progress, &mut report).await;
            orders::measure(
                &candidates,
                orders::Sample { warm_up: 10, rounds: 1, requests: 10 },
                progress,
                &mut report,
            )
            .await;
            volume::measure(&candidates, &[150, 300], progress, &mut report).await;
            let text = report.text();
            for row in ["| Sijang | place-order |", "| Sijang | issue-coupon |", "| Rust, runtime alone |", "| 300 |"] {
                assert!(text.contains(row), "{text}");
            }
        });
        Ok(())
    });
    let training = Trial::test("functions_do_the_work_by_which_they_are_profiled", || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(async {
            let candidates = Candidates::ours_as_built_for_tests().await;
            train::functions(|name| candidates.worker(name)).await;
        });
        Ok(())
    });
    libtest_mimic::run(&arguments, vec![brief, training]).exit();
}
