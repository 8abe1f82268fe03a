//! The queue of order events, between the outbox relay and the statistics.

use std::{collections::HashSet, time::Instant};

use aws_sdk_sqs::{
    Client,
    error::BuildError,
    types::{
        DeleteMessageBatchRequestEntry, MessageSystemAttributeName, MessageSystemAttributeNameForSends,
        MessageSystemAttributeValue, SendMessageBatchRequestEntry,
    },
};
use metrics::counter;
use sijang_domain::{
    CloudEvent, Error, RequestTime, SaleFact, Timestamp, TraceId,
    metric::{CONSUMER_LAG, FACTS, MALFORMED},
};

use super::record_lag;
use crate::{
    Store,
    dynamodb::{connection, error::failed},
};

/// SQS takes ten messages in one call.
const BATCH: usize = 10;
/// In which the trace of a message goes with it.
const TRACE: MessageSystemAttributeName = MessageSystemAttributeName::AwsTraceHeader;

/// The queue and its dead-letter queue.
#[derive(Debug)]
pub struct OrderEvents {
    sqs: Client,
    queue_url: String,
    dead_letter_url: String,
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// An order event, or what could not become one.
    pub body: String,
    /// The trace of the request that it comes from.
    pub trace: Option<TraceId>,
}

impl Message {
    fn entry(&self, position: usize) -> Result<SendMessageBatchRequestEntry, BuildError> {
        let trace = self.trace.map(|trace| {
            MessageSystemAttributeValue::builder().data_type("String").string_value(trace.header()).build()
        });
        let mut entry =
            SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(self.body.clone());
        if let Some(trace) = trace.transpose()? {
            entry = entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace);
        }
        entry.build()
    }
}

/// A message as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// By which its failure is reported, or its deletion asked for.
    pub handle: String,
    /// An order event, if it is in order.
    pub body: String,
    /// The trace of the request that it comes from.
    pub trace: Option<TraceId>,
}

impl OrderEvents {
    /// The queue of the environment: the standard AWS variables, `ORDER_EVENTS_QUEUE_URL`, `ORDER_EVENTS_DLQ_URL`. Its
    /// connection is open, and it lives as long as the process.
    pub async fn from_env() -> &'static Self {
        let named = |name: &str| std::env::var(name).unwrap_or_default();
        let sqs = Client::new(&connection::sdk_config("AWS_ENDPOINT_URL_SQS"));
        connection::open(sqs.list_queues().customize().mutate_request(connection::warm_up_request).send()).await;
        Box::leak(Box::new(Self::new(sqs, named("ORDER_EVENTS_QUEUE_URL"), named("ORDER_EVENTS_DLQ_URL"))))
    }

    /// A queue on a given client.
    pub fn new(sqs: Client, queue_url: String, dead_letter_url: String) -> Self {
        Self { sqs, queue_url, dead_letter_url }
    }

    /// Sends messages to the queue, or as they are to the dead-letter queue. Returns the positions of those not sent.
    pub async fn send(&self, messages: &[Message], to_dlq: bool) -> Result<Vec<usize>, Error> {
        let url = if to_dlq { &self.dead_letter_url } else { &self.queue_url };
        let mut unsent = Vec::new();
        for (batch, chunk) in messages.chunks(BATCH).enumerate() {
            let mut call = self.sqs.send_message_batch().queue_url(url);
            for (position, message) in chunk.iter().enumerate() {
                call = call.entries(message.entry(position).map_err(|error| Error::Internal(error.to_string()))?);
            }
            let position = |id: &str| id.parse::<usize>().unwrap_or(0) + batch * BATCH;
            match call.send().await {
                Ok(answer) => unsent.extend(answer.failed.iter().map(|entry| position(entry.id()))),
                Err(error) => {
                    tracing::warn!(error = %failed(error), "a batch of messages was not sent");
                    unsent.extend((0..chunk.len()).map(|position| position + batch * BATCH));
                }
            }
        }
        Ok(unsent)
    }

    /// Receives up to ten messages, waiting at most a second. None means that the queue looked empty.
    pub async fn receive(&self) -> Result<Vec<Received>, Error> {
        let call = self.sqs.receive_message().queue_url(&self.queue_url).max_number_of_messages(10);
        let call = call.wait_time_seconds(1).message_system_attribute_names(TRACE);
        let messages = call.send().await.map_err(failed)?.messages.unwrap_or_default();
        let received = |message: aws_sdk_sqs::types::Message| {
            let trace = message.attributes.as_ref().and_then(|attributes| attributes.get(&TRACE));
            let trace = trace.and_then(|header| TraceId::of_header(header));
            Some(Received { handle: message.receipt_handle?, body: message.body.unwrap_or_default(), trace })
        };
        Ok(messages.into_iter().filter_map(received).collect())
    }

    /// Deletes messages that are done with. One that could not be deleted comes again, and changes nothing then.
    pub async fn delete(&self, handles: &[String]) -> Result<(), Error> {
        for chunk in handles.chunks(BATCH) {
            let mut call = self.sqs.delete_message_batch().queue_url(&self.queue_url);
            for (position, handle) in chunk.iter().enumerate() {
                let entry = DeleteMessageBatchRequestEntry::builder().id(position.to_string()).receipt_handle(handle);
                call = call.entries(entry.build().map_err(|error| Error::Internal(error.to_string()))?);
            }
            call.send().await.map_err(failed)?;
        }
        Ok(())
    }
}

impl Store {
    /// Counts the order events in these messages. Returns the handles of the messages that are not done with:
    /// unreadable ones, and those whose fact could not be written. They come again, and end in the dead-letter queue.
    pub async fn record(&self, messages: &[Received], time: RequestTime) -> HashSet<String> {
        let (pending, oldest) = self.record_batch(messages, time).await;
        record_lag(&CONSUMER_LAG, oldest);
        pending
    }

    /// The same, and when the oldest of the counted events happened.
    async fn record_batch(&self, messages: &[Received], time: RequestTime) -> (HashSet<String>, Option<Timestamp>) {
        let mut pending = HashSet::new();
        let mut facts = Vec::with_capacity(messages.len());
        let mut times: Vec<Timestamp> = Vec::with_capacity(messages.len());
        for message in messages {
            match serde_json::from_str::<CloudEvent>(&message.body) {
                Ok(event) if event.is_consistent() => {
                    times.push(event.time);
                    facts.push((message, SaleFact::of(&event)));
                }
                Ok(event) => {
                    tracing::error!(event = event.id, "an order event that contradicts itself");
                    pending.insert(message.handle.clone());
                }
                Err(error) => {
                    tracing::error!(line = error.line(), column = error.column(), "a message that is no order event");
                    pending.insert(message.handle.clone());
                }
            }
        }
        counter!(MALFORMED.name).increment(pending.len() as u64);
        let only_facts: Vec<SaleFact> = facts.iter().map(|(_, fact)| fact.clone()).collect();
        let unwritten: HashSet<String> = match self.record_facts(&only_facts, time).await {
            Ok(unwritten) => unwritten.into_iter().collect(),
            Err(error) => {
                tracing::error!(%error, "facts not written");
                only_facts.iter().map(SaleFact::id).collect()
            }
        };
        let (unwritten, written): (Vec<_>, Vec<_>) =
            facts.iter().zip(times).partition(|((_, fact), _)| unwritten.contains(&fact.id()));
        counter!(FACTS.name).increment(written.len() as u64);
        let traces = TraceId::list(messages.iter().filter_map(|message| message.trace));
        tracing::info!(traces, facts = written.len(), failed = messages.len() - written.len(), "order events counted");
        pending.extend(unwritten.into_iter().map(|((message, _), _)| message.handle.clone()));
        (pending, written.into_iter().map(|(_, time)| time).min())
    }

    /// Counts messages of the queue until it looks empty or the deadline is near. Returns the number of counted
    /// messages.
    pub async fn drain(&self, queue: &OrderEvents, time: RequestTime) -> Result<usize, Error> {
        let (mut counted, mut oldest) = (0, None);
        while Instant::now() < time.deadline {
            let messages = queue.receive().await?;
            if messages.is_empty() {
                break;
            }
            let (pending, of_batch) = self.record_batch(&messages, time).await;
            oldest = oldest.into_iter().chain(of_batch).min();
            let done: Vec<String> =
                messages.into_iter().map(|message| message.handle).filter(|handle| !pending.contains(handle)).collect();
            queue.delete(&done).await?;
            counted += done.len();
        }
        record_lag(&CONSUMER_LAG, oldest);
        Ok(counted)
    }
}
