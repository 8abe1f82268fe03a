//! All of them: every scenario, every call of its process, every kill point.
//!
//! `SIJANG_SCENARIO=place-order` runs only the scenarios of this function.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use sijang_cloud::faults::Call;
use sijang_testkit::{
    lambda::{LambdaHost, functions},
    shop::{Shop, after, at},
};

use crate::processes::{
    case::{self, Clean, KillPoint, Verdict},
    commands,
    scenario::{Prepared, Scenario},
    workers,
};

/// Cases under way at once: some of them wait for a process to be cut off.
const AT_ONCE: usize = 6;
/// How often a case is tried with more and more time.
const TRIALS: u32 = 4;

/// Hosts that can be used again: their workers are warm.
#[derive(Default)]
struct Hosts(Mutex<Vec<LambdaHost>>);

impl Hosts {
    async fn take(&self) -> LambdaHost {
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match free {
            Some(host) => host,
            None => LambdaHost::new().await,
        }
    }

    fn give_back(&self, host: LambdaHost) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(host);
    }
}

/// A scenario, ready to be put to the test.
struct Subject {
    scenario: Scenario,
    prepared: Prepared,
    clean: Clean,
}

impl Subject {
    async fn of(scenario: Scenario, hosts: Arc<Hosts>) -> Arc<Self> {
        let prepared = (scenario.prepare)(shop().await).await;
        let host = hosts.take().await;
        let clean = case::clean(&host, scenario.function, &prepared).await;
        hosts.give_back(host);
        Arc::new(Self { scenario, prepared, clean })
    }

    fn title(&self) -> String {
        format!("{}, {}", self.scenario.function, self.scenario.name)
    }

    fn cases(self: &Arc<Self>) -> impl Iterator<Item = Case> {
        let struck =
            self.clean.calls.iter().flat_map(|call| KillPoint::ALL.map(|kill_point| (call.clone(), kill_point)));
        struck.map(|(call, kill_point)| Case { subject: Arc::clone(self), call, kill_point })
    }
}

/// A shop whose past is ten minutes old: the functions have clocks of their own, that show the present.
pub async fn shop() -> Shop {
    Shop::open_at(after(at(&Timestamp::now().to_string()), -600)).await
}

#[derive(Clone)]
struct Case {
    subject: Arc<Subject>,
    call: Call,
    kill_point: KillPoint,
}

impl Case {
    async fn run(self, hosts: Arc<Hosts>) -> Verdict {
        let Subject { scenario, prepared, clean } = &*self.subject;
        for trial in 0..TRIALS {
            let host = hosts.take().await;
            let subject = (scenario.function, prepared, clean);
            match case::run_with_fault(&host, subject, (&self.call, self.kill_point), trial).await {
                Verdict::Passed { killed } => {
                    hosts.give_back(host);
                    return Verdict::Passed { killed };
                }
                Verdict::NotMet => {}
                failed @ Verdict::Failed(_) => return failed,
            }
        }
        Verdict::NotMet
    }
}

type Results = Vec<(Case, Verdict)>;

/// The line of the table for a scenario.
fn line(subject: &Arc<Subject>, results: &Results) -> String {
    let own = || results.iter().filter(|(case, _)| Arc::ptr_eq(&case.subject, subject)).map(|(_, verdict)| verdict);
    let killed = own().filter(|verdict| **verdict == Verdict::Passed { killed: true }).count();
    let went_on = own().filter(|verdict| **verdict == Verdict::Passed { killed: false }).count();
    let calls = subject.clean.calls.len();
    format!("{:<45} {calls:>6} {:>6} {killed:>7} {went_on:>8}", subject.title(), own().count())
}

/// Straight to the terminal: the table is to be seen when the test passes, too.
fn report(subjects: &[Arc<Subject>], results: &Results, began: Instant) {
    let mut table = format!("\n{:<45} {:>6} {:>6} {:>7} {:>8}\n", "function", "calls", "cases", "killed", "went on");
    for subject in subjects {
        let _ = writeln!(table, "{}", line(subject, results));
    }
    let passed = results.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Passed { .. })).count();
    let seconds = began.elapsed().as_secs();
    let _ = writeln!(table, "processes at every call: {} cases, {passed} passed, {seconds} s", results.len());
    let _ = io::stderr().write_all(table.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn process_killed_at_any_call_loses_and_doubles_nothing() {
    functions::build().await;
    let began = Instant::now();
    let only = std::env::var("SIJANG_SCENARIO").unwrap_or_default();
    let scenarios = commands::all().into_iter().chain(workers::all());
    let scenarios = scenarios.filter(|scenario| scenario.function.contains(&only));
    let hosts = Arc::new(Hosts::default());
    let ready = scenarios.map(|scenario| Subject::of(scenario, Arc::clone(&hosts)));
    let subjects: Vec<Arc<Subject>> = stream::iter(ready).buffered(AT_ONCE).collect().await;
    let results: Results = stream::iter(subjects.iter().flat_map(Subject::cases))
        .map(|case| {
            let running = tokio::spawn(case.clone().run(Arc::clone(&hosts)));
            async move { (case, running.await.unwrap_or_else(|panic| Verdict::Failed(panic.to_string()))) }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;

    report(&subjects, &results, began);
    let failures: Vec<String> = results
        .iter()
        .filter_map(|(Case { subject, call, kill_point }, verdict)| match verdict {
            Verdict::Passed { .. } => None,
            Verdict::NotMet => Some((subject, call, kill_point, "the call was never made")),
            Verdict::Failed(failure) => Some((subject, call, kill_point, failure.as_str())),
        })
        .map(|(subject, call, kill_point, failure)| {
            format!("{}: call {} ({}), {kill_point}: {failure}", subject.title(), call.number, call.operation)
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
