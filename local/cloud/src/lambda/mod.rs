//! Serves the functions: `cargo lambda watch` is the Lambda Runtime API, the binaries are started and kept alive by us,
//! and every invocation of MiniStack goes through a queue that hands each one to a free execution environment.

mod adapt;
mod endpoint;
mod environment;
mod lambda_api;
mod pool;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

pub use self::endpoint::InvokeEndpoint;
use self::{lambda_api::LambdaApi, pool::Pool};
use crate::progress::Progress;

/// A function to serve.
#[derive(Debug, Clone)]
pub struct FunctionSpec {
    /// Name of the binary: `place-order`.
    pub name: String,
    /// Name of the deployed function: `sijang-place-order`.
    pub physical_name: String,
    /// The executable.
    pub binary: PathBuf,
    /// Environment of the deployed function, with what Lambda adds.
    pub environment: BTreeMap<String, String>,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// How many invocations run at once.
    pub instances: usize,
    /// Where the function's output goes.
    pub log: PathBuf,
}

/// All functions, being served.
#[derive(Debug)]
pub struct Functions {
    api: LambdaApi,
    pools: Arc<Pools>,
    /// Whatever keeps the processes alive; they end with it.
    tasks: JoinSet<()>,
}

/// The pools by physical name.
pub(crate) type Pools = BTreeMap<String, Pool>;

impl Functions {
    /// Starts `cargo lambda watch` and every function.
    pub async fn start(
        cargo_lambda: PathBuf,
        folder: PathBuf,
        log: PathBuf,
        specs: Vec<FunctionSpec>,
        progress: Progress,
    ) -> Result<Self> {
        let queues = specs.iter().flat_map(|spec| (1..=spec.instances).map(|number| queue_name(&spec.name, number)));
        let queues: Vec<String> = queues.collect();
        let mut tasks = JoinSet::new();
        let api = LambdaApi::start(cargo_lambda, folder, log, &queues, &mut tasks, progress).await?;
        let mut pools = Pools::new();
        for spec in &specs {
            pools.insert(spec.physical_name.clone(), Pool::start(spec, &api, &mut tasks, progress)?);
        }
        for pool in pools.values() {
            pool.ready().await;
        }
        Ok(Self { api, pools: Arc::new(pools), tasks })
    }

    pub(crate) fn pools(&self) -> Arc<Pools> {
        self.pools.clone()
    }

    /// Process ids of the running environments of a function, by physical name.
    pub fn pids(&self, function: &str) -> Vec<u32> {
        self.pools.get(function).map(Pool::pids).unwrap_or_default()
    }

    /// Process id of `cargo lambda watch`.
    pub fn cargo_lambda_pid(&self) -> Result<u32> {
        self.api.pid().context("cargo lambda watch is being restarted")
    }

    /// Waits until the event pipeline has come to rest: MiniStack looks for work every second. What is still in a
    /// table's stream when it stops is lost, for it does not store streams.
    pub async fn settle(&self) {
        const REST: Duration = Duration::from_millis(1_200);
        const PATIENCE: Duration = Duration::from_secs(20);
        let at_rest = async {
            while self.pools.values().any(|pool| pool.idle_for() < REST) {
                sleep(Duration::from_millis(50)).await;
            }
        };
        // A function that fails for ever keeps the pipeline busy for ever.
        let _ = timeout(PATIENCE, at_rest).await;
    }

    /// Ends all processes.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Each execution environment has its own queue in `cargo lambda watch`, and so its own name there.
fn queue_name(function: &str, number: usize) -> String {
    format!("{function}-{number}")
}
