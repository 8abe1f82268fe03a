//! The tables, queues and bucket of a shop behind fault proxies, and clients of them as an execution environment has them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Credentials, Region, timeout::TimeoutConfig},
    types::{DeleteRequest, PutRequest, WriteRequest},
};
use sijang_cloud::template::Table;
use sijang_domain::{Error, RequestTime, Timestamp};
use sijang_storage::{Item, Message, OrderEvents, Store};

use crate::{
    engine::{Database, TABLES, retries},
    faults::{Faults, Proxy, Sqs},
    objects::Objects,
    snapshot::Snapshot,
};

/// URL of the queue of order events in the in-memory SQS.
pub const QUEUE: &str = "http://sqs.local/order-events";
/// URL of its dead-letter queue.
pub const DLQ: &str = "http://sqs.local/order-events-dlq";

/// Messages with these bodies and without a trace header.
pub fn untraced(bodies: &[String]) -> Vec<Message> {
    bodies.iter().map(|body| Message { body: body.clone(), trace: None }).collect()
}

/// The tables, the queues and the bucket of one shop, each behind a proxy.
pub struct Services {
    /// The tables.
    pub database: Database,
    /// The queues.
    pub sqs: Sqs,
    /// The bucket of the data platform.
    pub objects: Objects,
    /// The faults that all proxies apply.
    pub faults: Faults,
    dynamodb_proxy: Proxy,
    sqs_proxy: Proxy,
    s3_proxy: Proxy,
    /// The queue without a proxy.
    queue: Arc<OrderEvents>,
}

/// The clients of one execution environment.
#[derive(Clone)]
pub struct Clients {
    /// Of the tables.
    pub store: Arc<Store>,
    /// Of the queue of order events.
    pub queue: Arc<OrderEvents>,
}

impl Services {
    /// Empty tables, an empty queue, an empty bucket, and proxies in front of them.
    pub async fn new() -> Self {
        let database = Database::fresh().await;
        let faults = Faults::none();
        let sqs = Sqs::start().await.unwrap();
        let dynamodb_proxy = Proxy::start(&database.endpoint, &faults).await.unwrap();
        let sqs_proxy = Proxy::start(&sqs.endpoint(), &faults).await.unwrap();
        let objects = Objects::start().await;
        let s3_proxy = Proxy::start(&objects.endpoint(), &faults).await.unwrap();
        let queue = Arc::new(order_events(&sqs.endpoint(), Duration::from_secs(20)));
        Self { database, sqs, objects, faults, dynamodb_proxy, sqs_proxy, s3_proxy, queue }
    }

    /// Endpoint of the proxy in front of the tables.
    pub fn dynamodb_endpoint(&self) -> String {
        self.dynamodb_proxy.endpoint()
    }

    /// Endpoint of the proxy in front of the queues.
    pub fn sqs_endpoint(&self) -> String {
        self.sqs_proxy.endpoint()
    }

    /// Endpoint of the proxy in front of the bucket.
    pub fn s3_endpoint(&self) -> String {
        self.s3_proxy.endpoint()
    }

    /// Makes the tables hold exactly `items`, the queue exactly `messages`, and the bucket nothing. `known` is what the
    /// tables hold now.
    pub async fn reset(&self, known: &Snapshot, items: &Snapshot, messages: &[String]) {
        self.sqs.clear();
        self.objects.clear();
        let mut writes = Vec::new();
        for table in TABLES.iter() {
            let (have, want) = (by_key(table, known), by_key(table, items));
            let gone = have.iter().filter(|(key, _)| !want.contains_key(*key)).map(|(_, item)| deletion(table, item));
            let other = want.iter().filter(|(key, item)| have.get(*key) != Some(item)).map(|(_, item)| put(item));
            let name = self.database.name_of(&table.name);
            writes.extend(gone.chain(other).map(|write| (name.clone(), write)));
        }
        for chunk in writes.chunks(25) {
            let mut tables: HashMap<_, Vec<_>> = HashMap::new();
            for (name, write) in chunk {
                tables.entry(name.clone()).or_default().push(write.clone());
            }
            self.database.client.batch_write_item().set_request_items(Some(tables)).send().await.unwrap();
        }
        assert_eq!(self.queue.send(&untraced(messages), false).await.unwrap(), Vec::<usize>::new());
    }

    /// New clients behind the proxies, with empty caches and no open connection. `attempt` limits each attempt of a call.
    pub fn clients(&self, attempt: Duration) -> Clients {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(credentials())
            .region(Region::from_static("ap-northeast-2"))
            .endpoint_url(self.dynamodb_endpoint())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .timeout_config(timeouts(attempt))
            .retry_config(retries());
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(config.build());
        Clients {
            store: Arc::new(Store::new(dynamodb, self.database.tables())),
            queue: Arc::new(order_events(&self.sqs_endpoint(), attempt)),
        }
    }

    /// New clients that bypass the proxies.
    pub fn direct_clients(&self) -> Clients {
        let store = Store::new(self.database.client.clone(), self.database.tables());
        Clients { store: Arc::new(store), queue: Arc::clone(&self.queue) }
    }

    /// Consumes the queue until it is empty, at this time.
    ///
    /// # Errors
    /// When a call fails, or messages are left after ten rounds.
    pub async fn drain(&self, now: Timestamp) -> Result<(), Error> {
        let Clients { store, queue } = self.direct_clients();
        for _ in 0..10 {
            self.sqs.pass_visibility_timeout();
            if self.sqs.bodies(QUEUE).is_empty() {
                return Ok(());
            }
            store.drain(&queue, RequestTime { now, deadline: plenty() }).await?;
        }
        Err(Error::Busy(format!("{} messages stay in the queue", self.sqs.bodies(QUEUE).len())))
    }
}

/// Enough time for anything that meets no fault.
pub fn plenty() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn by_key<'a>(table: &Table, items: &'a Snapshot) -> BTreeMap<Vec<String>, &'a Item> {
    let key = |item: &Item| key_of(table).map(|name| item[name].as_s().unwrap().clone()).collect();
    items.items(&table.name).map(|item| (key(item), item)).collect()
}

fn key_of(table: &Table) -> impl Iterator<Item = &String> {
    std::iter::once(&table.key.hash).chain(&table.key.range)
}

fn deletion(table: &Table, item: &Item) -> WriteRequest {
    let key = key_of(table).map(|name| (name.clone(), item[name].clone()));
    let deletion = DeleteRequest::builder().set_key(Some(key.collect())).build().unwrap();
    WriteRequest::builder().delete_request(deletion).build()
}

fn put(item: &Item) -> WriteRequest {
    let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
    WriteRequest::builder().put_request(put).build()
}

fn order_events(endpoint: &str, attempt: Duration) -> OrderEvents {
    OrderEvents::new(sqs(endpoint, attempt), QUEUE.to_owned(), DLQ.to_owned())
}

/// A client of the queues. `attempt` limits each attempt of a call.
pub fn sqs(endpoint: &str, attempt: Duration) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(credentials())
        .region(Region::from_static("ap-northeast-2"))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .timeout_config(timeouts(attempt))
        .retry_config(retries());
    aws_sdk_sqs::Client::from_conf(config.build())
}

fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "tests")
}

/// The functions give an attempt three seconds, which is too long for hundreds of calls that hang.
fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(attempt).build()
}
