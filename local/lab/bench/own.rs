//! Our own code alone: an order before a store that answers at once, beside the runtime alone and a bare call of the SDK.
//!
//! Instructions and allocations are counted by valgrind over N orders and over 2N: the difference is that of N orders,
//! without the start, and does not depend on what else the machine does.

use std::{
    fs,
    iter::once,
    path::{Path, PathBuf},
};

use serde_json::Value;
use sijang_cloud::{process::find, progress::Progress};
use sijang_testkit::lambda::runtime_api::RuntimeApi;

use crate::{
    candidate::{COPY, Candidate, Candidates, HELLO, OURS, Operation, SDK},
    environment::Environment,
    market,
    report::{Report, Table, thousands},
    samples::Samples,
    store::Stub,
    usage::load,
};

const ROUNDS: usize = 10;

/// The place where everybody runs: before a store that answers at once.
pub struct Place {
    folder: PathBuf,
    api: RuntimeApi,
    variables: Vec<(String, String)>,
    _stub: Stub,
}

/// An order's figures, by everything that stands below a name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Microseconds.
    pub cpu: f64,
    instructions: Option<f64>,
    /// Of these, SHA-256 in software; none where a program has no symbols.
    of_sha256: Option<f64>,
    blocks: Option<f64>,
    bytes: Option<f64>,
}

pub async fn measure(candidates: &Candidates, requests: usize, progress: Progress, report: &mut Report) {
    let place = Place::open(&candidates.folder).await;
    let before = load();
    let all = [HELLO, COPY, SDK, OURS].map(|name| candidates.by_name(name, Operation::PlaceOrder));
    let costs = place.costs(&all, requests, progress).await;
    let mut table =
        Table::new("Shares of an order", &["share", "CPU, us", "instructions", "allocations", "bytes allocated"]);
    let shares = [
        ("the runtime", costs[0]),
        ("the SDK, for one transaction", costs[2].less(costs[1])),
        ("our own code", costs[3].less(costs[2].less(costs[1])).less(costs[0])),
        ("together", costs[3]),
    ];
    for (share, cost) in shares {
        let [instructions, blocks, bytes] = cost.counted();
        table.row([share.to_owned(), format!("{:.0}", cost.cpu), instructions, blocks, bytes]);
        if share != "together" {
            report.bar("Shares of an order, microseconds of CPU", share, cost.cpu);
        }
    }
    table.note(format!("an order of one line before a store that answers at once, without TLS; {requests} orders, {ROUNDS} rounds in turns, medians; load {before} to {}", load()));
    table.note(
        "the SDK: a function that copies a transaction and sends it, less one that only copies it; our own code: place-order less the SDK and the runtime alone",
    );
    if let Some(instructions) = costs[2].of_sha256 {
        table.note(format!(
            "{} instructions of the SDK are SHA-256 in software, for the processor that valgrind simulates; processors of today have instructions for it",
            thousands(instructions)
        ));
    }
    report.add(table);
}

impl Cost {
    /// Instructions, allocations, and their bytes.
    pub fn counted(self) -> [String; 3] {
        [self.instructions, self.blocks, self.bytes]
            .map(|count| count.map_or_else(|| "no valgrind here".to_owned(), thousands))
    }

    fn less(self, other: Self) -> Self {
        let less = |one: Option<f64>, other: Option<f64>| Some(one? - other?);
        Self {
            cpu: self.cpu - other.cpu,
            instructions: less(self.instructions, other.instructions),
            of_sha256: less(self.of_sha256, other.of_sha256),
            blocks: less(self.blocks, other.blocks),
            bytes: less(self.bytes, other.bytes),
        }
    }
}

impl Place {
    /// Leaves in `folder` what valgrind says.
    pub async fn open(folder: &Path) -> Self {
        let stub = Stub::start().await;
        let mut variables = market::lambda_variables(&stub.endpoint);
        let tables = ["BALANCES", "PRODUCTS", "COUPONS", "USER_COUPONS", "ORDERS", "EVENTS"];
        variables.extend(tables.map(|table| (format!("{table}_TABLE"), table.to_lowercase())));
        Self { folder: folder.to_owned(), api: RuntimeApi::start().await.unwrap(), variables, _stub: stub }
    }

    /// An order's figures of each.
    pub async fn costs(&self, candidates: &[&Candidate], requests: usize, progress: Progress) -> Vec<Cost> {
        let cpus = self.cpus(candidates, requests, progress).await;
        let mut costs = Vec::new();
        for (candidate, cpu) in candidates.iter().zip(cpus) {
            costs.push(self.cost(candidate, cpu, requests / 2).await);
            progress.say(format_args!("own        {candidate} counted"));
        }
        costs
    }

    async fn cpus(&self, candidates: &[&Candidate], requests: usize, progress: Progress) -> Vec<f64> {
        let mut running = Vec::new();
        for candidate in candidates {
            let mut environment = Environment::start(candidate, &self.api, &self.variables, &[]).await;
            run(&mut environment, 0..requests).await;
            running.push((environment, Samples::default()));
        }
        for round in 1..=ROUNDS {
            for (environment, samples) in &mut running {
                let before = environment.usage().cpu;
                run(environment, round * requests..(round + 1) * requests).await;
                #[allow(clippy::cast_precision_loss)]
                samples.add((environment.usage().cpu - before) / requests as f64);
            }
            progress.say(format_args!("own        round {round} of {ROUNDS}"));
        }
        running.into_iter().map(|(_, samples)| samples.median()).collect()
    }

    async fn cost(&self, candidate: &Candidate, cpu: f64, orders: usize) -> Cost {
        let output = format!("--callgrind-out-file={}", self.counts().display());
        let callgrind = ["--tool=callgrind", "--compress-strings=no", "--log-file=/dev/null", &output];
        let instructions = |profile: &str| [number(profile, "totals:", 0), of_sha256(profile)];
        let instructions = self.counted(candidate, orders, &callgrind, instructions).await;
        let output = format!("--log-file={}", self.counts().display());
        let dhat = ["--tool=dhat", "--dhat-out-file=/dev/null", &output];
        let memory = |log: &str| [number(log, "Total:", 0), number(log, "Total:", 3)];
        let memory = self.counted(candidate, orders, &dhat, memory).await;
        Cost {
            cpu,
            instructions: instructions.map(|[all, _]| all),
            of_sha256: instructions.map(|[_, sha]| sha),
            bytes: memory.map(|[bytes, _]| bytes),
            blocks: memory.map(|[_, blocks]| blocks),
        }
    }

    /// What `read` finds in valgrind's counts, for one order: the difference between so many orders and twice as many.
    async fn counted(
        &self,
        candidate: &Candidate,
        orders: usize,
        options: &[&str],
        read: impl Fn(&str) -> [f64; 2],
    ) -> Option<[f64; 2]> {
        let valgrind = find("valgrind")?.to_string_lossy().into_owned();
        let words: Vec<_> = once(valgrind.as_str()).chain(options.iter().copied()).map(str::to_owned).collect();
        let mut counts = Vec::new();
        for orders in [orders, 2 * orders] {
            let mut environment = Environment::start(candidate, &self.api, &self.variables, &words).await;
            run(&mut environment, 0..orders).await;
            environment.end().await;
            counts.push(read(&fs::read_to_string(self.counts()).unwrap()));
        }
        #[allow(clippy::cast_precision_loss)]
        Some([0, 1].map(|which| (counts[1][which] - counts[0][which]) / orders as f64))
    }

    /// Where valgrind writes what it counted.
    fn counts(&self) -> PathBuf {
        self.folder.join("valgrind.txt")
    }
}

async fn run(environment: &mut Environment, numbers: std::ops::Range<usize>) {
    let product = "01M7Y1G093S7S47G54PPTC4D6G".parse().unwrap();
    for number in numbers {
        let order: Value = market::order(product, number);
        environment.done(order).await;
    }
}

/// Instructions of the functions of SHA-256 themselves, in a profile of callgrind.
fn of_sha256(profile: &str) -> f64 {
    let (mut is_sha256, mut is_call, mut instructions) = (false, false, 0.0);
    for line in profile.lines() {
        if let Some(function) = line.strip_prefix("fn=") {
            is_sha256 = function.contains("sha2");
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            // The line below `calls=` is the cost of what is called.
            if is_sha256 && !is_call {
                instructions += line.split_whitespace().last().unwrap().parse::<f64>().unwrap();
            }
            is_call = false;
        }
    }
    instructions
}

/// The number that is the so-manyth word after a label in valgrind's log.
fn number(log: &str, label: &str, word: usize) -> f64 {
    let rest = log.split(label).nth(1).unwrap_or_else(|| panic!("valgrind does not say {label} {log}"));
    rest.split_whitespace().nth(word).unwrap().replace(',', "").parse().unwrap()
}
