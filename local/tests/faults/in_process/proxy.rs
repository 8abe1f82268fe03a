//! The proxy does what it says, to the real SDK and a real engine.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    types::{AttributeValue, KeysAndAttributes, Put, PutRequest, TransactWriteItem, Update, WriteRequest},
};
use sijang_cloud::faults::{Fault, Faults, Injection, Plan, Proxy};
use sijang_storage::Item;
use sijang_testkit::engine::Database;

/// A table behind a proxy, and a client that tries everything once.
struct Bench {
    database: Database,
    client: Client,
    faults: Faults,
    _proxy: Proxy,
}

/// The outcome of a call: the code of its error, if there was one.
type Outcome = Result<(), String>;

fn outcome<T, E: ProvideErrorMetadata + std::fmt::Debug>(result: Result<T, SdkError<E>>) -> Outcome {
    match result {
        Ok(_) => Ok(()),
        Err(SdkError::ServiceError(error)) => Err(error.err().code().unwrap_or("no code").to_owned()),
        Err(SdkError::TimeoutError(_)) => Err("timeout".to_owned()),
        Err(SdkError::DispatchFailure(_)) => Err("broken".to_owned()),
        Err(other) => Err(format!("{other:?}")),
    }
}

fn fails(code: &str) -> Outcome {
    Err(code.to_owned())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

impl Bench {
    async fn new() -> Self {
        let database = Database::fresh().await;
        let faults = Faults::none();
        let proxy = Proxy::start(&database.endpoint, &faults).await.unwrap();
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(Credentials::new("test", "test", None, None, "proxy"))
            .region(Region::from_static("ap-northeast-2"))
            .endpoint_url(proxy.endpoint())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(500)).build())
            .retry_config(RetryConfig::disabled());
        let client = Client::from_conf(config.build());
        Self { database, client, faults, _proxy: proxy }
    }

    fn table(&self) -> String {
        self.database.name_of("events")
    }

    /// The next call gets this fault.
    fn next(&self, injection: impl Into<Injection>) {
        self.faults.plan(Plan::at(1, injection));
    }

    async fn put(&self, key: &str) -> Outcome {
        outcome(self.client.put_item().table_name(self.table()).item("request", text(key)).send().await)
    }

    /// Adds one to a counter, in a transaction with a token.
    async fn add(&self) -> Outcome {
        let add = Update::builder()
            .table_name(self.table())
            .key("request", text("counter"))
            .update_expression("ADD n :one")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()));
        let put = Put::builder().table_name(self.table()).item("request", text("beside")).build().unwrap();
        let actions = [
            TransactWriteItem::builder().update(add.build().unwrap()).build(),
            TransactWriteItem::builder().put(put).build(),
        ];
        let call = self.client.transact_write_items().set_transact_items(Some(actions.to_vec()));
        outcome(call.client_request_token("one-token").send().await)
    }

    async fn counted(&self) -> i64 {
        let item = self.item(&self.database.client, "counter", true).await;
        item.and_then(|item| item["n"].as_n().unwrap().parse().ok()).unwrap_or(0)
    }

    async fn item(&self, client: &Client, key: &str, consistent: bool) -> Option<Item> {
        let call = client.get_item().table_name(self.table()).key("request", text(key)).consistent_read(consistent);
        call.send().await.unwrap().item
    }

    async fn has(&self, key: &str) -> bool {
        self.item(&self.database.client, key, true).await.is_some()
    }
}

#[tokio::test]
async fn a_rejection_is_what_the_sdk_knows_it_as_and_nothing_is_done() {
    let bench = Bench::new().await;
    let rejections = [
        (Fault::InternalError, "InternalServerError"),
        (Fault::Throttled, "ThrottlingException"),
        (Fault::ThroughputExceeded, "ProvisionedThroughputExceededException"),
        (Fault::Conflict, "TransactionConflictException"),
        (Fault::Reset, "broken"),
        (Fault::Hang, "timeout"),
    ];
    for (fault, code) in rejections {
        bench.next(fault);
        assert_eq!(bench.put("k").await, fails(code));
        assert!(!bench.has("k").await, "{fault:?}");
        assert_eq!(bench.put("other").await, Ok(()), "only the first call gets {fault:?}");
    }
    let transactions = [
        (Fault::InProgress, "TransactionInProgressException"),
        (Fault::Conflict, "TransactionCanceledException"),
        (Fault::ConflictAndCondition, "TransactionCanceledException"),
        (Fault::CancelledByThrottling, "TransactionCanceledException"),
        (Fault::CancelledByThroughput, "TransactionCanceledException"),
    ];
    for (fault, code) in transactions {
        bench.next(fault);
        assert_eq!(bench.add().await, fails(code));
        assert_eq!(bench.counted().await, 0, "{fault:?}");
    }
}

#[tokio::test]
async fn the_reasons_of_a_cancelled_transaction_reach_the_sdk() {
    let bench = Bench::new().await;
    let reasons = [
        (Fault::Conflict, "TransactionConflict"),
        (Fault::CancelledByThrottling, "ThrottlingError"),
        (Fault::CancelledByThroughput, "ProvisionedThroughputExceeded"),
    ];
    for (fault, code) in reasons {
        bench.next(fault);
        let put = Put::builder().table_name(bench.table()).item("request", text("k")).build().unwrap();
        let put = TransactWriteItem::builder().put(put).build();
        let call = bench.client.transact_write_items().transact_items(put.clone()).transact_items(put);
        let error = call.send().await.unwrap_err().into_service_error();
        let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
            cancelled,
        ) = error
        else {
            panic!("{error:?}")
        };
        let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
        assert_eq!(codes, ["None", code]);
    }
}

#[tokio::test]
async fn a_lost_reply_is_of_a_call_that_was_done() {
    let bench = Bench::new().await;
    for (fault, code) in [(Fault::ReplyDropped, "broken"), (Fault::ReplyHung, "timeout")] {
        bench.next(fault);
        assert_eq!(bench.put(code).await, fails(code));
        assert!(bench.has(code).await);
    }
}

#[tokio::test]
async fn a_call_that_arrives_twice_is_done_twice_unless_it_has_its_token() {
    let bench = Bench::new().await;
    bench.next(Fault::Twice);
    assert_eq!(bench.add().await, Ok(()));
    assert_eq!(bench.counted().await, 1);
    bench.next(Fault::Twice.without_token());
    assert_eq!(bench.add().await, Ok(()));
    assert_eq!(bench.counted().await, 3);
}

#[tokio::test]
async fn a_late_call_arrives_when_it_is_told_to() {
    let bench = Bench::new().await;
    bench.next(Fault::Late);
    let (put, ()) = tokio::join!(bench.put("k"), bench.faults.silence());
    assert_eq!(put, fails("timeout"));
    assert!(!bench.has("k").await);
    assert_eq!((bench.faults.deliver_late().await, bench.faults.deliver_late().await), (1, 0));
    assert!(bench.has("k").await);
}

#[tokio::test]
async fn a_delayed_call_is_done_later() {
    let bench = Bench::new().await;
    bench.next(Fault::Delay(Duration::from_millis(60)));
    let began = Instant::now();
    assert_eq!(bench.put("k").await, Ok(()));
    assert!(began.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn half_a_batch_is_done_and_the_rest_is_named() {
    let bench = Bench::new().await;
    let keys = ["a", "b", "c"];
    let write = |key: &&str| {
        let put = PutRequest::builder().item("request", text(key)).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    };
    bench.next(Fault::HalfBatch);
    let writes = keys.iter().map(write).collect();
    let answer = bench.client.batch_write_item().request_items(bench.table(), writes).send().await.unwrap();
    assert_eq!(answer.unprocessed_items.unwrap()[&bench.table()].len(), 2);
    assert_eq!([bench.has("a").await, bench.has("b").await, bench.has("c").await], [true, false, false]);

    for key in keys {
        bench.put(key).await.unwrap();
    }
    bench.next(Fault::HalfBatch);
    let keys = keys.map(|key| Item::from([("request".to_owned(), text(key))]));
    let keys = KeysAndAttributes::builder().set_keys(Some(keys.to_vec())).build().unwrap();
    let answer = bench.client.batch_get_item().request_items(bench.table(), keys).send().await.unwrap();
    assert_eq!(answer.responses.unwrap()[&bench.table()].len(), 1);
    assert_eq!(answer.unprocessed_keys.unwrap()[&bench.table()].keys.len(), 2);
}

#[tokio::test]
async fn only_a_read_that_need_not_be_consistent_is_stale() {
    let bench = Bench::new().await;
    assert_eq!(bench.item(&bench.client, "k", false).await, None);
    bench.put("k").await.unwrap();
    bench.faults.plan(Plan::from(1, "GetItem", Fault::Stale));
    assert_eq!(bench.item(&bench.client, "k", false).await, None);
    assert!(bench.item(&bench.client, "k", true).await.is_some());
    bench.faults.plan(Plan::none());
    assert!(bench.item(&bench.client, "k", false).await.is_some());
}

#[tokio::test]
async fn faults_hit_calls_by_their_number_in_all_or_by_operation() {
    let bench = Bench::new().await;
    bench.faults.plan(Plan::nth("PutItem", 2, Fault::Throttled));
    bench.put("a").await.unwrap();
    bench.item(&bench.client, "a", true).await;
    assert_eq!(bench.put("b").await, fails("ThrottlingException"));
    bench.put("c").await.unwrap();
    let calls = bench.faults.calls();
    let calls: Vec<_> = calls.iter().map(|call| (call.number, &*call.operation, call.nth, call.fault)).collect();
    let none = Fault::None;
    assert_eq!(
        calls,
        [
            (1, "PutItem", 1, none),
            (2, "GetItem", 1, none),
            (3, "PutItem", 2, Fault::Throttled),
            (4, "PutItem", 3, none),
        ]
    );
}
