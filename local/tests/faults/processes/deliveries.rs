//! Deliveries as they come on a bad day: each event one to five times, in any order, in batches of any size, some of them
//! late, and processes that die in the middle. In the end everything is counted once.
//!
//! Each seed is another day; `SIJANG_SEEDS=0..100` runs more of them.

use std::{
    env,
    io::{self, Write},
    time::Instant,
};

use fastrand::Rng;
use sijang_cloud::faults::{Fault, Plan};
use sijang_storage::Item;
use sijang_testkit::{
    invariants::violations_once_ranked,
    lambda::{
        LambdaHost, PLENTY, daily_aggregation, functions,
        trigger::{self, Outcome, Trigger},
    },
    pipeline::{Stage, relayed_items},
    snapshot::Snapshot,
};
use tokio::time::sleep;

use crate::processes::{enumeration::shop, workers::sell};

const SEEDS: &str = "0..4";
/// How many runs of a hundred die.
const DEATHS: u32 = 35;

/// Figures of a day.
#[derive(Default)]
struct Tally {
    deliveries: usize,
    deaths: usize,
}

/// One bad day.
struct Day<'a> {
    host: &'a LambdaHost,
    rng: Rng,
    tally: Tally,
}

impl Day<'_> {
    /// Each record one to five times, shuffled, cut into batches.
    fn batches(&mut self, records: &[Item]) -> Vec<Vec<Item>> {
        let mut copies: Vec<Item> = Vec::new();
        for record in records {
            copies.extend(std::iter::repeat_n(record.clone(), self.rng.usize(1..=5)));
        }
        self.rng.shuffle(&mut copies);
        self.tally.deliveries += copies.len();
        let mut batches = Vec::new();
        while !copies.is_empty() {
            let size = self.rng.usize(1..=copies.len().min(12));
            batches.push(copies.split_off(copies.len() - size));
        }
        batches
    }

    /// Runs a function in an environment that may die at one of its calls. Whether it is done.
    async fn fire(&mut self, function: &'static str, trigger: &mut Trigger) -> bool {
        let mut environment = self.host.start(function).await;
        let faults = &self.host.services.faults;
        if self.rng.u32(0..100) < DEATHS {
            let death = [Fault::Hang, Fault::Late, Fault::ReplyHung][self.rng.usize(0..3)];
            faults.plan(Plan::at(self.rng.usize(1..=3), death));
        }
        let killed = async {
            faults.silence().await;
            sleep(std::time::Duration::from_millis(1)).await;
        };
        let outcome = tokio::select! {
            outcome = trigger.fire(self.host, &mut environment, PLENTY) => Some(outcome),
            () = killed => None,
        };
        environment.kill().await;
        faults.plan(Plan::none());
        self.tally.deaths += usize::from(outcome.is_none());
        matches!(outcome, Some(Outcome::Done(_)))
    }

    /// The queue is read in batches of any size. What has been counted is delivered once more now and then, because its
    /// deletion came too late.
    async fn consume(&mut self) {
        for _ in 0..self.rng.usize(1..=3) {
            if self.rng.bool() {
                self.host.services.sqs.pass_visibility_timeout();
            }
            let messages = trigger::receive(self.host, self.rng.usize(1..=20)).await;
            self.tally.deliveries += messages.len();
            let mut environment = self.host.start("record-sales").await;
            let times = self.rng.usize(1..=3);
            for _ in 0..times {
                trigger::consume(self.host, &mut environment, &messages, PLENTY).await;
            }
            environment.kill().await;
        }
    }

    async fn pass(mut self, records: &[Item]) -> Result<Tally, String> {
        let (on_time, late) = records.split_at(self.rng.usize(1..records.len()));
        for records in [on_time, late] {
            for batch in self.batches(records) {
                let mut relay = Trigger::Stream(batch);
                while !self.fire("publish-order-events", &mut relay).await {}
                if self.rng.u8(0..4) == 0 {
                    self.consume().await;
                }
            }
            self.host.services.faults.deliver_late().await;
            self.host.services.sqs.pass_visibility_timeout();
            // Later messages have to be found by the next run.
            self.fire("aggregate-daily-stats", &mut daily_aggregation()).await;
        }
        self.host.services.faults.deliver_late().await;
        let shop = self.host.deliver_pending(Stage::InQueue).await?;
        match violations_once_ranked(&shop) {
            violations if violations.is_empty() => Ok(self.tally),
            violations => Err(format!("{violations:?}")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_counted_once_however_it_is_delivered() {
    functions::build().await;
    let began = Instant::now();
    let seeds = env::var("SIJANG_SEEDS").unwrap_or_else(|_| SEEDS.to_owned());
    let (first, end) = seeds.split_once("..").unwrap();
    let (first, end): (u64, u64) = (first.parse().unwrap(), end.parse().unwrap());
    let shop = shop().await;
    sell(&shop).await;
    let items: Snapshot = shop.snapshot().await;
    let records = relayed_items(&items);
    let (host, mut total) = (LambdaHost::new().await, Tally::default());
    for seed in first..end {
        host.reset(&items, &[]).await;
        host.services.faults.plan(Plan::none());
        let day = Day { host: &host, rng: Rng::with_seed(seed), tally: Tally::default() };
        let tally = day.pass(&records).await.unwrap_or_else(|what| panic!("SIJANG_SEEDS={seed}..{}: {what}", seed + 1));
        total.deliveries += tally.deliveries;
        total.deaths += tally.deaths;
    }
    let (seconds, Tally { deliveries, deaths }) = (began.elapsed().as_secs(), total);
    let (seeds, events) = (end - first, records.len());
    let line = format!(
        "deliveries: {seeds} seeds of {events} events, {deliveries} deliveries, {deaths} processes killed, \
         each counted once, {seconds} s\n"
    );
    let _ = io::stderr().write_all(line.as_bytes());
}
