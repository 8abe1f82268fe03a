//! The calls that went by, the plan for them, and what is held back. One for all proxies of a system, so that calls are
//! counted over all services.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio::{sync::watch, task::JoinSet};

use super::{
    Consumed, Fault, Injection, Plan,
    forward::{Onward, Reply},
};

/// A call that came to a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Counted over all calls, from one.
    pub number: usize,
    /// The name of the operation.
    pub operation: String,
    /// The table of a call that names one table.
    pub table: Option<String>,
    /// Counted over the calls of this operation, from one.
    pub nth: usize,
    /// The fault that was injected, if any.
    pub fault: Fault,
    /// The consumed capacity, if it is measured.
    pub consumed: Consumed,
}

/// The faults of a system: shared by its proxies, and by the test that plans them.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// How many calls have been left without a reply.
    silent: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    /// Whether calls ask DynamoDB for the consumed capacity.
    measured: bool,
    calls: Vec<Call>,
    counts: HashMap<String, usize>,
    late: Vec<Onward>,
    /// Answers of eventually consistent reads, by operation and request: the SDK writes the same one in many
    /// ways.
    seen: HashMap<(String, Value), Reply>,
}

impl Call {
    /// Whether it changes nothing.
    pub fn is_read(&self) -> bool {
        matches!(self.operation.as_str(), "GetItem" | "BatchGetItem" | "Query")
    }

    /// The calls of a run that differ to the function. Reads of one table that follow one another are a loop over pages or
    /// partitions: nothing is written between them, so the first, the second and the last of them stand for all.
    pub fn distinct(calls: &[Self]) -> impl Iterator<Item = &Self> {
        let is_loop = |call: &Self, next: &Self| {
            call.is_read() && call.table.is_some() && (&call.operation, &call.table) == (&next.operation, &next.table)
        };
        calls.chunk_by(is_loop).flat_map(|same| same.iter().take(2).chain(same.iter().skip(2).next_back()))
    }
}

impl Faults {
    /// No faults, until some are planned.
    pub fn none() -> Self {
        let state = State {
            plan: Plan::none(),
            measured: false,
            calls: Vec::new(),
            counts: HashMap::new(),
            late: Vec::new(),
            seen: HashMap::new(),
        };
        Self(Arc::new(Shared { state: Mutex::new(state), silent: watch::Sender::new(0) }))
    }

    /// From here on calls are counted anew, and get the faults of this plan.
    pub fn plan(&self, plan: Plan) {
        let mut state = self.state();
        state.plan = plan;
        state.calls.clear();
        state.counts.clear();
        self.0.silent.send_replace(0);
    }

    /// From here on DynamoDB is asked what each call consumes: the callers need not ask.
    pub fn measure(&self) {
        self.state().measured = true;
    }

    /// The calls since the plan was made.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Waits until a call is left without a reply (see [`Fault::is_silent`]): the moment at which a process can be
    /// stopped right before, or right after, what the call does.
    pub async fn silence(&self) {
        // The sender is in `self`, so that waiting cannot fail.
        let _ = self.0.silent.subscribe().wait_for(|silent| *silent > 0).await;
    }

    /// Lets the calls arrive that are late. Returns how many they were.
    pub async fn deliver_late(&self) -> usize {
        let late = std::mem::take(&mut self.state().late);
        let count = late.len();
        let mut deliveries = JoinSet::new();
        for onward in late {
            deliveries.spawn(onward.send());
        }
        while deliveries.join_next().await.is_some() {}
        count
    }

    pub(super) fn count(&self, operation: &str, request: &Value) -> (usize, Injection) {
        let mut state = self.state();
        let nth = state.counts.entry(operation.to_owned()).or_default();
        *nth += 1;
        let nth = *nth;
        let (number, operation) = (state.calls.len() + 1, operation.to_owned());
        let table = request["TableName"].as_str().map(str::to_owned);
        let mut call = Call { number, operation, table, nth, fault: Fault::None, consumed: Consumed::default() };
        let injection = state.plan.injection(&call);
        call.fault = injection.fault;
        state.calls.push(call);
        (number, injection)
    }

    pub(super) fn is_measured(&self) -> bool {
        self.state().measured
    }

    pub(super) fn note(&self, number: usize, consumed: Consumed) {
        if let Some(call) = self.state().calls.get_mut(number - 1) {
            call.consumed = consumed;
        }
    }

    pub(super) fn fell_silent(&self) {
        self.0.silent.send_modify(|silent| *silent += 1);
    }

    pub(super) fn hold(&self, onward: Onward) {
        self.state().late.push(onward);
    }

    pub(super) fn record(&self, operation: &str, request: &Value, reply: &Reply) {
        self.state().seen.insert((operation.to_owned(), request.clone()), reply.clone());
    }

    pub(super) fn recorded(&self, operation: &str, request: &Value) -> Option<Reply> {
        self.state().seen.get(&(operation.to_owned(), request.clone())).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
