//! Serves the functions as Lambda does: an invocation of MiniStack waits for an execution environment, which is a process
//! behind the Runtime API. A process is started when it is needed, and is used again.
//!
//! The Runtime API is the project's own, and the tests that kill processes at a call use the same one. `cargo lambda watch`
//! would need more code around it: it locks up for good beyond 100 waiting requests of a function, does not start a
//! process again that has ended, cannot time out an invocation, gives each a deadline in 1970, and is one more HTTP exchange
//! and one more process.

mod adapt;
mod endpoint;
mod environment;
mod pool;
pub mod runtime_api;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Result;
use tokio::time::{sleep, timeout};

pub use self::endpoint::InvokeEndpoint;
use self::{pool::Pool, runtime_api::RuntimeApi};
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
    /// How many invocations run at once, at most.
    pub instances: usize,
    /// Where the function's output goes.
    pub log: PathBuf,
}

/// All functions, being served.
#[derive(Debug)]
pub struct Functions {
    pools: Arc<Pools>,
}

/// The pools by physical name.
pub(crate) type Pools = BTreeMap<String, Pool>;

impl Functions {
    /// Starts the Runtime API. The first invocation of a function starts its process.
    pub async fn start(specs: Vec<FunctionSpec>, progress: Progress) -> Result<Self> {
        let api = Arc::new(RuntimeApi::start().await?);
        let pool = |spec: FunctionSpec| Ok((spec.physical_name.clone(), Pool::new(spec, api.clone(), progress)?));
        Ok(Self { pools: Arc::new(specs.into_iter().map(pool).collect::<Result<_>>()?) })
    }

    pub(crate) fn pools(&self) -> Arc<Pools> {
        self.pools.clone()
    }

    /// Process ids of the environments of a function, by physical name.
    pub fn pids(&self, function: &str) -> Vec<u32> {
        self.pools.get(function).map(Pool::pids).unwrap_or_default()
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
    pub async fn stop(self) {
        for pool in self.pools.values() {
            pool.stop().await;
        }
    }
}
