//! Tables and queues in engines of one's own, made from `template.yaml`: dynoxide and MiniStack stand for what one may
//! run in containers. The functions find them by the variables that are printed.

use std::{collections::BTreeMap, net::TcpListener as StdListener, path::Path, process::Output};

use dynoxide::{Database, server::serve_with_shutdown};
use serde_json::Value;
use sijang_cli::provision::{Engines, provision};
use sijang_cloud::{
    build,
    layout::Repository,
    ministack::{MiniStack, MiniStackOptions},
    progress::Progress,
    template::{Index, Template},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command};

/// Tables in this process.
async fn dynoxide() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let database = Database::memory().unwrap();
    tokio::spawn(serve_with_shutdown(listener, database, std::future::pending()));
    format!("http://{address}")
}

/// Tables and queues in a process of their own.
async fn ministack(folder: &TempDir) -> MiniStack {
    let programs = MiniStack::fetch(&Repository::find().unwrap(), Progress::new(true)).await.unwrap();
    let options = MiniStackOptions {
        python: programs.python(),
        folder: folder.path().join("ministack"),
        log: folder.path().join("ministack.log"),
        port: StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port(),
        invoke_urls: BTreeMap::new(),
    };
    MiniStack::start(&options).await.unwrap()
}

/// Runs the command, in this environment only.
async fn command(environment: &[(&str, &str)]) -> Output {
    let repository = Repository::find().unwrap();
    build::programs(repository.root(), true).await.unwrap();
    let mut command = Command::new(repository.binary("shop"));
    command.args(["provision", "--stack", "shop"]).env_remove("AWS_ENDPOINT_URL");
    command.envs(environment.iter().copied()).output().await.unwrap()
}

fn environment(output: &Output) -> BTreeMap<String, String> {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| line.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into())).collect()
}

/// The answer of an engine.
async fn call(endpoint: &str, target: &str, body: Value) -> Value {
    let service = if target.starts_with("DynamoDB") { "dynamodb" } else { "sqs" };
    let scope = format!("Credential=test/20260101/ap-northeast-2/{service}/aws4_request");
    let request = reqwest::Client::new().post(format!("{endpoint}/")).header("x-amz-target", target);
    let request = request.header("content-type", "application/x-amz-json-1.0").header("x-amz-date", "20260101T000000Z");
    let request = request.header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"));
    request.body(body.to_string()).send().await.unwrap().json().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_queues_are_created_once_at_their_endpoints() {
    let folder = tempfile::tempdir().unwrap();
    let (tables, cloud) = (dynoxide().await, ministack(&folder).await);
    let all = cloud.cloud().endpoint().to_owned();
    let split = [("AWS_ENDPOINT_URL_DYNAMODB", tables.as_str()), ("AWS_ENDPOINT_URL", all.as_str())];
    let printed = environment(&command(&split).await);
    assert_eq!(environment(&command(&split).await), printed, "a second time, nothing changes");

    let template = Template::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")).unwrap();
    for table in template.tables() {
        let name = format!("shop-{}", table.name);
        let request = serde_json::json!({"TableName": name});
        let found = call(&tables, "DynamoDB_20120810.DescribeTable", request).await["Table"].clone();
        assert_eq!(found["KeySchema"][0]["AttributeName"], table.key.hash, "{name}");
        assert_eq!(found["KeySchema"][1]["AttributeName"].as_str(), table.key.range.as_deref(), "{name}");
        let indexes = found["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
        let projections: Vec<_> = indexes.map(|index| index["Projection"].clone()).collect();
        let expected: Vec<_> = table.indexes.iter().map(Index::projection).collect();
        assert_eq!(projections, expected, "{name}");
        assert_eq!(found["StreamSpecification"]["StreamViewType"].as_str(), table.stream.as_deref(), "{name}");
    }
    let elsewhere = call(&all, "DynamoDB_20120810.ListTables", serde_json::json!({})).await;
    assert_eq!(elsewhere["TableNames"], serde_json::json!([]), "tables have an endpoint of their own");

    let queue = &printed["ORDER_EVENTS_QUEUE_URL"];
    let request = serde_json::json!({"QueueUrl": queue, "AttributeNames": ["All"]});
    let attributes = call(&all, "AmazonSQS.GetQueueAttributes", request).await["Attributes"].clone();
    assert_eq!(attributes["VisibilityTimeout"], "180");
    let redrive: Value = serde_json::from_str(attributes["RedrivePolicy"].as_str().unwrap()).unwrap();
    assert_eq!(redrive["maxReceiveCount"], 10);
    assert!(redrive["deadLetterTargetArn"].as_str().unwrap().ends_with(":shop-order-events-dlq"));
    cloud.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_has_every_variable_of_every_function() {
    let folder = tempfile::tempdir().unwrap();
    let cloud = ministack(&folder).await;
    let endpoint = cloud.cloud().endpoint().to_owned();
    let template = Template::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")).unwrap();
    let engines = Engines { dynamodb: endpoint.clone(), sqs: endpoint.clone() };
    let told = provision(&template, &engines, "sijang").await.unwrap();
    for function in template.functions() {
        for name in function.environment.keys() {
            // A release has no name here.
            let given = told.get(name).is_some_and(|value| !value.is_empty() || name == "RELEASE");
            assert!(given, "{}: {name}", function.name);
        }
    }
    assert_eq!(told["USER_COUPONS_TABLE"], "sijang-user-coupons");
    assert_eq!(told["DEPOSIT_MIN"], "100");
    assert_eq!(told["AWS_ENDPOINT_URL_DYNAMODB"], endpoint);
    assert_eq!(told["AWS_ENDPOINT_URL_SQS"], endpoint);
    cloud.stop().await;
}

#[tokio::test]
async fn without_an_endpoint_nothing_is_made_and_the_variables_are_named() {
    let output = command(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("AWS_ENDPOINT_URL_SQS nor AWS_ENDPOINT_URL"), "{said}");
}
