//! Redrive: DLQ messages go back to the queue that they came from, when the reason that they died of is mended.
//!
//! A letter is sent first and deleted when the send was confirmed. Whoever dies in between leaves it in both queues, and
//! never in neither: a letter may come twice and is never lost. That is harmless, for a sale fact has its event's
//! identity as its key: counting an event again writes the same item again.

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
/// A letter keeps its trace: where it came from matters more than ever.
const TRACE: MessageSystemAttributeName = MessageSystemAttributeName::AwsTraceHeader;

/// A dead-letter queue, and where its letters belong.
#[derive(Debug, Clone)]
pub struct Redrive {
    sqs: Client,
    dead_letters: String,
    queue: String,
}

impl Redrive {
    /// Between two queues, by their URLs.
    pub fn new(sqs: Client, dead_letters: impl Into<String>, queue: impl Into<String>) -> Self {
        Self { sqs, dead_letters: dead_letters.into(), queue: queue.into() }
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
        let dead_letters = url(format!("{stack}-order-events-dlq")).await?;
        let queue = url(format!("{stack}-order-events")).await?;
        Ok(Self { sqs, dead_letters, queue })
    }

    /// How many DLQ messages there are, as far as SQS knows.
    pub async fn count(&self) -> Result<usize> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let get = self.sqs.get_queue_attributes().queue_url(&self.dead_letters);
        let counts = get.set_attribute_names(Some(names.to_vec())).send().await.context("counting the DLQ messages")?;
        let counts = counts.attributes.unwrap_or_default();
        let count = |name| counts.get(name).and_then(|count| count.parse::<usize>().ok()).unwrap_or_default();
        Ok(names.iter().map(count).sum())
    }

    /// Moves at most so many letters back. Returns how many it moved; fewer when there are no more to be seen.
    pub async fn run(&self, most: usize) -> Result<usize> {
        let mut moved = 0;
        while moved < most {
            let letters = self.receive((most - moved).min(BATCH)).await?;
            if letters.is_empty() {
                break;
            }
            let sent = self.send(&letters).await?;
            self.delete(&sent).await?;
            moved += sent.len();
            if sent.len() < letters.len() {
                bail!("{moved} DLQ messages moved, then the queue did not take {}", letters.len() - sent.len());
            }
        }
        Ok(moved)
    }

    async fn receive(&self, most: usize) -> Result<Vec<Message>> {
        let receive = self.sqs.receive_message().queue_url(&self.dead_letters).message_attribute_names("All");
        let receive = receive.message_system_attribute_names(TRACE);
        let receive = receive.max_number_of_messages(i32::try_from(most)?).wait_time_seconds(1);
        Ok(receive.send().await.context("receiving DLQ messages")?.messages.unwrap_or_default())
    }

    /// Sends letters as they are; those that the queue has confirmed.
    async fn send<'a>(&self, letters: &'a [Message]) -> Result<Vec<&'a Message>> {
        let entries = letters.iter().enumerate().map(|(position, letter)| {
            let body = letter.body().unwrap_or_default();
            let entry = SendMessageBatchRequestEntry::builder().id(position.to_string()).message_body(body);
            let entry = entry.set_message_attributes(attributes(letter.message_attributes.as_ref()));
            let Some(trace) = letter.attributes.as_ref().and_then(|system| system.get(&TRACE)) else {
                return Ok(entry.build()?);
            };
            let trace = MessageSystemAttributeValue::builder().data_type("String").string_value(trace).build()?;
            Ok(entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace).build()?)
        });
        let entries = entries.collect::<Result<_>>()?;
        let send = self.sqs.send_message_batch().queue_url(&self.queue).set_entries(Some(entries));
        let answer = send.send().await.context("sending letters back")?;
        let confirmed = answer.successful.iter().filter_map(|entry| letters.get(entry.id.parse::<usize>().ok()?));
        Ok(confirmed.collect())
    }

    /// One that could not be deleted comes again, and changes nothing then.
    async fn delete(&self, letters: &[&Message]) -> Result<()> {
        if letters.is_empty() {
            return Ok(());
        }
        let entries = letters.iter().enumerate().map(|(position, letter)| {
            let handle = letter.receipt_handle().unwrap_or_default();
            Ok(DeleteMessageBatchRequestEntry::builder().id(position.to_string()).receipt_handle(handle).build()?)
        });
        let entries = entries.collect::<Result<_>>()?;
        let delete = self.sqs.delete_message_batch().queue_url(&self.dead_letters).set_entries(Some(entries));
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
