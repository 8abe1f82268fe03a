//! The daily statistics: every day at 00:10 in Seoul, over the three complete days before.
//!
//! First it counts what is still in the queue, through the same code as the consumer. The days follow from the scheduled
//! time in the input, never from the clock: running it late or again gives what it would have given. With `{"day": ..}`
//! it counts one past day anew.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sijang_domain::{
    Day, RankedProduct, RequestTime, Timestamp,
    metric::{AGGREGATION_DURATION, AGGREGATION_FACTS, AGGREGATION_RUNS},
};
use sijang_edge::{Error, metrics, run_worker, time_of_worker};
use sijang_storage::{OrderEvents, Store};

/// The most time for draining the queue. The consumer and the next run count the rest.
pub const DRAINING: Duration = Duration::from_mins(1);

/// The payload of an invocation.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Task {
    /// By the schedule: the three days before this time, and the ranking.
    Scheduled {
        /// When it was to run.
        scheduled_time: Timestamp,
    },
    /// By an operator: one day.
    Recount {
        /// The day, in Asia/Seoul.
        day: Day,
    },
}

/// The result of a run.
#[derive(Serialize)]
pub struct Report {
    day: Day,
    drained: usize,
    facts: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ranking: Option<Vec<RankedProduct>>,
}

/// Works until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, queue) = (Store::from_env().await, OrderEvents::from_env().await);
    run_worker(move |task| async move { aggregate(store, queue, task, time_of_worker(DRAINING)?).await }).await
}

/// Drains the queue until the deadline, and counts the requested days.
pub async fn aggregate(store: &Store, queue: &OrderEvents, task: Task, time: RequestTime) -> Result<Report, Error> {
    let started = Instant::now();
    // The queue may be out of reach while the facts are not: the ranking is worth having all the same.
    let drained = match store.drain(queue, time).await {
        Ok(drained) => drained,
        Err(error) => {
            tracing::error!(%error, "the queue was not drained");
            0
        }
    };
    let report = match task {
        Task::Scheduled { scheduled_time } => {
            let ranking = store.aggregate(scheduled_time, time.now).await?;
            metrics::count(&AGGREGATION_RUNS, 1);
            metrics::measure(&AGGREGATION_FACTS, ranking.facts);
            metrics::measure(&AGGREGATION_DURATION, u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
            Report { day: ranking.day, drained, facts: ranking.facts, ranking: Some(ranking.products) }
        }
        Task::Recount { day } => Report { day, drained, facts: store.recount(day, time.now).await?, ranking: None },
    };
    tracing::info!(day = %report.day, drained, facts = report.facts, "aggregated");
    Ok(report)
}
