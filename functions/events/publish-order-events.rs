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
use sijang_domain::{
    TraceId,
    metric::{MALFORMED, RELAY_LAG, RELAYED},
};
use sijang_edge::{Error, metrics, run_worker};
use sijang_storage::{Message, OrderEvents, order_event_of, record_lag, trace_of};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let queue = OrderEvents::from_env().await;
    run_worker(move |event| publish(queue, event)).await
}

/// Messages, and of which records they are.
#[derive(Default)]
struct Mail {
    messages: Vec<Message>,
    positions: Vec<usize>,
}

impl Mail {
    fn add(&mut self, position: usize, body: String, trace: Option<TraceId>) {
        self.positions.push(position);
        self.messages.push(Message { body, trace });
    }

    /// Sends them. Returns the positions of the records whose messages were not sent.
    async fn send(&self, queue: &OrderEvents, dead: bool) -> Result<Vec<usize>, Error> {
        Ok(queue.send(&self.messages, dead).await?.into_iter().map(|unsent| self.positions[unsent]).collect())
    }
}

/// Publishes what a batch of the stream has.
pub async fn publish(queue: &OrderEvents, event: StreamEvent) -> Result<DynamoDbEventResponse, Error> {
    let (mut live, mut dead) = (Mail::default(), Mail::default());
    let mut times = Vec::new();
    for (position, record) in event.records.iter().enumerate() {
        let trace = trace_of(&record.change.new_image);
        match order_event_of(record.change.new_image.clone()) {
            Ok(event) => {
                times.push(event.time);
                live.add(position, serde_json::to_string(&event)?, trace);
            }
            Err(error) => {
                tracing::error!(event = record.event_id, %error, "a stream record that is no order event");
                dead.add(position, serde_json::to_string(record)?, trace);
            }
        }
    }
    let (unsent, undead) = (live.send(queue, false).await?, dead.send(queue, true).await?);
    metrics::count(&RELAYED, live.messages.len() - unsent.len());
    metrics::count(&MALFORMED, dead.messages.len() - undead.len());
    let first = unsent.into_iter().chain(undead).min();
    if first.is_none() {
        record_lag(&RELAY_LAG, times.into_iter().min());
    }
    let (published, dead, failed) = (live.messages.len(), dead.messages.len(), first.is_some());
    let traces = TraceId::list(live.messages.iter().filter_map(|message| message.trace));
    tracing::info!(traces, published, dead, failed, "order events relayed");
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
