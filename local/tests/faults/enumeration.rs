//! All cases of a driver: every scenario, every call of it, every injection that the driver has for the call. Of a loop of
//! reads three calls stand for all ([`Call::distinct`]).
//!
//! All of them take ten minutes. Unless asked for, only a third is run: each injection at every third call of a scenario.
//! `SIJANG_SCENARIO=place-order` runs all cases of the scenarios with this in their name, `SIJANG_SCENARIO=` all there are.

use std::{
    env,
    fmt::Write as _,
    future::Future,
    io::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures::{StreamExt, stream};
use sijang_cloud::faults::Call;

use crate::injection::FaultInjection;

/// Of the cases that nobody asked for, one in this many is run.
const SAMPLE: usize = 3;

/// How often a case is tried with more and more time.
const TRIALS: u32 = 4;

/// Runs scenarios under faults: in the test process, or in processes that it kills.
pub trait Driver: Send + Sync + 'static {
    /// A scenario, and what came of it without a fault.
    type Scenario: Send + Sync + 'static;

    /// Cases under way at once: some of them wait for a timeout.
    const AT_ONCE: usize;

    /// The faults of a call.
    fn injections(call: &Call) -> Vec<FaultInjection>;

    /// Runs a scenario with a fault at a call. With every `trial` it has more time.
    fn run(
        &self,
        scenario: &Self::Scenario,
        call: &Call,
        injection: FaultInjection,
        trial: u32,
    ) -> impl Future<Output = Result<(), NotPassed>> + Send;
}

/// Why a case did not pass.
pub enum NotPassed {
    /// It was too slow for the time that it was given: it never came to the call, or it gave up after it. With more time
    /// it must pass.
    OutOfTime(&'static str),
    /// The failure, as text.
    Failed(String),
}

impl From<String> for NotPassed {
    fn from(failure: String) -> Self {
        Self::Failed(failure)
    }
}

/// A scenario whose calls are known, because it was run without a fault.
pub struct Subject<S> {
    pub name: String,
    pub calls: Vec<Call>,
    pub scenario: S,
}

/// The text that the names of the wanted scenarios contain; nothing when none was asked for.
fn wanted() -> Option<String> {
    env::var("SIJANG_SCENARIO").ok()
}

/// Whether the scenario of this name is to be run.
pub fn is_wanted(name: &str) -> bool {
    wanted().is_none_or(|only| name.contains(&only))
}

struct Case<S> {
    subject: Arc<Subject<S>>,
    call: Call,
    injection: FaultInjection,
}

impl<S> Case<S> {
    fn all<D: Driver<Scenario = S>>(subject: &Arc<Subject<S>>) -> Vec<Arc<Self>> {
        let sample = if wanted().is_some() { 1 } else { SAMPLE };
        let case = |call: &Call, injection| Self { subject: Arc::clone(subject), call: call.clone(), injection };
        let cases = Call::distinct(&subject.calls).enumerate().flat_map(|(position, call)| {
            let injections = D::injections(call).into_iter().enumerate();
            let chosen = injections.filter(move |(number, _)| (number + position).is_multiple_of(sample));
            chosen.map(move |(_, injection)| Arc::new(case(call, injection)))
        });
        cases.collect()
    }

    async fn run<D: Driver<Scenario = S>>(self: Arc<Self>, driver: Arc<D>) -> Result<(), String> {
        let mut out_of_time = "";
        for trial in 0..TRIALS {
            match driver.run(&self.subject.scenario, &self.call, self.injection, trial).await {
                Ok(()) => return Ok(()),
                Err(NotPassed::OutOfTime(why)) => out_of_time = why,
                Err(NotPassed::Failed(failure)) => return Err(failure),
            }
        }
        Err(out_of_time.to_owned())
    }
}

/// Runs every case, and asserts that all of them pass.
pub async fn enumerate<D: Driver>(driver: D, subjects: Vec<Subject<D::Scenario>>) {
    let (began, driver) = (Instant::now(), Arc::new(driver));
    let subjects: Vec<_> = subjects.into_iter().map(Arc::new).collect();
    let cases: Vec<_> = subjects.iter().flat_map(Case::all::<D>).collect();
    assert!(!cases.is_empty(), "there is no such scenario");
    let results: Vec<_> = stream::iter(cases)
        .map(|case| {
            let running = tokio::spawn(Arc::clone(&case).run(Arc::clone(&driver)));
            async move { (case, running.await.unwrap_or_else(|panic| Err(panic.to_string())).err()) }
        })
        .buffer_unordered(D::AT_ONCE)
        .collect()
        .await;

    let mut report = format!("\n{:<50} {:>6} {:>6} {:>7}\n", "scenario", "calls", "cases", "passed");
    for subject in &subjects {
        let own = || results.iter().filter(|(case, _)| Arc::ptr_eq(&case.subject, subject));
        let passed = own().filter(|(_, failure)| failure.is_none()).count();
        let _ = writeln!(report, "{:<50} {:>6} {:>6} {passed:>7}", subject.name, subject.calls.len(), own().count());
    }
    let failure = |(case, failure): &(Arc<Case<D::Scenario>>, Option<String>)| {
        let Case { subject, call, injection } = &**case;
        Some(format!("{}: call {} ({}), {injection}: {}", subject.name, call.number, call.operation, failure.as_ref()?))
    };
    let failures: Vec<String> = results.iter().filter_map(failure).collect();
    let (count, seconds) = (results.len(), began.elapsed().as_secs());
    let _ = writeln!(report, "{count} cases, {} passed, {seconds} s", count - failures.len());
    // Straight to the terminal: the table is to be seen when the test passes, too.
    let _ = io::stderr().write_all(report.as_bytes());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Services to be used again: to reset them is faster than to make them.
pub struct Pool<T>(Mutex<Vec<T>>);

impl<T> Pool<T> {
    pub fn new() -> Self {
        Self(Mutex::default())
    }

    pub fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub fn give_back(&self, used: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(used);
    }
}
