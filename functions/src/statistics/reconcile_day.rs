//! The reconciler: compares the ledger, orders, coupons, stock and statistics of the day before.
//!
//! EventBridge Scheduler starts it every quarter of an hour from 01:00 to 04:45 (Asia/Seoul), after the aggregator whose
//! totals it checks. A run continues where the last one ended; a run that finds the day done reads one item. It runs once
//! a day and not once an hour, because it reads the whole ledger of every customer who ordered on the day. With
//! `{"day": ..}` it checks one day again. It repairs nothing: each finding is a line in the log with identifiers and
//! without amounts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sijang_domain::{
    Day, RequestTime, Timestamp,
    metric::{RECONCILED_RECORDS, RECONCILIATION_FINDINGS, RECONCILIATION_RUNS},
};
use sijang_edge::{Error, log, metrics, run_worker, time_of_worker};
use sijang_storage::{SETTLING, Store};

/// The longest time of one run. The next run continues.
const TIME_LIMIT: Duration = Duration::from_mins(4);

/// The payload of an invocation.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Task {
    /// From the schedule: the day before `scheduled_time`, from where the last run ended.
    Scheduled {
        /// The time that the schedule names.
        scheduled_time: Timestamp,
    },
    /// From an operator: one day, from its beginning.
    Again {
        /// The day, in Asia/Seoul.
        day: Day,
        /// Orders younger than this are not checked, because their events may still be on their way.
        #[serde(default)]
        settling_minutes: Option<u16>,
    },
}

/// The result of a run.
#[derive(Serialize)]
pub struct Report {
    day: Day,
    facts: u64,
    customers: usize,
    findings: Vec<&'static str>,
    done: bool,
}

/// Works until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    run_worker(move |task| async move { reconcile(store, task, time_of_worker(TIME_LIMIT)?).await }).await
}

/// Reconciles a day and reports its findings.
pub async fn reconcile(store: &Store, task: Task, time: RequestTime) -> Result<Report, Error> {
    let run = match task {
        // Boxed: the futures are large, and deeply nested for the compiler.
        Task::Scheduled { scheduled_time } => Box::pin(store.reconcile_scheduled(scheduled_time, time)).await?,
        Task::Again { day, settling_minutes } => {
            let settling = settling_minutes.map_or(SETTLING, |minutes| Duration::from_mins(minutes.into()));
            Box::pin(store.reconcile_day(day, time, settling)).await?
        }
    };
    run.findings.iter().for_each(log::finding);
    // After the report: a run that ends in between reports its findings again.
    store.save_progress(&run).await?;
    let (facts, customers, findings, nameless) = (run.facts, run.customers, run.findings.len(), run.nameless);
    if run.checked {
        metrics::measure(&RECONCILIATION_FINDINGS, findings as u64);
        metrics::measure(&RECONCILED_RECORDS, customers as u64);
        metrics::count(&RECONCILIATION_RUNS, usize::from(run.done));
    }
    tracing::info!(day = %run.day, facts, customers, findings, nameless, done = run.done, "reconciled");
    let findings = run.findings.iter().map(|finding| finding.rule.name()).collect();
    Ok(Report { day: run.day, facts, customers, findings, done: run.done })
}
