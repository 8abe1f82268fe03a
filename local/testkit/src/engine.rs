//! Fresh tables for each test, in any engine that speaks DynamoDB.
//!
//! The tables are those of `template.yaml`, under names that no other test has, so that tests share nothing. In an engine
//! that outlives the test (an account, DynamoDB Local) the tables are deleted afterwards.
//!
//! By default the engine is dynoxide, in this process. `SIJANG_DYNAMODB_ENDPOINT=http://host:port` selects another one on
//! this machine. `SIJANG_DYNAMODB_AWS=1` selects the account of the usual credentials, in their region: seven on-demand
//! tables for each test, named `sijang-test-...` and deleted afterwards; `--test-threads 4` keeps within its limits.

use std::{env, path::Path, sync::LazyLock, thread, time::Duration};

use aws_sdk_dynamodb::{
    Client, Config,
    client::Waiters,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    types::{
        AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType,
    },
};
use dynoxide::{Database as Dynoxide, server::serve_with_shutdown};
use futures::future::join_all;
use sijang_cloud::template::{Key, Table, Template};
use sijang_storage::Tables;
use tokio::net::TcpListener;
use ulid::Ulid;

/// The tables of the template.
pub static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    Template::load(&path).unwrap().tables().to_vec()
});

/// An engine with fresh tables, all of them empty.
pub struct Database {
    /// A client of the engine.
    pub client: Client,
    /// Where the engine listens.
    pub endpoint: String,
    prefix: String,
    engine: Engine,
}

/// The engine that serves the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Engine {
    /// Ends with the test.
    InProcess,
    /// Reached at an endpoint; outlives the test.
    Running,
    /// An AWS account, with the SDK's default configuration.
    Account,
}

impl Database {
    /// Fresh tables in the engine that the environment names, or else in an engine of their own.
    pub async fn fresh() -> Self {
        let (engine, endpoint) = match env::var("SIJANG_DYNAMODB_ENDPOINT") {
            _ if env::var_os("SIJANG_DYNAMODB_AWS").is_some() => (Engine::Account, String::new()),
            Ok(endpoint) => return Self::at(&endpoint).await,
            Err(_) => (Engine::InProcess, in_process().await),
        };
        Self::with(engine, endpoint).await
    }

    /// Fresh tables in the engine that runs at this endpoint.
    pub async fn at(endpoint: &str) -> Self {
        Self::with(Engine::Running, endpoint.to_owned()).await
    }

    async fn with(engine: Engine, endpoint: String) -> Self {
        let client = client_of(&engine, &endpoint).await;
        let prefix = format!("sijang-test-{}", Ulid::generate());
        let database = Self { client, endpoint, prefix, engine };
        // Dropped when this fails, so that no table is left behind.
        join_all(TABLES.iter().map(|table| create(&database.client, database.name_of(&table.name), table))).await;
        database
    }

    /// The physical name of a table.
    pub fn name_of(&self, table: &str) -> String {
        format!("{}-{table}", self.prefix)
    }

    /// The physical names, as the store takes them.
    pub fn tables(&self) -> Tables {
        Tables {
            balances: self.name_of("balances"),
            products: self.name_of("products"),
            coupons: self.name_of("coupons"),
            user_coupons: self.name_of("user-coupons"),
            orders: self.name_of("orders"),
            events: self.name_of("events"),
            sales: self.name_of("sales"),
            staff_actions: self.name_of("staff-actions"),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.engine == Engine::InProcess {
            return;
        }
        let (engine, endpoint) = (self.engine.clone(), self.endpoint.clone());
        let names: Vec<String> = TABLES.iter().map(|table| self.name_of(&table.name)).collect();
        // `drop` cannot wait for the test's own runtime.
        let deletion = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let client = client_of(&engine, &endpoint).await;
                for name in names {
                    if let Err(error) = client.delete_table().table_name(&name).send().await {
                        eprintln!("table {name} is left behind: {error:?}");
                    }
                }
            });
        });
        let _ = deletion.join();
    }
}

/// Starts dynoxide on a database in memory; it ends with the test's runtime.
async fn in_process() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let database = Dynoxide::memory().unwrap();
    tokio::spawn(serve_with_shutdown(listener, database, std::future::pending()));
    format!("http://{address}")
}

/// A client of the engine: of the account as the SDK finds it, or of an endpoint.
async fn client_of(engine: &Engine, endpoint: &str) -> Client {
    match engine {
        Engine::Account => Client::new(&aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await),
        Engine::InProcess | Engine::Running => client_at(endpoint),
    }
}

/// A client of an endpoint, with the environment's credentials where it has any. Engines on this machine take any.
pub fn client_at(endpoint: &str) -> Client {
    let variable = |name: &str| env::var(name).ok();
    let credential = |name: &str| variable(name).unwrap_or_else(|| "test".to_owned());
    let (id, secret) = (credential("AWS_ACCESS_KEY_ID"), credential("AWS_SECRET_ACCESS_KEY"));
    let credentials = Credentials::new(id, secret, variable("AWS_SESSION_TOKEN"), None, "tests");
    let region = variable("AWS_REGION").unwrap_or_else(|| "ap-northeast-2".to_owned());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(credentials)
        .region(Region::new(region))
        .endpoint_url(endpoint);
    // Reading the root certificates takes longer than many a test.
    let plain = endpoint.starts_with("http://");
    let config = if plain { config.http_client(aws_smithy_http_client::Builder::new().build_http()) } else { config };
    Client::from_conf(config.build())
}

async fn create(client: &Client, name: String, table: &Table) {
    let attribute = |name: &str| {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
        attribute.build().unwrap()
    };
    let index = |index: &sijang_cloud::template::Index| {
        let projection = match &index.included {
            Some(_) => Projection::builder().projection_type(ProjectionType::Include),
            None => Projection::builder().projection_type(ProjectionType::All),
        };
        let index = GlobalSecondaryIndex::builder()
            .index_name(&index.name)
            .set_key_schema(Some(schema(&index.key)))
            .projection(projection.set_non_key_attributes(index.included.clone()).build());
        index.build().unwrap()
    };
    let indexes: Vec<_> = table.indexes.iter().map(index).collect();
    client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(table.attributes().into_iter().map(attribute).collect()))
        .set_key_schema(Some(schema(&table.key)))
        .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
        .send()
        .await
        .unwrap();
    client.wait_until_table_exists().table_name(name).wait(Duration::from_mins(5)).await.unwrap();
}

/// The retries of the functions, with shorter backoff.
pub(crate) fn retries() -> RetryConfig {
    sijang_storage::retries().with_initial_backoff(Duration::from_millis(1)).with_max_backoff(Duration::from_millis(5))
}

fn schema(key: &Key) -> Vec<KeySchemaElement> {
    let element =
        |name: &String, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let hash = element(&key.hash, KeyType::Hash);
    std::iter::once(hash).chain(key.range.iter().map(|range| element(range, KeyType::Range))).collect()
}
