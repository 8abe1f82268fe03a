//! The simulated engine answers as a complete one does: everything that is asked in a sale, rejections and replays
//! among it, is written down and asked again of the engine of the storage contract.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use futures::future::join_all;
use serde_json::{Value, json};
use sijang_domain::{Cart, Command, CouponId, Error, IdempotencyKey, Money, Order, ProductId, ShardCount};
use sijang_storage::Store;
use tokio::runtime::Builder;

use super::{
    assumptions::Cloud,
    buyer::customer,
    connector::{Heard, recorded_store},
    dynamo::Engine,
    shop::{Goods, Kind, PRICE, admit_customers, command, offer, reshard},
};
use sijang_testkit::{
    engine::{Database, TABLES},
    shop::cancellation_period,
};

/// Nobody checks it.
const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 Credential=test/20261121/ap-northeast-2/dynamodb/aws4_request, \
                             SignedHeaders=host, Signature=0";

#[test]
fn a_complete_engine_answers_the_same() {
    let paused = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (before, heard) = paused.block_on(everything());
    assert!(heard.len() > 30, "only {} requests were made", heard.len());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = Database::fresh().await;
        for (table, item) in before {
            let put = json!({ "TableName": table, "Item": item });
            ask(&database, "PutItem", put).await;
        }
        for Heard { operation, request, reply } in heard {
            let request: Value = serde_json::from_slice(&request).unwrap();
            let answer = ask(&database, &operation, request.clone()).await;
            assert_eq!(comparable(&reply.body), comparable(&answer), "{operation} {request:#}");
        }
    });
}

/// Everything that a customer and an administrator do, one after the other. What was there before, and what was said.
async fn everything() -> (Vec<(&'static str, Value)>, Vec<Heard>) {
    let engine = Engine::new(&Cloud::default(), 1);
    let one = ShardCount::ONE;
    let goods = offer(&engine, Kind::Orders, 7, one).await;
    let coupons = offer(&engine, Kind::Coupons, 2, one).await;
    let (Goods::Product(product), Goods::Campaign(coupon)) = (goods, coupons) else { unreachable!() };
    admit_customers(&engine, 6).await;
    let there = TABLES
        .iter()
        .flat_map(|table| engine.items(&table.name).into_iter().map(|item| (table.name.as_str(), json!(item))));
    let there = there.collect();

    let heard = Arc::new(Mutex::new(Vec::new()));
    let store = recorded_store(&engine, &heard);
    let shop = Shop { engine: &engine, store: &store, product };
    let paid = shop.order(0, 1, PRICE, None).await.unwrap();
    shop.order(0, 1, PRICE, None).await.unwrap(); // the same again
    shop.order(0, 2, PRICE, None).await.unwrap_err(); // the key for something else
    shop.order(1, 1, PRICE + 1, None).await.unwrap_err();
    shop.order(1, 2, PRICE, None).await.unwrap_err(); // more than she has
    shop.order(1, 9, PRICE, None).await.unwrap_err(); // more than there is
    for number in [1, 2, 2, 3] {
        let _ = shop.issue(number, coupon).await; // she has it already; sold out
    }
    shop.order(1, 1, PRICE, Some(coupon)).await.unwrap();
    store.cancel_order(&shop.command(0, "cancel"), paid.order_id, cancellation_period()).await.unwrap();
    for shards in [4, 2, 3] {
        let shards = ShardCount::new(shards).unwrap();
        for goods in [goods, coupons] {
            assert!(reshard(&engine, &store, goods, shards).await);
        }
    }
    store.adjust_stock(&shop.command(0, "deliver"), product, 5).await.unwrap();
    store.adjust_stock(&shop.command(0, "take"), product, -9).await.unwrap();
    for number in 2..6 {
        let _ = shop.order(number, 1, PRICE, None).await; // from shards; sold out
    }
    let elsewhere = recorded_store(&engine, &heard);
    let elsewhere = Shop { store: &elsewhere, ..shop };
    elsewhere.order(5, 1, PRICE, None).await.unwrap_err();
    elsewhere.issue(4, coupon).await.unwrap_err();
    let heard = std::mem::take(&mut *heard.lock().unwrap());
    (there, heard)
}

#[test]
fn request_with_a_conflict_in_a_shard_tries_another_shard() {
    fastrand::seed(1);
    let paused = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let heard = paused.block_on(rush());
    let mut tried: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Heard { request, .. } in heard.iter().filter(|heard| heard.operation == "TransactWriteItems") {
        let request: Value = serde_json::from_slice(request).unwrap();
        let actions = &request["TransactItems"];
        let (event, shard) = (&actions[0]["Put"]["Item"]["request"]["S"], &actions[1]["Update"]["Key"]["sk"]["S"]);
        tried.entry(event.to_string()).or_default().insert(shard.to_string());
    }
    assert_eq!(tried.len(), 16);
    assert!(tried.values().any(|shards| shards.len() > 1), "each stayed with the shard that it tried first: {tried:?}");
}

/// Sixteen environments sell at once what is in eight shards, and all of them know that; what they say.
async fn rush() -> Vec<Heard> {
    let engine = Engine::new(&Cloud::default().slower(4.0), 1);
    let goods = offer(&engine, Kind::Orders, 80, ShardCount::new(8).unwrap()).await;
    let Goods::Product(product) = goods else { unreachable!() };
    admit_customers(&engine, 32).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let stores: Vec<_> = (0..16).map(|_| recorded_store(&engine, &heard)).collect();
    for (number, store) in stores.iter().enumerate() {
        Shop { engine: &engine, store, product }.order(number, 1, PRICE, None).await.unwrap();
    }
    heard.lock().unwrap().clear();
    let (engine, customers) = (&engine, 16..);
    let orders = stores.into_iter().zip(customers).map(|(store, number)| async move {
        Shop { engine, store: &store, product }.order(number, 1, PRICE, None).await.unwrap()
    });
    join_all(orders).await;
    std::mem::take(&mut *heard.lock().unwrap())
}

#[derive(Clone, Copy)]
struct Shop<'a> {
    engine: &'a Engine,
    store: &'a Store,
    product: ProductId,
}

impl Shop<'_> {
    fn command(&self, number: usize, key: &str) -> Command {
        Command { user: customer(number), ..command(self.engine, key) }
    }

    async fn order(&self, number: usize, units: i64, quote: i64, coupon: Option<CouponId>) -> Result<Order, Error> {
        let cart = Cart::new(vec![(self.product, units, Some(Money::new(quote).unwrap()))]).unwrap();
        let fingerprint = sijang_domain::Fingerprint::of(&units);
        // A new order takes a new key. The first customer alone uses one key for two orders.
        let key = if number == 0 {
            "order-0".to_owned()
        } else {
            format!("order-{number}-{units}-{quote}-{}", coupon.is_some())
        };
        let command = Command { fingerprint, ..self.command(number, &key) };
        Ok(self.store.place_order(&command, &cart, coupon).await?.value)
    }

    async fn issue(&self, number: usize, coupon: CouponId) -> Result<(), Error> {
        let key = IdempotencyKey::parse("issue").unwrap();
        let time = self.command(number, "issue").time;
        self.store.issue_coupon(&customer(number), coupon, Some(&key), time).await.map(drop)
    }
}

/// Asks the complete engine, whose tables have names of their own.
async fn ask(database: &Database, operation: &str, mut request: Value) -> Value {
    rename(database, &mut request);
    let answer = reqwest::Client::new()
        .post(&database.endpoint)
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", AUTHORIZATION)
        .header("x-amz-date", "20261121T030000Z")
        .body(request.to_string())
        .send();
    serde_json::from_slice(&answer.await.unwrap().bytes().await.unwrap()).unwrap()
}

fn rename(database: &Database, request: &mut Value) {
    match request {
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get_mut("TableName") {
                *name = database.name_of(name);
            }
            if let Some(Value::Object(tables)) = members.get_mut("RequestItems") {
                *tables =
                    std::mem::take(tables).into_iter().map(|(name, keys)| (database.name_of(&name), keys)).collect();
            }
            members.values_mut().for_each(|member| rename(database, member));
        }
        Value::Array(members) => members.iter_mut().for_each(|member| rename(database, member)),
        _ => {}
    }
}

/// The parts of an answer that the store reads.
fn comparable(answer: &Value) -> Value {
    let kind = answer["__type"].as_str().and_then(|kind| kind.rsplit('#').next());
    let reasons: Vec<Value> = answer["CancellationReasons"].as_array().map_or_else(Vec::new, |reasons| {
        reasons.iter().map(|reason| json!({ "code": reason["Code"], "item": reason["Item"] })).collect()
    });
    let batches = answer["Responses"].as_object().into_iter().flat_map(|tables| tables.values());
    let lists = batches.chain(answer.get("Items")).filter_map(Value::as_array);
    let mut items: Vec<&Value> = lists.flatten().collect();
    items.sort_by_key(ToString::to_string);
    json!({ "kind": kind, "reasons": reasons, "item": answer["Item"], "items": items })
}
