//! The daily statistics: every night at 00:10 in Seoul, over the three complete days before.
//!
//! First it counts what is still in the queue, through the same code as the consumer. The days follow from the scheduled
//! time in the input, never from the clock: running it late, again, or for a past day gives what it would have given.

use std::time::{Duration, Instant};

use lambda_runtime::{Error, LambdaEvent, run, service_fn, tracing::init_default_subscriber};
use serde::{Deserialize, Serialize};
use sijang_domain::{Day, RankedProduct, Timestamp};
use sijang_storage::{OrderEvents, Store};

/// The most time for draining the queue: what is left is the consumer's, and the next night's.
const DRAINING: Duration = Duration::from_mins(1);

/// What the schedule sends.
#[derive(Deserialize)]
struct Schedule {
    scheduled_time: Timestamp,
}

/// What was done.
#[derive(Serialize)]
struct Report {
    day: Day,
    drained: usize,
    facts: u64,
    ranking: Vec<RankedProduct>,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    init_default_subscriber();
    let (store, queue) = (&Store::from_env().await, &OrderEvents::from_env().await);
    run(service_fn(|event: LambdaEvent<Schedule>| aggregate(store, queue, event.payload))).await
}

async fn aggregate(store: &Store, queue: &OrderEvents, schedule: Schedule) -> Result<Report, Error> {
    // The queue may be out of reach while the facts are not: the ranking is worth having all the same.
    let drained = match store.drain(queue, Instant::now() + DRAINING).await {
        Ok(drained) => drained,
        Err(error) => {
            tracing::error!(%error, "the queue was not drained");
            0
        }
    };
    let ranking = store.aggregate(schedule.scheduled_time).await?;
    tracing::info!(day = %ranking.day, drained, facts = ranking.facts, "aggregated");
    Ok(Report { day: ranking.day, drained, facts: ranking.facts, ranking: ranking.products })
}
