//! The consumer of order events: one sale fact for each, however often it is delivered.
//!
//! Only the messages that failed are reported: their batch mates are done with. What fails for good ends in the
//! dead-letter queue.

use std::time::Duration;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use sijang_domain::{RequestTime, TraceId};
use sijang_edge::{Error, run_worker, time_of_worker};
use sijang_storage::{Received, Store};

/// The most time that a batch is tried.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// Works until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    run_worker(move |event| async move { record(store, event, time_of_worker(PATIENCE)?).await }).await
}

/// Counts the events in a batch of messages.
pub async fn record(store: &Store, event: SqsEvent, time: RequestTime) -> Result<SqsBatchResponse, Error> {
    let message = |message: aws_lambda_events::event::sqs::SqsMessage| {
        let trace = message.attributes.get("AWSTraceHeader").and_then(|header| TraceId::of_header(header));
        Some(Received { handle: message.message_id?, body: message.body.unwrap_or_default(), trace })
    };
    let messages: Vec<Received> = event.records.into_iter().filter_map(message).collect();
    let failed = store.record(&messages, time).await;
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed.into_iter().map(failure).collect();
    Ok(response)
}

fn failure(handle: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = handle;
    failure
}
