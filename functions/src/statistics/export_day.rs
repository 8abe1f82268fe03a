//! The export to the data platform: the sale facts of a day as Parquet files, and the reconciliation of these files.
//!
//! EventBridge Scheduler starts it every hour from 01:30 to 04:30 (Asia/Seoul). A run exports the days of which the
//! statistics count facts that were not exported: yesterday, days to which a late event or cancellation came, and days
//! that were counted again. So it needs no message from the aggregation, and a day that one run missed is exported by the
//! next. Then it reconciles the files of the last three days. With `{"day": ..}` it exports one day again, and with
//! `{"reconcile": ..}` it reconciles the files of one day.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sijang_domain::{Day, Finding, Timestamp, metric::RECONCILIATION_FINDINGS};
use sijang_edge::{Error, log, metrics, run_worker};
use sijang_platform::{Bucket, Platform, PseudonymKey};
use sijang_storage::Store;

/// The payload of an invocation.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Task {
    /// From the schedule: the days before `scheduled_time` that are not exported.
    Scheduled {
        /// The time that the schedule names.
        scheduled_time: Timestamp,
    },
    /// From an operator: one day, whether it was exported or not.
    Export {
        /// The day, in Asia/Seoul.
        day: Day,
    },
    /// From an operator: the files of one day.
    Reconcile {
        /// The day, in Asia/Seoul.
        reconcile: Day,
    },
}

/// The result of a run.
#[derive(Serialize)]
pub struct Report {
    exported: Vec<Day>,
    facts: u64,
    bytes: u64,
    findings: Vec<String>,
}

/// Works until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let key = std::env::var("PSEUDONYM_KEY").ok().and_then(|key| PseudonymKey::new(&key));
    let key = key.ok_or("PSEUDONYM_KEY must be set, to 32 characters or more")?;
    let platform: &Platform = Box::leak(Box::new(Platform::new(Bucket::from_env(), key)));
    let store = Store::from_env().await;
    run_worker(move |task| export(store, platform, task)).await
}

/// Exports and reconciles the requested days.
pub async fn export(store: &Store, platform: &Platform, task: Task) -> Result<Report, Error> {
    let (to_export, to_reconcile) = match task {
        Task::Scheduled { scheduled_time } => {
            let today = Day::of(scheduled_time);
            (platform.days_behind(store, today).await?, today.ranking_window().to_vec())
        }
        Task::Export { day } => (vec![day], vec![day]),
        Task::Reconcile { reconcile } => (Vec::new(), vec![reconcile]),
    };
    let (mut facts, mut bytes) = (0, 0);
    for day in &to_export {
        let manifest = platform.export(store, *day).await?;
        let size: u64 = manifest.files.iter().map(|file| file.bytes).sum();
        tracing::info!(%day, facts = manifest.facts, bytes = size, "exported");
        (facts, bytes) = (facts + manifest.facts, bytes + size);
    }
    let mut findings: BTreeSet<Finding> = BTreeSet::new();
    for day in to_reconcile {
        findings.extend(platform.findings(store, day).await?);
    }
    findings.iter().for_each(log::finding);
    if !findings.is_empty() {
        // Zero is measured by reconcile-day alone: a zero of this function would hide what that one found.
        metrics::measure(&RECONCILIATION_FINDINGS, findings.len() as u64);
    }
    let findings = findings.iter().map(|finding| finding.rule.name().to_owned()).collect();
    Ok(Report { exported: to_export, facts, bytes, findings })
}
