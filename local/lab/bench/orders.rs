//! A warm environment: the CPU that an order and a coupon take, one request after the other.

use std::time::Instant;

use sijang_cloud::progress::Progress;
use sijang_testkit::lambda::runtime_api::RuntimeApi;

use crate::{
    candidate::{COPY, Candidate, Candidates, OURS, Operation, SDK, TLS},
    environment::Environment,
    market::Market,
    report::{Report, Table, ratio},
    samples::Samples,
    usage::load,
};

/// Figures of a candidate.
struct Runner<'a> {
    candidate: &'a Candidate,
    environment: Environment,
    /// Microseconds of CPU for a request.
    cpu: Samples,
    /// Microseconds from the event to the answer.
    wall: Samples,
}

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Requests before the first round.
    pub warm_up: usize,
    pub rounds: usize,
    /// Requests in each round.
    pub requests: usize,
}

pub async fn measure(candidates: &Candidates, sample: Sample, progress: Progress, report: &mut Report) {
    let Sample { warm_up, rounds, requests } = sample;
    let (mut market, api) = (Market::open().await, RuntimeApi::start().await.unwrap());
    let variables = market.variables(&market.store.endpoint);
    let mut runners = Vec::new();
    for candidate in candidates.all.iter().filter(|candidate| ![TLS, SDK, COPY].contains(&candidate.name)) {
        let environment = Environment::start(candidate, &api, &variables, &[]).await;
        let mut runner = Runner { candidate, environment, cpu: Samples::default(), wall: Samples::default() };
        // Costs of the start, and of Node's compiler, are not those of a warm environment.
        runner.run(&mut market, warm_up).await;
        (runner.cpu, runner.wall) = Default::default();
        runners.push(runner);
        progress.say(format_args!("orders     {candidate} is warm"));
    }
    let before = load();
    for round in 1..=rounds {
        for runner in &mut runners {
            runner.run(&mut market, requests).await;
        }
        progress.say(format_args!("orders     round {round} of {rounds}"));
    }
    let mut table = Table::new(
        "Warm",
        &["", "function", "CPU of a request, us", "of ours", "from event to answer, us", "peak, MiB"],
    );
    for operation in [Operation::PlaceOrder, Operation::IssueCoupon] {
        let of_operation = || runners.iter().filter(move |runner| runner.candidate.operation == operation);
        let ours =
            of_operation().find(|runner| runner.candidate.name == OURS).map_or(0.0, |runner| runner.cpu.median());
        for runner in of_operation() {
            let (name, cpu) = (runner.candidate.name, runner.cpu.median());
            let peak = runner.environment.usage().peak / 1024;
            let (wall, factor) = (format!("{:.0}", runner.wall), ratio(cpu, ours));
            table.row([
                name.to_owned(),
                operation.to_string(),
                format!("{:.0}", runner.cpu),
                factor,
                wall,
                peak.to_string(),
            ]);
            report.bar(&format!("CPU of one {operation}, microseconds"), name, cpu);
        }
    }
    table.note(format!(
        "after {warm_up} requests of each, {rounds} rounds of {requests}, in turns; medians and quartiles of the rounds; load {before} to {}",
        load()
    ));
    table.note(
        "user and system time of the function's process, from the runtime API to the store and back; without TLS",
    );
    report.add(table);
}

impl Runner<'_> {
    #[allow(clippy::cast_precision_loss)]
    async fn run(&mut self, market: &mut Market, requests: usize) {
        let (before, began) = (self.environment.usage().cpu, Instant::now());
        for _ in 0..requests {
            self.environment.done(market.request(self.candidate.operation)).await;
        }
        let used = self.environment.usage().cpu - before;
        self.cpu.add(used / requests as f64);
        self.wall.add(began.elapsed().as_secs_f64() * 1e6 / requests as f64);
    }
}
