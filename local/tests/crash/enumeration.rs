//! All of them: every scenario, every call of it, every strike that fits the call.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write as _},
    sync::Arc,
    time::Instant,
};

use futures::{StreamExt, stream};
use sijang_local::faults::Call;

use crate::{
    case::{clean, struck},
    commands,
    scenario::Scenario,
    shop::Shop,
    strike::Strike,
    workers,
};

/// Cases under way at once: most of them wait for a timeout.
const AT_ONCE: usize = 16;

struct Line {
    name: &'static str,
    calls: usize,
    faults: usize,
    cases: usize,
    failures: Vec<String>,
}

/// Puts a scenario to everything that can happen to it.
async fn enumerate(scenario: Scenario) -> Line {
    let prepared = Arc::new((scenario.prepare)(Shop::open().await).await);
    let clean = Arc::new(clean(&prepared).await);
    let strikes = |call: &Call| Strike::all(&call.operation).into_iter().map({
        let call = call.clone();
        move |strike| (call.clone(), strike)
    });
    let cases: Vec<(Call, Strike)> = clean.calls.iter().flat_map(strikes).collect();
    let faults: BTreeSet<String> = cases.iter().map(|(_, strike)| strike.to_string()).collect();
    let count = cases.len();
    let failures = stream::iter(cases)
        .map(|(call, strike)| {
            let (prepared, clean) = (Arc::clone(&prepared), Arc::clone(&clean));
            let what = format!("{}: call {} ({}), {strike}", scenario.name, call.number, call.operation);
            let case = tokio::spawn(async move { struck(&prepared, &clean, &call, strike).await });
            async move {
                let result = case.await.unwrap_or_else(|panic| Err(format!("{panic}")));
                result.err().map(|failure| format!("{what}: {failure}"))
            }
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(std::future::ready)
        .collect::<Vec<_>>()
        .await;
    Line { name: scenario.name, calls: clean.calls.len(), faults: faults.len(), cases: count, failures }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_or_refused_wrongly_whatever_happens_to_any_call() {
    let began = Instant::now();
    let mut scenarios = commands::done();
    scenarios.extend(commands::refused());
    scenarios.extend(workers::all());
    let only = std::env::var("SIJANG_CRASH").unwrap_or_default();
    let mut table = format!("\n{:<40} {:>6} {:>7} {:>6} {:>7}\n", "scenario", "calls", "faults", "cases", "passed");
    let (mut cases, mut failures) = (0, Vec::new());
    for scenario in scenarios.into_iter().filter(|scenario| scenario.name.contains(&only)) {
        let line = enumerate(scenario).await;
        let passed = line.cases - line.failures.len();
        let Line { name, calls, faults, cases: count, .. } = line;
        let _ = writeln!(table, "{name:<40} {calls:>6} {faults:>7} {count:>6} {passed:>7}");
        cases += count;
        failures.extend(line.failures);
    }
    let passed = cases - failures.len();
    let seconds = began.elapsed().as_secs();
    let _ = writeln!(table, "crash points: {cases} cases, {passed} passed ({seconds} s)");
    // Straight to the terminal: the table is to be seen when the test passes.
    let _ = io::stderr().write_all(table.as_bytes());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
