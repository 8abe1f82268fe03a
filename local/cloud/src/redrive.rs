//! Redrive: DLQ messages go back to the queue that they came from, after their cause is mended.
//!
//! A message is sent first, and deleted when the send was confirmed. A process that ends in between leaves it in both
//! queues: a message may come twice and is never lost. A sale fact has the identity of its event as its key, so counting
//! an event again writes the same item again.

use std::{collections::HashMap, hash::BuildHasher};

use anyhow::{Context, Result, bail};
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Config, Credentials, Region},
    types::{
        DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
        MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
        SendMessageBatchRequestEntry,
    },
};

use crate::ministack::{CREDENTIAL, REGION};

/// SQS takes ten messages in one call, and 256 KiB: ten order events are far below.
const BATCH: usize = 10;
/// A message keeps its trace.
const TRACE: MessageSystemAttributeName = MessageSystemAttributeName::AwsTraceHeader;

/// A dead-letter queue, and the queue of its messages.
#[derive(Debug, Clone)]
pub struct Redrive {
    sqs: Client,
    dlq: String,
    queue: String,
}

impl Redrive {
    /// Between two queues, by their URLs.
    pub fn new(sqs: Client, dlq: impl Into<String>, queue: impl Into<String>) -> Self {
        Self { sqs, dlq: dlq.into(), queue: queue.into() }
    }

    /// Between the queues of a stack on this machine, by its name and the endpoint of the local cloud.
    pub async fn of_local_stack(endpoint: &str, stack: &str) -> Result<Self> {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(REGION))
            .credentials_provider(Credentials::new(CREDENTIAL, CREDENTIAL, None, None, "local"))
            .endpoint_url(endpoint);
        Self::of_stack(Client::from_conf(config.build()), stack).await
    }

    /// Between the queues of a stack, by its name.
    pub async fn of_stack(sqs: Client, stack: &str) -> Result<Self> {
        let url = async |name: String| {
            let found = sqs.get_queue_url().queue_name(&name).send().await;
            found.with_context(|| format!("there is no queue {name}"))?.queue_url.context("a queue without URL")
        };
        let dlq = url(format!("{stack}-order-events-dlq")).await?;
        let queue = url(format!("{stack}-order-events")).await?;
        Ok(Self { sqs, dlq, queue })
    }

    /// How many DLQ messages there are, as far as SQS knows.
    pub async fn count(&self) -> Result<usize> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let get = self.sqs.get_queue_attributes().queue_url(&self.dlq);
        let counts = get.set_attribute_names(Some(names.to_vec())).send().await.context("counting the DLQ messages")?;
        let counts = counts.attributes.unwrap_or_default();
        let count = |name| counts.get(name).and_then(|count| count.parse::<usize>().ok()).unwrap_or_default();
        Ok(names.iter().map(count).sum())
    }

    /// Moves at most so many messages back. Returns how many it moved; fewer when there are no more to be seen.
    pub async fn run(&self, most: usize) -> Result<usize> {
        let mut moved = 0;
        while moved < most {
            let messages = self.receive((most - moved).min(BATCH)).await?;
            if messages.is_empty() {
                break;
            }
            let sent = self.send(&messages).await?;
            self.delete(&sent).await?;
            moved += sent.len();
            if sent.len() < messages.len() {
                bail!("{moved} DLQ messages moved, then the queue did not take {}", messages.len() - sent.len());
            }
        }
        Ok(moved)
    }

    async fn receive(&self, most: usize) -> Result<Vec<Message>> {
        let receive = self.sqs.receive_message().queue_url(&self.dlq).message_attribute_names("All");
        let receive = receive.message_system_attribute_names(TRACE);
        let receive = receive.max_number_of_messages(i32::try_from(most)?).wait_time_seconds(1);
        Ok(receive.send().await.context("receiving DLQ messages")?.messages.unwrap_or_default())
    }

    /// Sends messages as they are. Returns those that the queue has confirmed.
    async fn send<'a>(&self, messages: &'a [Message]) -> Result<Vec<&'a Message>> {
        let entries = messages.iter().enumerate().map(|(position, message)| {
            let body = message.body().unwrap_or_default();
            let entry = SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(body);
            let entry = entry.set_message_attributes(attributes(message.message_attributes.as_ref()));
            let Some(trace) = message.attributes.as_ref().and_then(|system| system.get(&TRACE)) else {
                return Ok(entry.build()?);
            };
            let trace = MessageSystemAttributeValue::builder().data_type("String").string_value(trace).build()?;
            Ok(entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace).build()?)
        });
        let entries = entries.collect::<Result<_>>()?;
        let send = self.sqs.send_message_batch().queue_url(&self.queue).set_entries(Some(entries));
        let answer = send.send().await.context("sending messages back")?;
        let confirmed = answer.successful.iter().filter_map(|entry| messages.get(entry.id.parse::<usize>().ok()?));
        Ok(confirmed.collect())
    }

    /// One that could not be deleted comes again, and changes nothing then.
    async fn delete(&self, messages: &[&Message]) -> Result<()> {
        if messages.is_empty() {
            return Ok(());
        }
        let entries = messages.iter().enumerate().map(|(position, message)| {
            let handle = message.receipt_handle().unwrap_or_default();
            Ok(DeleteMessageBatchRequestEntry::builder().id(position.to_string()).receipt_handle(handle).build()?)
        });
        let entries = entries.collect::<Result<_>>()?;
        let delete = self.sqs.delete_message_batch().queue_url(&self.dlq).set_entries(Some(entries));
        delete.send().await.context("deleting what was sent back")?;
        Ok(())
    }
}

/// SQS takes no empty set of attributes.
fn attributes<S: BuildHasher + Clone>(
    attributes: Option<&HashMap<String, MessageAttributeValue, S>>,
) -> Option<HashMap<String, MessageAttributeValue, S>> {
    attributes.filter(|attributes| !attributes.is_empty()).cloned()
}
