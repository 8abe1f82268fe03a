//! API Gateway and Lambda between a customer and the store: throttling limits, and the function's environments.
//!
//! An environment serves one request at a time and keeps its cache between requests, as a deployed one does: it has its
//! own store.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use sijang_storage::Store;
use tokio::time::sleep;

use super::{assumptions::Cloud, bucket::Bucket, chance::Chance, connector::store, dynamo::Engine};

/// A request did not get to the function: the customer is told to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// 429: by the limits of the route or of the account.
    Throttled,
    /// 503: by Lambda's limits of environments, and of requests for those that there are.
    Unavailable,
}

pub struct Gateway {
    cloud: Cloud,
    engine: Engine,
    state: Mutex<State>,
}

struct State {
    route: Bucket,
    account: Bucket,
    ramp: Bucket,
    requests: Bucket,
    /// Environments without a request, the one that had the last on top.
    idle: Vec<Arc<Store>>,
    environments: usize,
    chance: Chance,
    turned_away: u64,
}

impl Gateway {
    pub fn new(cloud: &Cloud, engine: &Engine, seed: u64) -> Self {
        #[allow(clippy::cast_precision_loss)] // quotas are small
        let requests = cloud.environments as f64 * cloud.environment_rate;
        let state = State {
            route: Bucket::full(cloud.route_rate, cloud.route_burst),
            account: Bucket::full(cloud.account_rate, cloud.account_burst),
            ramp: Bucket::full(cloud.ramp_rate, cloud.ramp_burst),
            requests: Bucket::of(requests, Duration::from_secs(1)),
            idle: Vec::new(),
            environments: 0,
            chance: Chance::of(seed),
            turned_away: 0,
        };
        Self { cloud: cloud.clone(), engine: engine.clone(), state: Mutex::new(state) }
    }

    /// Has the work done by an environment of the function.
    pub async fn request<T>(&self, work: impl AsyncFnOnce(&Store) -> T) -> Result<T, TurnedAway> {
        let (environment, start) = self.environment()?;
        sleep(start + self.cloud.work).await;
        let answer = work(&environment).await;
        self.state().idle.push(environment);
        Ok(answer)
    }

    /// An environment, and how long it takes until it can begin.
    fn environment(&self) -> Result<(Arc<Store>, Duration), TurnedAway> {
        let mut state = self.state();
        let state = &mut *state;
        let is_admitted = state.route.take(1.0) && state.account.take(1.0);
        if is_admitted && state.requests.take(1.0) {
            if let Some(environment) = state.idle.pop() {
                return Ok((environment, Duration::ZERO));
            }
            if state.environments < self.cloud.environments && state.ramp.take(1.0) {
                state.environments += 1;
                return Ok((store(&self.engine), state.chance.time(self.cloud.cold_start)));
            }
        }
        state.turned_away += 1;
        Err(if is_admitted { TurnedAway::Unavailable } else { TurnedAway::Throttled })
    }

    /// Requests that were turned away.
    pub fn turned_away(&self) -> u64 {
        self.state().turned_away
    }

    /// Environments that were started.
    pub fn environments(&self) -> usize {
        self.state().environments
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}
