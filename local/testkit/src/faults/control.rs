//! The plan, the calls that were made, and the calls that are held back. All proxies of a system share one [`Faults`], so
//! that calls are counted over all services.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;
use tokio::{sync::watch, task::JoinSet};

use super::{Call, Consumed, Fault, Plan, PlannedFault, forward::ForwardedCall, reply::Reply};

/// The faults of a system: shared by its proxies, and by the test that plans them.
#[derive(Debug, Clone)]
pub struct Faults(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// How many calls have been left without a reply.
    unanswered: watch::Sender<usize>,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    /// Whether DynamoDB is asked what a call consumes.
    measured: bool,
    calls: Vec<Call>,
    counts: HashMap<String, usize>,
    late: Vec<ForwardedCall>,
    /// What eventually consistent reads were answered, by operation and request: the SDK writes the same one in many ways.
    seen: HashMap<(String, Value), Reply>,
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
        Self(Arc::new(Shared { state: Mutex::new(state), unanswered: watch::Sender::new(0) }))
    }

    /// From here on calls are counted anew, and get the faults of this plan.
    pub fn plan(&self, plan: Plan) {
        let mut state = self.state();
        state.plan = plan;
        state.calls.clear();
        state.counts.clear();
        self.0.unanswered.send_replace(0);
    }

    /// From here on DynamoDB is asked what each call consumes: the callers need not ask.
    pub fn measure(&self) {
        self.state().measured = true;
    }

    /// The calls since the plan was made.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Waits until a call is left without a reply (see [`Fault::is_unanswered`]): the moment at which a process can be
    /// stopped right before, or right after, what the call does.
    pub async fn unanswered(&self) {
        // The sender is in `self`, so that waiting cannot fail.
        let _ = self.0.unanswered.subscribe().wait_for(|unanswered| *unanswered > 0).await;
    }

    /// Lets the calls arrive that are late. Returns how many they were.
    pub async fn deliver_late(&self) -> usize {
        let late = std::mem::take(&mut self.state().late);
        let count = late.len();
        let mut deliveries = JoinSet::new();
        for call in late {
            deliveries.spawn(call.send());
        }
        while deliveries.join_next().await.is_some() {}
        count
    }

    pub(super) fn count(&self, operation: &str) -> (usize, PlannedFault) {
        let mut state = self.state();
        let nth = state.counts.entry(operation.to_owned()).or_default();
        *nth += 1;
        let nth = *nth;
        let (number, operation) = (state.calls.len() + 1, operation.to_owned());
        let mut call = Call { number, operation, nth, fault: Fault::None, consumed: Consumed::default() };
        let planned = state.plan.fault_of(&call);
        call.fault = planned.fault;
        state.calls.push(call);
        (number, planned)
    }

    pub(super) fn is_measured(&self) -> bool {
        self.state().measured
    }

    pub(super) fn record_consumed(&self, number: usize, consumed: Consumed) {
        if let Some(call) = self.state().calls.get_mut(number - 1) {
            call.consumed = consumed;
        }
    }

    pub(super) fn record_unanswered(&self) {
        self.0.unanswered.send_modify(|unanswered| *unanswered += 1);
    }

    pub(super) fn hold(&self, call: ForwardedCall) {
        self.state().late.push(call);
    }

    pub(super) fn record_reply(&self, operation: &str, request: &Value, reply: &Reply) {
        self.state().seen.insert((operation.to_owned(), request.clone()), reply.clone());
    }

    pub(super) fn seen_reply(&self, operation: &str, request: &Value) -> Option<Reply> {
        self.state().seen.get(&(operation.to_owned(), request.clone())).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
