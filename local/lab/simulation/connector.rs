//! The SDK's way to the engine: the store's real client, which sends its requests to nobody but us.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Region},
};
use aws_smithy_runtime::client::retries::RetryPartition;
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use sijang_storage::{Store, Tables, retries, timeouts};
use ulid::Ulid;

use super::dynamo::{Engine, Reply};

/// A request, and how it was answered.
#[derive(Debug)]
pub struct Heard {
    pub operation: String,
    pub request: Vec<u8>,
    pub reply: Reply,
}

#[derive(Debug)]
struct Connector {
    engine: Engine,
    /// Where to write down what is said, if it is wanted.
    heard: Option<Arc<Mutex<Vec<Heard>>>>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (engine, heard) = (self.engine.clone(), self.heard.clone());
        // A request that was sent is executed, whether anybody waits for the answer or not.
        let done = tokio::spawn(async move {
            let operation = request.headers().get("x-amz-target").unwrap().rsplit('.').next().unwrap().to_owned();
            let request = request.body().bytes().unwrap();
            let reply = engine.answer(&operation, request).await;
            let body = SdkBody::from(serde_json::to_vec(&reply.body).unwrap());
            let response = HttpResponse::new(reply.status.try_into().unwrap(), body);
            if let Some(heard) = heard {
                heard.lock().unwrap().push(Heard { operation, request: request.to_vec(), reply });
            }
            response
        });
        HttpConnectorFuture::new(async { Ok(done.await.unwrap()) })
    }
}

/// The store of a new environment: an empty cache, and a client of its own.
pub fn store(engine: &Engine) -> Arc<Store> {
    connected(Connector { engine: engine.clone(), heard: None })
}

/// The same, with every word written down.
pub fn recorded_store(engine: &Engine, heard: &Arc<Mutex<Vec<Heard>>>) -> Arc<Store> {
    connected(Connector { engine: engine.clone(), heard: Some(Arc::clone(heard)) })
}

/// The client is as patient as the deployed one. Its requests are not signed, which takes no time in here.
fn connected(connector: Connector) -> Arc<Store> {
    let connector = SharedHttpConnector::new(connector);
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("ap-northeast-2"))
        .endpoint_url("http://simulated")
        .allow_no_auth()
        .timeout_config(timeouts())
        .retry_config(retries())
        // The retries that are left are counted by environment, not by process.
        .retry_partition(RetryPartition::new(Ulid::generate().to_string()))
        .http_client(http_client_fn(move |_, _| connector.clone()));
    Arc::new(Store::new(Client::from_conf(config.build()), tables()))
}

/// The tables under the names that the template gives them.
fn tables() -> Tables {
    Tables {
        balances: "balances".to_owned(),
        products: "products".to_owned(),
        coupons: "coupons".to_owned(),
        user_coupons: "user-coupons".to_owned(),
        orders: "orders".to_owned(),
        events: "events".to_owned(),
        sales: "sales".to_owned(),
        staff_actions: "staff-actions".to_owned(),
    }
}
