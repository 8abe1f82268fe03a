//! The outbox relay: from the events table's stream to the queue, in batches.
//!
//! The event item is the outbox message, so an order cannot be without its event. After a failure the stream delivers
//! again from the first record whose message is not in the queue, so consumers may receive a message twice. A record that
//! can never become a message goes to the dead-letter queue, so that it does not hold up the others.

use aws_lambda_events::event::{
    dynamodb::{Event as StreamEvent, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use sijang_domain::{
    TraceId,
    metric::{MALFORMED, RELAY_LAG, RELAYED},
};
use sijang_edge::{Error, metrics, run_worker};
use sijang_storage::{Message, OrderEvents, order_event_of, record_lag, trace_of};

/// Works until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let queue = OrderEvents::from_env().await;
    run_worker(move |event| publish(queue, event)).await
}

/// Messages for one queue, and the positions of their records in the stream's batch.
#[derive(Default)]
struct OutgoingBatch {
    messages: Vec<Message>,
    positions: Vec<usize>,
}

impl OutgoingBatch {
    fn add(&mut self, position: usize, body: String, trace: Option<TraceId>) {
        self.positions.push(position);
        self.messages.push(Message { body, trace });
    }

    /// Sends them. Returns the positions of the records whose messages were not sent.
    async fn send(&self, queue: &OrderEvents, to_dlq: bool) -> Result<Vec<usize>, Error> {
        Ok(queue.send(&self.messages, to_dlq).await?.into_iter().map(|unsent| self.positions[unsent]).collect())
    }
}

/// Publishes the order events of a stream batch.
pub async fn publish(queue: &OrderEvents, event: StreamEvent) -> Result<DynamoDbEventResponse, Error> {
    let (mut to_queue, mut to_dlq) = (OutgoingBatch::default(), OutgoingBatch::default());
    let mut times = Vec::new();
    for (position, record) in event.records.iter().enumerate() {
        let trace = trace_of(&record.change.new_image);
        match order_event_of(record.change.new_image.clone()) {
            Ok(event) => {
                times.push(event.time);
                to_queue.add(position, serde_json::to_string(&event)?, trace);
            }
            Err(error) => {
                tracing::error!(event = record.event_id, %error, "a stream record that is no order event");
                to_dlq.add(position, serde_json::to_string(record)?, trace);
            }
        }
    }
    let (queue_failures, dlq_failures) = (to_queue.send(queue, false).await?, to_dlq.send(queue, true).await?);
    metrics::count(&RELAYED, to_queue.messages.len() - queue_failures.len());
    metrics::count(&MALFORMED, to_dlq.messages.len() - dlq_failures.len());
    let first = queue_failures.into_iter().chain(dlq_failures).min();
    if first.is_none() {
        record_lag(&RELAY_LAG, times.into_iter().min());
    }
    let (published, malformed, failed) = (to_queue.messages.len(), to_dlq.messages.len(), first.is_some());
    let traces = TraceId::list(to_queue.messages.iter().filter_map(|message| message.trace));
    tracing::info!(traces, published, malformed, failed, "order events relayed");
    let mut response = DynamoDbEventResponse::default();
    // The stream goes on from the lowest sequence number that failed: naming the first is enough.
    response.batch_item_failures = first.map(|position| failure(&event.records[position])).into_iter().collect();
    Ok(response)
}

fn failure(record: &EventRecord) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier.clone_from(&record.change.sequence_number);
    failure
}
