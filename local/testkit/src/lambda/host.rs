//! A host of function processes: the services of a shop behind fault proxies, and Lambda's Runtime API. Functions that
//! deliver pending events run in environments that are kept warm, as Lambda keeps them.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use sijang_cloud::seoul;
use tempfile::TempDir;
use tokio::sync::Mutex as AsyncMutex;

use super::{
    environment::Environment,
    functions,
    runtime_api::RuntimeApi,
    trigger::{Outcome, Trigger},
};
use crate::{
    pipeline::{Stage, relayed_items},
    services::{DLQ, QUEUE, Services, sqs},
    snapshot::Snapshot,
};

/// Enough for anything that meets no fault.
pub const PLENTY: Duration = Duration::from_mins(1);
/// How often a function is run again before the test fails.
const TRIES: usize = 5;

/// The schedule's trigger of the next daily aggregation, which is the latest that is not in the future. Its
/// three days include the present and the two days before, so it counts an order that was placed just before midnight.
pub fn daily_aggregation() -> Trigger {
    let day = seoul::day(Timestamp::now()).tomorrow().unwrap();
    Trigger::Schedule(seoul::schedule(day).unwrap().to_string())
}

/// The services of a shop, and the Runtime API that its function processes use.
pub struct LambdaHost {
    /// The tables, queues and bucket, behind fault proxies.
    pub services: Services,
    /// A client of the queues that bypasses their proxy.
    pub sqs: aws_sdk_sqs::Client,
    api: RuntimeApi,
    /// Warm environments: they have run before and are frozen.
    warm: AsyncMutex<BTreeMap<&'static str, Environment>>,
    /// The items as of the last snapshot.
    known: Mutex<Snapshot>,
    logs: TempDir,
}

impl LambdaHost {
    /// Empty tables, empty queues and no process.
    pub async fn new() -> Self {
        let services = Services::new().await;
        let known = Mutex::new(Snapshot::of(&services.database).await);
        let sqs = sqs(&services.sqs.endpoint(), PLENTY);
        let logs = tempfile::Builder::new().prefix("processes-").tempdir_in(functions::scratch_folder()).unwrap();
        let (api, warm) = (RuntimeApi::start().await.unwrap(), AsyncMutex::default());
        Self { services, sqs, api, warm, known, logs }
    }

    /// Starts a new environment of a function, with empty caches.
    pub async fn start(&self, function: &'static str) -> Environment {
        let session = self.api.open();
        let program = functions::program(function, &self.services, &session.address, self.logs.path());
        Environment::start(function, &program, session).await
    }

    /// Starts a new environment that takes so many events at once, as on Lambda Managed Instances.
    pub async fn start_concurrent(&self, function: &'static str, workers: usize) -> Environment {
        let session = self.api.open();
        let mut program = functions::program(function, &self.services, &session.address, self.logs.path());
        program.environment.push(("AWS_LAMBDA_MAX_CONCURRENCY".into(), workers.to_string().into()));
        Environment::start(function, &program, session).await
    }

    /// The logs of a function's processes.
    pub fn log(&self, function: &str) -> String {
        fs::read_to_string(self.logs.path().join(format!("{function}.log"))).unwrap()
    }

    /// Makes the tables have these items, the queue these messages, and the bucket nothing.
    pub async fn reset(&self, items: &Snapshot, messages: &[String]) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.services.reset(&known, items, messages).await;
        self.knows(items);
    }

    /// The stored items.
    pub async fn snapshot(&self) -> Snapshot {
        let snapshot = Snapshot::of(&self.services.database).await;
        self.knows(&snapshot);
        snapshot
    }

    fn knows(&self, snapshot: &Snapshot) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = snapshot.clone();
    }

    /// Runs a function in a warm environment until it is done.
    ///
    /// # Errors
    /// When it is not done after five runs.
    pub async fn run(&self, function: &'static str, mut trigger: Trigger) -> Result<(), String> {
        let mut warm = self.warm.lock().await;
        let mut environment = match warm.remove(function) {
            Some(environment) => environment,
            None => self.start(function).await,
        };
        let mut last = String::new();
        for _ in 0..TRIES {
            self.services.sqs.pass_visibility_timeout();
            match trigger.fire(self, &mut environment, PLENTY).await {
                Outcome::Done(_) => {
                    warm.insert(function, environment);
                    return Ok(());
                }
                undone => last = undone.to_string(),
            }
        }
        Err(format!("{function} is not done after {TRIES} runs: {last}"))
    }

    /// Delivers the events to the end of the pipeline, each by its function. Returns the stored items after that.
    ///
    /// # Errors
    /// When a function fails, or messages are left.
    pub async fn deliver_pending(&self, stage: Stage) -> Result<Snapshot, String> {
        if stage == Stage::InStream {
            let shop = self.snapshot().await;
            let records = relayed_items(&shop);
            if records.is_empty() {
                return Ok(shop);
            }
            self.run("publish-order-events", Trigger::Stream(records)).await?;
        }
        self.run("record-sales", Trigger::Queue).await?;
        if stage != Stage::Ranked {
            self.run("aggregate-daily-stats", daily_aggregation()).await?;
        }
        for queue in [QUEUE, DLQ] {
            let left = self.services.sqs.bodies(queue);
            if !left.is_empty() {
                return Err(format!("{} messages are left in {queue}", left.len()));
            }
        }
        Ok(self.snapshot().await)
    }
}
