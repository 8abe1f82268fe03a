//! The form of requests, and the problems that invalid ones get.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_testkit::http::{Request, Shop, campaign, krw, order};
use ulid::Ulid;

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, a_body_has_every_field_of_its_type_once_and_no_other),
        named!(trial, world, a_body_is_one_json_document_of_at_most_16_kib),
        named!(trial, world, a_body_is_said_to_be_json_or_not_said_to_be_anything),
        named!(trial, world, commands_need_an_idempotency_key),
        named!(trial, world, problems_speak_the_readers_language),
        named!(trial, world, an_internal_error_tells_nothing),
    ]
}

async fn a_body_has_every_field_of_its_type_once_and_no_other(shop: Shop) {
    let customer = shop.customer();
    let deposit = |body: &str| customer.post("/v1/me/balance/deposits").new_key().text(body);
    for (body, pointer) in [
        (r"{}", "/amount"),
        (r#"{"amount":1000}"#, "/currency"),
        (r#"{"amount":1000,"currency":"USD"}"#, "/currency"),
        (r#"{"amount":1000,"currency":null}"#, "/currency"),
        (r#"{"amount":1000,"currency":7}"#, "/currency"),
        (r#"{"amount":1000.0,"currency":"KRW"}"#, "/amount"),
        (r#"{"amount":1e3,"currency":"KRW"}"#, "/amount"),
        (r#"{"amount":"1000","currency":"KRW"}"#, "/amount"),
        (r#"{"amount":99999999999999999999,"currency":"KRW"}"#, "/amount"),
        (r#"{"amount":true,"currency":"KRW"}"#, "/amount"),
        (r#"{"amount":1000,"currency":"KRW","amount":1000}"#, "/amount"),
        (r#"{"amount":1000,"currency":"KRW","user_id":"someone-else"}"#, ""),
        (r#"[1000,"KRW"]"#, ""),
        (r#""1000""#, ""),
        ("1000", ""),
        ("null", ""),
    ] {
        let answer = deposit(body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        answer.invalid(pointer);
        assert!(!answer.body.contains("someone-else") && !answer.body.contains("user_id"), "never echoed");
    }
    let product = shop.product(1, 1).await;
    for (line, pointer) in [
        (json!({"quantity": 1}), "/lines/0/product_id"),
        (json!({"product_id": product}), "/lines/0/quantity"),
        (json!({"product_id": product, "quantity": 1.5}), "/lines/0/quantity"),
        (json!({"product_id": 7, "quantity": 1}), "/lines/0/product_id"),
        (json!({"product_id": product, "quantity": 1, "price": 0}), "/lines/0"),
        (json!({"product_id": product, "quantity": 1, "unit_price": 1}), "/lines/0/unit_price"),
        (json!({"product_id": product, "quantity": 1, "unit_price": {"amount": 1}}), "/lines/0/unit_price/currency"),
    ] {
        customer.order(&json!({"lines": [line]})).await.invalid(pointer);
    }
    customer.order(&json!({"lines": [], "user_id": "someone-else"})).await.invalid("");
    customer.order(&json!({"lines": {}})).await.invalid("/lines");
    customer.order(&json!([[]])).await.invalid("");
    customer.order(&json!({"lines": [[product, 1, null]]})).await.invalid("/lines/0");
    assert_eq!(customer.balance().await, 0);
}

async fn a_body_is_one_json_document_of_at_most_16_kib(shop: Shop) {
    let customer = shop.customer();
    let deposit = |body: Vec<u8>| customer.post("/v1/me/balance/deposits").new_key().text(body);
    let good = krw(1_000).to_string();
    for bad in
        ["", "{", "{\"amount\":1000,}", &format!("{good} x"), &format!("{good} {good}"), "{'amount':1000}", "\u{feff}"]
    {
        let problem = deposit(bad.into()).await.problem(400, "malformed-json");
        assert!(problem.get("errors").is_none());
    }

    let mut largest = good.into_bytes();
    largest.resize(16 * 1024, b' ');
    deposit(largest.clone()).await.value(201);
    largest.push(b' ');
    deposit(largest).await.problem(400, "body-too-large");
    deposit(format!("\u{feff}{}", krw(1_000)).into()).await.value(201);
    assert_eq!(customer.balance().await, 2_000);
}

async fn a_body_is_said_to_be_json_or_not_said_to_be_anything(shop: Shop) {
    let customer = shop.customer();
    let deposit = |kind: &str| customer.post("/v1/me/balance/deposits").new_key().typed(kind, krw(100).to_string());
    for other in ["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/jsonx", ";", "*/*"]
    {
        deposit(other).await.problem(415, "unsupported-media-type");
    }
    for json in ["application/json", "application/json; charset=utf-8", "Application/JSON ;charset=utf-8", ""] {
        deposit(json).await.value(201);
    }
    assert_eq!(customer.balance().await, 400);
}

async fn commands_need_an_idempotency_key(shop: Shop) {
    let product = shop.product(10, 10).await;
    let (customer, admin) = (shop.customer_with(1_000).await, shop.admin());
    let update = format!("/v1/admin/products/{product}");
    let adjust = format!("{update}/stock-adjustments");
    let new = json!({"name": "product", "price": krw(1), "stock": 1});
    let requests: [Box<dyn Fn() -> Request>; 6] = [
        Box::new(|| customer.post("/v1/me/balance/deposits").json(&krw(100))),
        Box::new(|| customer.post("/v1/orders").json(&order(&product, 1))),
        Box::new(|| admin.post("/v1/admin/products").json(&new)),
        Box::new(|| admin.patch(&update).json(&json!({"price": krw(5)}))),
        Box::new(|| admin.post(&adjust).json(&json!({"delta": 1, "reason": "more"}))),
        Box::new(|| admin.post("/v1/admin/coupons").json(&campaign(&json!({})))),
    ];
    for request in &requests {
        request().await.problem(400, "idempotency-key-required");
        for bad in ["two words", "a/b", "a#b", "\"two words\"", &"k".repeat(129)] {
            request().key(bad).await.problem(400, "idempotency-key-invalid");
        }
    }
    assert_eq!((customer.balance().await, shop.stock(&product).await), (1_000, 10));
    let longest = format!("{}{}", "k".repeat(102), Ulid::generate());
    requests[0]().key(&longest).await.value(201);
    requests[1]().key("A-Z.a_z:0-9").await.value(201);
}

async fn problems_speak_the_readers_language(shop: Shop) {
    let customer = shop.customer();
    let balance = |header: &'static str| {
        let request = customer.post("/v1/me/balance/deposits").new_key().json(&krw(1));
        async move { if header.is_empty() { request.await } else { request.header("accept-language", header).await } }
    };
    for (header, language, title, detail) in [
        ("", "en", "The request has invalid fields.", "must be from 100 to 1000000"),
        ("en-US,en;q=0.9,ko;q=0.8", "en", "The request has invalid fields.", "must be from 100 to 1000000"),
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko", "요청에 잘못된 항목이 있습니다.", "100부터 1000000까지 입력할 수 있습니다"),
        ("ko;q=0.9, en;Q=0.1", "ko", "요청에 잘못된 항목이 있습니다.", "100부터 1000000까지 입력할 수 있습니다"),
        ("fr;q=0.9, ko;q=0.1", "ko", "요청에 잘못된 항목이 있습니다.", "100부터 1000000까지 입력할 수 있습니다"),
        ("fr", "en", "The request has invalid fields.", "must be from 100 to 1000000"),
    ] {
        let answer = balance(header).await;
        let problem = answer.problem(400, "invalid-request");
        assert_eq!(answer.header("content-language"), Some(language), "{header}");
        assert_eq!((&problem["title"], &problem["errors"][0]["detail"]), (&json!(title), &json!(detail)), "{header}");
    }
}

/// An order with corrupt data: the answer does not say why.
async fn an_internal_error_tells_nothing(shop: Shop) {
    let (customer, order_id) = (shop.customer(), Ulid::generate().to_string());
    let key = || {
        [("user_id", customer.name()), ("order_id", order_id.as_str())]
            .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
    };
    let put = shop.db().put_item().table_name(shop.table("orders")).set_item(Some(key().into()));
    put.item("order", AttributeValue::S("written by a vandal".to_owned())).send().await.unwrap();
    let answer = customer.get(&format!("/v1/orders/{order_id}")).await;
    let problem = answer.problem(500, "internal-error");
    let members: Vec<&String> = problem.as_object().unwrap().keys().collect();
    assert_eq!(members, ["code", "detail", "request_id", "status", "title", "type"], "and no more");
    for secret in ["vandal", "sijang", "order\"", "missing", "Ulid"] {
        assert!(!answer.body.contains(secret), "{}", answer.body);
    }
    assert_eq!(problem["detail"], Value::from("Something went wrong on our side."));
    shop.db().delete_item().table_name(shop.table("orders")).set_key(Some(key().into())).send().await.unwrap();
}
