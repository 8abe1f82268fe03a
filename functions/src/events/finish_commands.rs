//! The worker that finishes commands of staff, from the stream of the events table.
//!
//! A command of staff is accepted by its event, and reaches the shards of a product or a campaign one after the other. If
//! its process ends before that, this function does the rest. Usually there is nothing left to do, which one read shows.

use std::time::{Duration, Instant};

use aws_lambda_events::event::{
    dynamodb::Event as StreamEvent,
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use sijang_edge::{Error, run_worker};
use sijang_storage::Store;

/// The most time that a batch is tried.
const PATIENCE: Duration = Duration::from_secs(20);

/// Works until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    run_worker(move |event| finish(store, event)).await
}

/// Finishes the commands of a batch of events. The stream delivers again from the first one that is not finished.
pub async fn finish(store: &Store, event: StreamEvent) -> Result<DynamoDbEventResponse, Error> {
    let deadline = Instant::now() + PATIENCE;
    let mut response = DynamoDbEventResponse::default();
    for record in event.records {
        match store.finish_command(record.change.new_image, deadline).await {
            Ok(()) => {}
            Err(sijang_domain::Error::Busy(error)) => {
                tracing::warn!(event = record.event_id, error, "a command of staff is not finished yet");
                let mut failure = DynamoDbBatchItemFailure::default();
                failure.item_identifier = record.change.sequence_number;
                response.batch_item_failures.push(failure);
                break;
            }
            // Another attempt would fail in the same way, and would hold up the commands that follow.
            Err(error) => tracing::error!(event = record.event_id, %error, "a command of staff cannot be finished"),
        }
    }
    Ok(response)
}
