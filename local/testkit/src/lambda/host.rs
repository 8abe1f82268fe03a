//! The rig: a shop whose services are behind proxies and whose functions are processes. What carries the events on runs
//! in environments that are kept, as Lambda keeps them.

use std::{
    collections::BTreeMap,
    fs,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use sijang_local::seoul;
use tempfile::TempDir;
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    books::{Events, order_event_items},
    environment::Environment,
    functions,
    runtime_api::RuntimeApi,
    snapshot::Snapshot,
    trigger::{Outcome, Trigger},
    world::{DEAD_LETTERS, QUEUE, World, sqs},
};

/// Enough for anything that meets no fault.
pub const PLENTY: Duration = Duration::from_mins(1);
/// How often something is run again before it is given up.
const TRIES: usize = 5;

/// When the aggregator is scheduled: the second night from now, whose three days have the present in them, even when
/// midnight passes meanwhile.
static NIGHT: LazyLock<String> = LazyLock::new(|| {
    let day = seoul::day(Timestamp::now()).tomorrow().unwrap().tomorrow().unwrap();
    seoul::schedule(day).unwrap().to_string()
});

/// The aggregator's trigger.
pub fn night() -> Trigger {
    Trigger::Schedule(NIGHT.clone())
}

/// A shop, and the service that runs its functions.
pub struct Rig {
    pub world: World,
    /// The queues, past their proxy.
    pub sqs: aws_sdk_sqs::Client,
    api: RuntimeApi,
    /// Environments that are kept: they have run before, and are frozen.
    warm: AsyncMutex<BTreeMap<&'static str, Environment>>,
    /// What is stored, by what was seen last.
    known: Mutex<Snapshot>,
    logs: TempDir,
}

impl Rig {
    pub async fn new() -> Self {
        let world = World::new().await;
        let known = Mutex::new(Snapshot::of(&world.database).await);
        let sqs = sqs(&world.sqs.endpoint(), PLENTY);
        let logs = tempfile::Builder::new().prefix("rig-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let (api, warm) = (RuntimeApi::start().await.unwrap(), AsyncMutex::default());
        Self { world, sqs, api, warm, known, logs }
    }

    /// A new environment of a function, which remembers nothing.
    pub async fn start(&self, function: &'static str) -> Environment {
        let desk = self.api.open();
        let program = functions::program(function, &self.world, &desk.address, self.logs.path());
        Environment::start(function, &program, desk).await
    }

    /// A new environment of a function that takes so many events at once, as on managed instances.
    pub async fn start_concurrent(&self, function: &'static str, workers: usize) -> Environment {
        let desk = self.api.open();
        let mut program = functions::program(function, &self.world, &desk.address, self.logs.path());
        program.environment.push(("AWS_LAMBDA_MAX_CONCURRENCY".into(), workers.to_string().into()));
        Environment::start(function, &program, desk).await
    }

    /// What the processes of a function have logged.
    pub fn log(&self, function: &str) -> String {
        fs::read_to_string(self.logs.path().join(format!("{function}.log"))).unwrap()
    }

    /// Makes the tables have these items, and the queue these messages.
    pub async fn reset(&self, items: &Snapshot, messages: &[String]) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.world.reset(&known, items, messages).await;
        self.knows(items);
    }

    /// What is stored now.
    pub async fn snapshot(&self) -> Snapshot {
        let snapshot = Snapshot::of(&self.world.database).await;
        self.knows(&snapshot);
        snapshot
    }

    fn knows(&self, snapshot: &Snapshot) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = snapshot.clone();
    }

    /// Runs a function in a kept environment until it is done.
    pub async fn run(&self, function: &'static str, mut trigger: Trigger) -> Result<(), String> {
        let mut warm = self.warm.lock().await;
        let mut environment = match warm.remove(function) {
            Some(environment) => environment,
            None => self.start(function).await,
        };
        let mut last = String::new();
        for _ in 0..TRIES {
            self.world.sqs.pass_visibility_timeout();
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

    /// Carries the events to their end, each by its function. Returns what is stored then.
    pub async fn carry(&self, events: Events) -> Result<Snapshot, String> {
        if events == Events::InStream {
            let shop = self.snapshot().await;
            let records = order_event_items(&shop);
            if records.is_empty() {
                return Ok(shop);
            }
            self.run("publish-order-events", Trigger::Stream(records)).await?;
        }
        self.run("record-sales", Trigger::Queue).await?;
        if events != Events::Ranked {
            self.run("aggregate-daily-stats", night()).await?;
        }
        for queue in [QUEUE, DEAD_LETTERS] {
            let left = self.world.sqs.bodies(queue);
            if !left.is_empty() {
                return Err(format!("{} messages are left in {queue}", left.len()));
            }
        }
        Ok(self.snapshot().await)
    }
}
