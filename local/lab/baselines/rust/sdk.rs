//! The lower bound of an order: the runtime, and one call of the SDK with a transaction as large as that of an order of one
//! line. What place-order takes beyond this is its own.
//!
//! With `COPY_ONLY` it makes its copy of the transaction and calls nobody: what has to be subtracted, for place-order makes
//! its transaction of the request.

use std::{collections::HashMap, env, hint::black_box};

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    types::{
        AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
        builders::{PutBuilder, UpdateBuilder},
    },
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

const ID: &str = "01M7Y6FA3AARWEQGXQXM486XMD";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(Credentials::new("test", "test", None, None, "baseline"))
        .region(Region::from_static("ap-northeast-2"))
        .endpoint_url(env::var("AWS_ENDPOINT_URL_DYNAMODB")?);
    let client: &Client = Box::leak(Box::new(Client::from_conf(config.build())));
    let actions: &[_] = actions()?.leak();
    let copy_only = env::var_os("COPY_ONLY").is_some();
    // A task, as a function of ours is.
    tokio::spawn(run(service_fn(move |_: LambdaEvent<Value>| answer(client, actions, copy_only)))).await?
}

async fn answer(client: &Client, actions: &[TransactWriteItem], copy_only: bool) -> Result<Value, Error> {
    let actions = black_box(actions.to_vec());
    if !copy_only {
        client.transact_write_items().set_transact_items(Some(actions)).client_request_token(ID).send().await?;
    }
    Ok(json!({"statusCode": 201, "body": ID}))
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> HashMap<String, AttributeValue> {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Event, stock, balance, ledger entry, order.
fn actions() -> Result<Vec<TransactWriteItem>, Error> {
    let line = AttributeValue::M(item([("p", text(ID)), ("q", number(1)), ("u", number(100))]));
    let order = AttributeValue::M(item([
        ("id", text(ID)),
        ("status", text("PAID")),
        ("lines", AttributeValue::L(vec![line])),
        ("list", number(100)),
        ("off", number(0)),
        ("at", number(1_795_231_170_000)),
    ]));
    let event = item([
        ("request", text("customer#place-order#key-1")),
        ("type", text("order.paid.v1")),
        ("at", number(1_795_231_170_000)),
        ("print", AttributeValue::B(vec![0; 32].into())),
        ("order", order.clone()),
    ]);
    let entry = item([
        ("user_id", text("customer")),
        ("sk", text(ID)),
        ("type", text("PAYMENT")),
        ("amount", number(-100)),
        ("order_id", text(ID)),
        ("at", number(1_795_231_170_000)),
    ]);
    let sale = Update::builder()
        .table_name("products")
        .set_key(Some(item([("product_id", text(ID)), ("sk", text("STOCK#0"))])))
        .update_expression("SET stock = stock - :units")
        .condition_expression("stock >= :units AND attribute_not_exists(shards) AND active = :yes AND price = :price")
        .set_expression_attribute_values(Some(item([
            (":units", number(1)),
            (":yes", AttributeValue::Bool(true)),
            (":price", number(100)),
        ])));
    let payment = Update::builder()
        .table_name("balances")
        .set_key(Some(item([("user_id", text("customer")), ("sk", text("BALANCE"))])))
        .update_expression("SET balance = if_not_exists(balance, :none) - :price, #last = :entry")
        .condition_expression("balance >= :price AND #last < :entry")
        .expression_attribute_names("#last", "last")
        .set_expression_attribute_values(Some(item([
            (":price", number(100)),
            (":none", number(0)),
            (":entry", text(ID)),
        ])));
    let put = |table: &str, row| Put::builder().table_name(table).set_item(Some(row));
    let order = item([("user_id", text("customer")), ("order_id", text(ID)), ("order", order)]);
    Ok(vec![
        action(new(put("events", event), "request").build()?),
        change(old(sale).build()?),
        change(old(payment).build()?),
        action(put("balances", entry).build()?),
        action(new(put("orders", order), "order_id").build()?),
    ])
}

fn new(put: PutBuilder, key: &str) -> PutBuilder {
    put.condition_expression("attribute_not_exists(#key)")
        .expression_attribute_names("#key", key)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
}

fn old(update: UpdateBuilder) -> UpdateBuilder {
    update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
}

fn action(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

fn change(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}
