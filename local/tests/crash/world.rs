//! A shop whose services are behind proxies, and environments of its functions, each of which remembers nothing yet.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_dynamodb::{
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
    types::{PutRequest, WriteRequest},
};
use sijang_domain::Error;
use sijang_local::faults::{Faults, Proxy, Sqs};
use sijang_storage::{OrderEvents, Store};

use crate::{
    engine::{Database, TABLES},
    snapshot::Snapshot,
};

/// How long an attempt may take: the functions wait three seconds, which is too long for a thousand hanging calls.
const ATTEMPT: Duration = Duration::from_millis(150);
/// The queue of order events, as the stand-in knows it.
pub const QUEUE: &str = "http://sqs.local/order-events";
const DEAD_LETTERS: &str = "http://sqs.local/order-events-dlq";

/// A shop behind proxies.
pub struct World {
    pub database: Database,
    pub sqs: Sqs,
    pub faults: Faults,
    dynamodb_proxy: Proxy,
    sqs_proxy: Proxy,
}

/// One environment of the functions.
#[derive(Clone)]
pub struct Environment {
    pub store: Arc<Store>,
    pub queue: Arc<OrderEvents>,
}

impl World {
    /// A shop with these items in its tables, and these messages in its queue.
    pub async fn with(items: &Snapshot, messages: &[String]) -> Self {
        let world = Self::over(Database::fresh().await).await;
        for table in TABLES.iter() {
            let items: Vec<_> = items.items(&table.name).cloned().collect();
            for chunk in items.chunks(25) {
                let put = |item: &sijang_storage::Item| {
                    let put = PutRequest::builder().set_item(Some(item.clone())).build().unwrap();
                    WriteRequest::builder().put_request(put).build()
                };
                let writes = HashMap::from([(world.database.name_of(&table.name), chunk.iter().map(put).collect())]);
                world.database.client.batch_write_item().set_request_items(Some(writes)).send().await.unwrap();
            }
        }
        assert_eq!(world.environment().queue.send(messages, false).await.unwrap(), Vec::<usize>::new());
        world
    }

    /// Puts proxies in front of a database and a queue.
    pub async fn over(database: Database) -> Self {
        let faults = Faults::none();
        let sqs = Sqs::start().await.unwrap();
        let dynamodb_proxy = Proxy::start(&database.endpoint, &faults).await.unwrap();
        let sqs_proxy = Proxy::start(&sqs.endpoint(), &faults).await.unwrap();
        Self { database, sqs, faults, dynamodb_proxy, sqs_proxy }
    }

    /// A new environment: nothing remembered, no connection open.
    pub fn environment(&self) -> Environment {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(credentials())
            .region(Region::from_static("ap-northeast-2"))
            .endpoint_url(self.dynamodb_proxy.endpoint())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .timeout_config(timeouts())
            .retry_config(retries());
        let dynamodb = aws_sdk_dynamodb::Client::from_conf(config.build());
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(credentials())
            .region(Region::from_static("ap-northeast-2"))
            .endpoint_url(self.sqs_proxy.endpoint())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .timeout_config(timeouts())
            .retry_config(retries());
        let sqs = aws_sdk_sqs::Client::from_conf(config.build());
        Environment {
            store: Arc::new(Store::new(dynamodb, self.database.tables())),
            queue: Arc::new(OrderEvents::new(sqs, QUEUE.to_owned(), DEAD_LETTERS.to_owned())),
        }
    }

    /// Receives what is in the queue until nothing is left of it, as often as it takes.
    pub async fn drain(&self) -> Result<(), Error> {
        for _ in 0..10 {
            self.sqs.pass_visibility_timeout();
            if self.sqs.bodies(QUEUE).is_empty() {
                return Ok(());
            }
            let Environment { store, queue } = self.environment();
            store.drain(&queue, Instant::now() + Duration::from_secs(10)).await?;
        }
        Err(Error::Busy(format!("{} messages stay in the queue", self.sqs.bodies(QUEUE).len())))
    }
}

fn credentials() -> Credentials {
    Credentials::new("test", "test", None, None, "crash")
}

/// As the functions have them, but shorter.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build()
}

/// As the functions have them, but sooner.
fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(1))
        .with_max_backoff(Duration::from_millis(5))
}
