//! The outbox relay: from the events table's stream to the queue, in batches.
//!
//! The event item is the outbox message, so an order cannot be without its event. A record is done with when its message
//! is in the queue; after a failure the stream delivers again from the first record that is not, and consumers see some
//! messages twice, which they expect. A record that can never become a message goes to the dead-letter queue, so that it
//! does not hold up the others.

use aws_lambda_events::event::{
    dynamodb::{Event as StreamEvent, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use sijang_edge::log;
use sijang_storage::{OrderEvents, relayed};

#[tokio::main]
async fn main() -> Result<(), Error> {
    log::start();
    let queue = &OrderEvents::from_env().await;
    run(service_fn(|event: LambdaEvent<StreamEvent>| async move { publish(queue, event.payload).await })).await
}

/// Publishes what a batch of the stream has.
pub async fn publish(queue: &OrderEvents, event: StreamEvent) -> Result<DynamoDbEventResponse, Error> {
    let (mut messages, mut message_records) = (Vec::new(), Vec::new());
    let (mut dead, mut dead_records) = (Vec::new(), Vec::new());
    for (position, record) in event.records.iter().enumerate() {
        match message(record) {
            Ok(message) => {
                messages.push(message);
                message_records.push(position);
            }
            Err(error) => {
                tracing::error!(event = record.event_id, %error, "a stream record that is no order event");
                dead.push(serde_json::to_string(record)?);
                dead_records.push(position);
            }
        }
    }
    let unsent = queue.send(&messages, false).await?.into_iter().map(|position| message_records[position]);
    let undead = queue.send(&dead, true).await?.into_iter().map(|position| dead_records[position]);
    let first = unsent.chain(undead).min();
    tracing::info!(published = messages.len(), dead = dead.len(), failed = first.is_some(), "order events");
    let mut response = DynamoDbEventResponse::default();
    // The stream goes on from the lowest sequence number that failed: naming the first is enough.
    response.batch_item_failures = first.map(|position| failure(&event.records[position])).into_iter().collect();
    Ok(response)
}

fn message(record: &EventRecord) -> Result<String, Error> {
    let event = relayed(record.change.new_image.clone())?;
    Ok(serde_json::to_string(&event)?)
}

fn failure(record: &EventRecord) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier.clone_from(&record.change.sequence_number);
    failure
}
