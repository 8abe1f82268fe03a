//! All of them: every scenario, every call of it, every injection that fits the call.
//!
//! `SIJANG_SCENARIO=place-order` runs only the scenarios with this in their name.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures::{StreamExt, stream};
use sijang_cloud::faults::Call;
use sijang_testkit::{services::Services, shop::Shop, snapshot::Snapshot};

use crate::in_process::{
    case::{self, Clean, Verdict},
    commands,
    injection::FaultInjection,
    scenario::{Prepared, Scenario},
    workers,
};

/// Cases under way at once: some of them wait for a timeout.
const AT_ONCE: usize = 12;
/// How often a case is tried with more and more time.
const TRIALS: u32 = 4;

/// Worlds that can be used again, each with what is stored in it: resetting one is faster than making one.
#[derive(Default)]
struct Worlds(Mutex<Vec<(Services, Snapshot)>>);

impl Worlds {
    async fn take(&self, prepared: &Prepared) -> Services {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (services, known) = if let Some(free) = free {
            free
        } else {
            let services = Services::new().await;
            let empty = Snapshot::of(&services.database).await;
            (services, empty)
        };
        services.reset(&known, &prepared.items, &prepared.messages).await;
        services
    }

    fn give_back(&self, services: Services, known: Snapshot) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((services, known));
    }
}

/// A scenario, ready to be put to the test.
struct Subject {
    name: &'static str,
    prepared: Prepared,
    clean: Clean,
}

impl Subject {
    async fn of(scenario: Scenario, worlds: &Worlds) -> Self {
        let prepared = (scenario.prepare)(Shop::open().await).await;
        let services = worlds.take(&prepared).await;
        let (clean, shop) = case::clean(&services, &prepared).await;
        worlds.give_back(services, shop);
        Self { name: scenario.name, prepared, clean }
    }

    fn cases(self: &Arc<Self>) -> Vec<Case> {
        let injections = |call: &Call| {
            FaultInjection::all(&call.operation)
                .into_iter()
                .map(|injection| (call.clone(), injection))
                .collect::<Vec<_>>()
        };
        let cases = self.clean.calls.iter().flat_map(injections);
        cases.map(|(call, injection)| Case { subject: Arc::clone(self), call, injection }).collect()
    }
}

#[derive(Clone)]
struct Case {
    subject: Arc<Subject>,
    call: Call,
    injection: FaultInjection,
}

impl Case {
    async fn run(self, worlds: Arc<Worlds>) -> Result<(), String> {
        let Subject { prepared, clean, .. } = &*self.subject;
        let mut out_of_time = "";
        for trial in 0..TRIALS {
            let services = worlds.take(prepared).await;
            match case::run_with_fault(&services, prepared, clean, (&self.call, self.injection), trial).await {
                Verdict::Passed(shop) => {
                    worlds.give_back(services, shop);
                    return Ok(());
                }
                Verdict::OutOfTime(why) => out_of_time = why,
                Verdict::Failed(failure) => return Err(failure),
            }
        }
        Err(out_of_time.to_owned())
    }

    fn title(&self) -> String {
        format!("{}: call {} ({}), {}", self.subject.name, self.call.number, self.call.operation, self.injection)
    }
}

/// The line of the table for a scenario.
fn line(subject: &Subject, results: &[(Case, Option<String>)]) -> String {
    let own = || results.iter().filter(|(case, _)| case.subject.name == subject.name);
    let faults: BTreeSet<String> = own().map(|(case, _)| case.injection.to_string()).collect();
    let passed = own().filter(|(_, failure)| failure.is_none()).count();
    let calls = subject.clean.calls.len();
    format!("{:<40} {calls:>6} {:>7} {:>6} {passed:>7}", subject.name, faults.len(), own().count())
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_at_any_call_lose_double_and_wrongly_reject_nothing() {
    let began = Instant::now();
    let only = std::env::var("SIJANG_SCENARIO").unwrap_or_default();
    let commands = [commands::done(), commands::done_in_shards(), commands::rejected()];
    let scenarios = commands.into_iter().flatten().chain(workers::all());
    let worlds = Arc::new(Worlds::default());
    let mut subjects = Vec::new();
    for scenario in scenarios.filter(|scenario| scenario.name.contains(&only)) {
        subjects.push(Arc::new(Subject::of(scenario, &worlds).await));
    }
    let cases: Vec<Case> = subjects.iter().flat_map(Subject::cases).collect();
    assert!(!cases.is_empty(), "no scenario has {only} in its name");
    let results: Vec<(Case, Option<String>)> = stream::iter(cases)
        .map(|case| {
            let running = tokio::spawn(case.clone().run(Arc::clone(&worlds)));
            async move { (case, running.await.unwrap_or_else(|panic| Err(panic.to_string())).err()) }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    let mut report = format!("\n{:<40} {:>6} {:>7} {:>6} {:>7}\n", "scenario", "calls", "faults", "cases", "passed");
    for subject in &subjects {
        let _ = writeln!(report, "{}", line(subject, &results));
    }
    let failures: Vec<_> =
        results.iter().filter_map(|(case, failure)| Some(format!("{}: {}", case.title(), failure.as_ref()?))).collect();
    let (count, passed) = (results.len(), results.len() - failures.len());
    let _ = writeln!(report, "crash points: {count} cases, {passed} passed");
    // Straight to the terminal: the table is to be seen when the test passes, too.
    let _ = io::stderr().write_all(report.as_bytes());
    eprintln!("{} s", began.elapsed().as_secs());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
