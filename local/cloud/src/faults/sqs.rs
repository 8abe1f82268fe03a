//! SQS in memory, as much of it as the shop uses: batches sent, messages received, deleted and counted.
//!
//! Time passes when the test says so: what was received stays invisible until [`Sqs::pass_visibility_timeout`].

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

/// Queues in memory; one for each URL that is used. They end when this is dropped.
#[derive(Debug)]
pub struct Sqs {
    address: SocketAddr,
    queues: Queues,
    _tasks: JoinSet<io::Result<()>>,
}

type Queues = Arc<Mutex<HashMap<String, Vec<Message>>>>;

#[derive(Debug)]
struct Message {
    id: String,
    body: String,
    /// The sender's own attributes, as they were sent.
    attributes: Value,
    /// The trace that it was sent with, if it was.
    trace: Value,
    /// How often it has been received.
    receives: u32,
    in_flight: bool,
}

impl Message {
    /// A receipt is good until the next one.
    fn receipt(&self) -> String {
        format!("{}/{}", self.id, self.receives)
    }
}

impl Sqs {
    /// Listens on a free port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let queues = Queues::default();
        let router = Router::new().route("/", post(serve)).with_state(Arc::clone(&queues));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, queues, _tasks: tasks })
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes everything visible again that was received and not deleted.
    pub fn pass_visibility_timeout(&self) {
        for message in lock(&self.queues).values_mut().flatten() {
            message.in_flight = false;
        }
    }

    /// Empties all queues.
    pub fn clear(&self) {
        lock(&self.queues).clear();
    }

    /// The bodies of the messages in a queue, visible or not.
    pub fn bodies(&self, queue_url: &str) -> Vec<String> {
        let queues = lock(&self.queues);
        queues.get(queue_url).into_iter().flatten().map(|message| message.body.clone()).collect()
    }
}

fn lock(queues: &Queues) -> MutexGuard<'_, HashMap<String, Vec<Message>>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(State(queues): State<Queues>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let url = request["QueueUrl"].as_str().unwrap_or_default();
    let mut queues = lock(&queues);
    let queue = queues.entry(url.to_owned()).or_default();
    let (status, answer) = match target {
        "AmazonSQS.SendMessageBatch" => (StatusCode::OK, send(queue, &request)),
        "AmazonSQS.ReceiveMessage" => (StatusCode::OK, receive(queue, &request)),
        "AmazonSQS.DeleteMessageBatch" => (StatusCode::OK, delete(queue, &request)),
        "AmazonSQS.GetQueueAttributes" => (StatusCode::OK, count(queue)),
        _ => (StatusCode::BAD_REQUEST, json!({ "__type": "com.amazonaws.sqs#UnsupportedOperation" })),
    };
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], answer.to_string()).into_response()
}

fn send(queue: &mut Vec<Message>, request: &Value) -> Value {
    let mut sent = Vec::new();
    for entry in entries(request) {
        let message = Message {
            id: ulid::Ulid::generate().to_string(),
            body: entry["MessageBody"].as_str().unwrap_or_default().to_owned(),
            attributes: entry["MessageAttributes"].clone(),
            trace: entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].clone(),
            receives: 0,
            in_flight: false,
        };
        sent.push(json!({ "Id": entry["Id"], "MessageId": message.id }));
        queue.push(message);
    }
    json!({ "Successful": sent, "Failed": [] })
}

fn receive(queue: &mut [Message], request: &Value) -> Value {
    let most = request["MaxNumberOfMessages"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(1);
    let mut received = Vec::new();
    for message in queue.iter_mut().filter(|message| !message.in_flight).take(most) {
        message.in_flight = true;
        message.receives += 1;
        let mut attributes = json!({ "ApproximateReceiveCount": message.receives.to_string() });
        if message.trace.is_string() {
            attributes["AWSTraceHeader"] = message.trace.clone();
        }
        received.push(json!({
            "MessageId": message.id,
            "ReceiptHandle": message.receipt(),
            "Body": message.body,
            "Attributes": attributes,
            "MessageAttributes": message.attributes,
        }));
    }
    json!({ "Messages": received })
}

fn delete(queue: &mut Vec<Message>, request: &Value) -> Value {
    let mut done = Vec::new();
    for entry in entries(request) {
        // With an outdated receipt SQS says yes too, and the message may stay.
        queue.retain(|message| message.receipt() != entry["ReceiptHandle"].as_str().unwrap_or_default());
        done.push(json!({ "Id": entry["Id"] }));
    }
    json!({ "Successful": done, "Failed": [] })
}

fn count(queue: &[Message]) -> Value {
    let in_flight = queue.iter().filter(|message| message.in_flight).count();
    let waiting = queue.len() - in_flight;
    json!({ "Attributes": {
        "ApproximateNumberOfMessages": waiting.to_string(),
        "ApproximateNumberOfMessagesNotVisible": in_flight.to_string(),
    } })
}

fn entries(request: &Value) -> impl Iterator<Item = &Value> {
    request["Entries"].as_array().into_iter().flatten()
}
