//! What a sweep found, as tables.

use std::{fmt, fmt::Write as _, time::Duration};

use sijang_cli::cost::prices::{CLOUDFRONT, READ, WEB_ACL, WRITE};
use sijang_domain::ShardCount;

use super::{assumptions::Cloud, sale::Outcome, shop::Kind};

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Orders => "orders",
            Self::Coupons => "coupons",
        })
    }
}

/// A kind of sale with a number of shards, on the average over its seeds.
#[derive(Debug)]
pub struct Row {
    pub kind: Kind,
    pub shards: ShardCount,
    /// Edge locations; without CloudFront none.
    pub edge: usize,
    seeds: f64,
    sums: [f64; FIGURES],
    /// Over all seeds together.
    pub false_rejections: usize,
    /// Rejections from the cached count that were true up to half a second before the request, and no longer.
    pub from_cache: usize,
}

const FIGURES: usize = 16;

/// What a plot shows of a row.
#[derive(Debug, Clone, Copy)]
pub enum Figure {
    Sold,
    SoldOutAfter,
    Rate,
    Median,
    P99,
    Conflicts,
    Throttles,
    WriteUnits,
    ReadUnits,
    Cost,
    FirstServed,
    GaveUp,
    TurnedAway,
    AdmittedServed,
    EdgeRequests,
    ToldAtTheEdge,
}

impl Row {
    pub fn new(kind: Kind, shards: ShardCount, edge: usize) -> Self {
        Self { kind, shards, edge, seeds: 0.0, sums: [0.0; FIGURES], false_rejections: 0, from_cache: 0 }
    }

    #[allow(clippy::cast_precision_loss)] // what is counted is far from 2^52
    pub fn add(&mut self, outcome: &Outcome) {
        let usage = &outcome.usage;
        let sold = outcome.sold as f64;
        let edge_requests = outcome.edge_requests.0 as f64;
        let figures = [
            sold,
            outcome.sold_out_after.unwrap_or(Duration::MAX).as_secs_f64(),
            outcome.rate().unwrap_or_default(),
            outcome.wait(50).as_secs_f64(),
            outcome.wait(99).as_secs_f64(),
            usage.conflicts as f64,
            (usage.throttled + usage.throttled_reads) as f64,
            usage.write_units as f64,
            usage.read_units,
            (usage.write_units as f64 * WRITE.nanodollars
                + usage.read_units * READ.nanodollars
                + edge_requests * (CLOUDFRONT.nanodollars + WEB_ACL.nanodollars))
                / 1e9,
            100.0 * outcome.first_served as f64 / sold,
            outcome.gave_up as f64,
            outcome.turned_away as f64,
            100.0 * outcome.admitted_served as f64 / sold,
            edge_requests,
            outcome.told_at_the_edge as f64,
        ];
        for (sum, figure) in self.sums.iter_mut().zip(figures) {
            *sum += figure;
        }
        self.seeds += 1.0;
        self.false_rejections += outcome.false_rejections;
        self.from_cache += outcome.from_cache;
    }

    pub fn figure(&self, figure: Figure) -> f64 {
        self.sums[figure as usize] / self.seeds
    }

    /// The row as a line of progress.
    pub fn line(&self) -> String {
        self.cells().join(" | ")
    }

    fn cells(&self) -> Vec<String> {
        let seconds = |figure| match self.figure(figure) {
            never if never > 1e6 => "never".to_owned(),
            seconds => format!("{seconds:.2} s"),
        };
        let whole = |figure| grouped(self.figure(figure));
        vec![
            self.kind.to_string(),
            self.shards.get().to_string(),
            if self.edge == 0 { "no" } else { "yes" }.to_owned(),
            whole(Figure::Sold),
            seconds(Figure::SoldOutAfter),
            seconds(Figure::Median),
            seconds(Figure::P99),
            whole(Figure::Conflicts),
            whole(Figure::Throttles),
            self.false_rejections.to_string(),
            self.from_cache.to_string(),
            whole(Figure::GaveUp),
            whole(Figure::TurnedAway),
            format!("{:.0} %", self.figure(Figure::FirstServed)),
            format!("{:.0} %", self.figure(Figure::AdmittedServed)),
            whole(Figure::ToldAtTheEdge),
            whole(Figure::EdgeRequests),
            whole(Figure::WriteUnits),
            whole(Figure::ReadUnits),
            format!("${:.3}", self.figure(Figure::Cost)),
        ]
    }
}

const COLUMNS: [&str; 20] = [
    "sale",
    "K",
    "edge",
    "sold",
    "sold out after",
    "answer p50",
    "p99",
    "conflicts",
    "throttled",
    "false rejections",
    "from the cache",
    "gave up",
    "turned away",
    "first come, served",
    "first admitted, served",
    "told at the edge",
    "requests at the edge",
    "write units",
    "read units",
    "cost",
];

/// The rows as a table.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!("| {} |\n|{}\n", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
    for row in rows {
        writeln!(text, "| {} |", row.cells().join(" | ")).unwrap();
    }
    text
}

/// What the cloud was assumed to be, as a table.
pub fn figures(cloud: &Cloud) -> String {
    let mut text = "| what | figure | source |\n|---|---|---|\n".to_owned();
    for (what, figure, source) in cloud.figures() {
        writeln!(text, "| {what} | {figure} | {source} |").unwrap();
    }
    text
}

/// A whole number, its thousands apart.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
