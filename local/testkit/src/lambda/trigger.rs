//! The sources that invoke a function, again and again until it is done: a client, the stream, the queue, the scheduler or
//! an operator.

use std::{fmt, time::Duration};

use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use serde_json::Value;
use sijang_storage::Item;

use super::{
    environment::{Environment, Failure},
    events::{Request, queue_batch, schedule, sequence_number, stream_batch},
    host::LambdaHost,
};
use crate::services::QUEUE;

/// The most messages that the queue gives a function at once.
const BATCH: usize = 100;

/// A source of invocations.
#[derive(Clone)]
pub enum Trigger {
    /// A client repeats its request, with the same key, until it has an answer.
    Client(Request),
    /// The stream repeats a batch from the first record that is not done with.
    Stream(Vec<Item>),
    /// The queue delivers undeleted messages again when their visibility timeout has passed.
    Queue,
    /// The scheduler starts over what failed, with the same input.
    Schedule(String),
    /// An operator repeats a task that failed.
    Operator(Value),
}

/// The result of a run.
pub enum Outcome {
    /// The function is done, with this reply.
    Done(Reply),
    /// It is to be run again, for this reason.
    NotDone(String),
    /// Its time was up; it is to be run again.
    CutOff,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(_) => f.write_str("done"),
            Self::NotDone(why) => f.write_str(why),
            Self::CutOff => f.write_str("its time was up"),
        }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::CutOff => Self::CutOff,
            Failure::Exited => Self::NotDone("its process ended".to_owned()),
            Failure::Error(error) => Self::NotDone(error.to_string()),
        }
    }
}

/// The answer to a client; a worker's says no more than that it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u64,
    /// Body as text.
    pub body: String,
    /// Whether it says that it is an earlier request's.
    pub replayed: bool,
}

impl Reply {
    fn all_done() -> Self {
        Self { status: 200, body: String::new(), replayed: true }
    }

    /// The code of the problem, or nothing.
    pub fn code(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        Some(body["code"].as_str()?.to_owned())
    }
}

impl Trigger {
    /// Whether a client sends it.
    pub fn is_client(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    /// Runs the function once.
    pub async fn fire(&mut self, host: &LambdaHost, environment: &mut Environment, limit: Duration) -> Outcome {
        match self {
            Self::Client(request) => match environment.invoke(request.event(), limit).await {
                Ok(answer) => answer_of(&answer),
                Err(failure) => failure.into(),
            },
            Self::Stream(records) => match environment.invoke(stream_batch(records), limit).await {
                Ok(answer) => match failures(&answer).first() {
                    None => Outcome::Done(Reply::all_done()),
                    Some(first) => {
                        let done = (0..records.len()).find(|position| sequence_number(*position) == *first);
                        records.drain(..done.unwrap());
                        Outcome::NotDone(format!("{} records are left", records.len()))
                    }
                },
                Err(failure) => failure.into(),
            },
            Self::Queue => {
                let messages = receive(host, BATCH).await;
                consume(host, environment, &messages, limit).await
            }
            Self::Schedule(time) => finish(environment, schedule(time), limit).await,
            Self::Operator(task) => finish(environment, task.clone(), limit).await,
        }
    }
}

/// Runs a worker whose answer is no more than that it is done.
async fn finish(environment: &mut Environment, task: Value, limit: Duration) -> Outcome {
    match environment.invoke(task, limit).await {
        Ok(_) => Outcome::Done(Reply::all_done()),
        Err(failure) => failure.into(),
    }
}

/// A client takes every answer but a server's error for an answer.
fn answer_of(answer: &Value) -> Outcome {
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    if !(200..500).contains(&status) {
        return Outcome::NotDone(answer.to_string());
    }
    let body = answer["body"].as_str().unwrap_or_default().to_owned();
    Outcome::Done(Reply { status, body, replayed: answer["headers"]["idempotent-replayed"] == "true" })
}

/// The identifiers in a partial batch response.
fn failures(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
    failures.map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

/// Receives up to `most` visible messages, as the event source mapping does.
pub async fn receive(host: &LambdaHost, most: usize) -> Vec<Message> {
    let mut messages = Vec::new();
    while messages.len() < most {
        let left = i32::try_from((most - messages.len()).min(10)).unwrap();
        let call = host.sqs.receive_message().queue_url(QUEUE).max_number_of_messages(left);
        let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
        match call.send().await.unwrap().messages {
            Some(more) if !more.is_empty() => messages.extend(more),
            _ => break,
        }
    }
    messages
}

/// Gives the messages to the function, and deletes those that it is done with.
pub async fn consume(
    host: &LambdaHost,
    environment: &mut Environment,
    messages: &[Message],
    limit: Duration,
) -> Outcome {
    if messages.is_empty() {
        return Outcome::Done(Reply::all_done());
    }
    let answer = match environment.invoke(queue_batch(messages), limit).await {
        Ok(answer) => answer,
        Err(failure) => return failure.into(),
    };
    let failed = failures(&answer);
    let done = messages.iter().filter(|message| !failed.contains(&message.message_id().unwrap()));
    for (position, message) in done.enumerate() {
        let entry = DeleteMessageBatchRequestEntry::builder().id(position.to_string());
        let entry = entry.receipt_handle(message.receipt_handle().unwrap()).build().unwrap();
        host.sqs.delete_message_batch().queue_url(QUEUE).entries(entry).send().await.unwrap();
    }
    if failed.is_empty() {
        Outcome::Done(Reply::all_done())
    } else {
        Outcome::NotDone(format!("{} messages failed", failed.len()))
    }
}
