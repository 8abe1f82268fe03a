//! The shop that is fuzzed: the deployed handlers over a store where every call succeeds and nothing is found. What gets
//! past the parsers costs microseconds there, and ends in a success or in a definite rejection.

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
        orchestrator::HttpRequest,
    },
    http::{Response, StatusCode},
};
use aws_smithy_types::body::SdkBody;
use sijang_functions::in_process::Shop;
use sijang_storage::{OrderEvents, Store, Tables};

#[derive(Debug)]
struct Nowhere;

impl HttpConnector for Nowhere {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        // An answer of nothing is good in both protocols: no item, no message, nothing that was rejected.
        let status = StatusCode::try_from(200).unwrap_or_else(|_| unreachable!());
        HttpConnectorFuture::ready(Ok(Response::new(status, SdkBody::from("{}"))))
    }
}

fn nowhere() -> SharedHttpClient {
    http_client_fn(|_, _| SharedHttpConnector::new(Nowhere))
}

/// The shop.
///
/// # Panics
/// Never: its key is long enough.
pub fn open() -> Shop {
    let credentials = Credentials::new("none", "none", None, None, "fuzzing");
    let (region, version) = (Region::from_static("ap-northeast-2"), BehaviorVersion::v2026_01_12());
    let db = aws_sdk_dynamodb::Config::builder()
        .behavior_version(version)
        .region(region.clone())
        .credentials_provider(credentials.clone())
        .http_client(nowhere());
    let sqs = aws_sdk_sqs::Config::builder()
        .behavior_version(version)
        .region(region)
        .credentials_provider(credentials)
        .http_client(nowhere());
    let named = |name: &str| name.to_owned();
    let tables = Tables {
        balances: named("balances"),
        products: named("products"),
        coupons: named("coupons"),
        user_coupons: named("user-coupons"),
        orders: named("orders"),
        events: named("events"),
        sales: named("sales"),
        staff_actions: named("staff-actions"),
    };
    let store = Store::new(aws_sdk_dynamodb::Client::from_conf(db.build()), tables);
    let sqs = aws_sdk_sqs::Client::from_conf(sqs.build());
    let queue = OrderEvents::new(sqs, named("http://sqs.local/queue"), named("http://sqs.local/dead"));
    #[allow(clippy::expect_used)]
    Shop::new(store, queue, "a key for cursors that nobody else has").expect("the key is long enough")
}
