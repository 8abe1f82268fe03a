//! Fuzz targets: one for each parser that reads what others wrote.
//!
//! A target takes bytes and panics when the shop does something that it must never do: panic itself, answer with
//! anything but a success or a definite problem, or repeat the input. `./local/shop fuzz` drives the targets by
//! coverage; `local/tests/artifacts/fuzz_corpus.rs` replays the corpus and a few thousand mutations of it.

pub mod mutations;
mod properties;
mod shop;

use std::{collections::HashMap, sync::LazyLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};
use sijang_domain::CloudEvent;
use sijang_edge::Event;
use sijang_functions::in_process::Shop;

use crate::properties::{Contract, Operation};

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::of_the_document);

/// Operations that take a body.
static WITH_BODY: LazyLock<Vec<&str>> = LazyLock::new(|| CONTRACT.operations(Operation::has_body));
/// Operations that take a query.
static WITH_QUERY: LazyLock<Vec<&str>> =
    LazyLock::new(|| CONTRACT.operations(|one| one.named("query").next().is_some()));
/// Operations that take a cursor.
static WITH_CURSOR: LazyLock<Vec<&str>> =
    LazyLock::new(|| CONTRACT.operations(|one| one.named("query").any(|name| name == "cursor")));
/// Operations that take a customer, and nothing else, in their path.
static WITH_CUSTOMER: LazyLock<Vec<&str>> =
    LazyLock::new(|| CONTRACT.operations(|one| one.named("path").eq(["user_id"])));
/// Operations that take an identifier in their path.
static WITH_PATH: LazyLock<Vec<&str>> =
    LazyLock::new(|| CONTRACT.operations(|one| one.named("path").any(|name| name != "user_id")));

/// Names of all targets, each with a folder in `corpus`.
pub fn targets() -> impl Iterator<Item = &'static str> {
    const OTHERS: [&str; 8] = [
        "gateway-event",
        "query",
        "cursor",
        "path",
        "idempotency-key",
        "stream-records",
        "queue-message",
        "schedule-event",
    ];
    WITH_BODY.iter().copied().chain(OTHERS)
}

thread_local! {
    static WORLD: (tokio::runtime::Runtime, Shop) = {
        #[allow(clippy::expect_used)]
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        (runtime, shop::open())
    };
}

/// Gives an input to a target.
///
/// # Panics
/// When the shop does what it must never do, and when there is no such target.
pub fn run(target: &str, input: &[u8]) {
    match target {
        "gateway-event" => gateway_event(input),
        "query" => choose(&WITH_QUERY, input, |operation, input| {
            answer(operation, &json!({"rawQueryString": String::from_utf8_lossy(input)}));
        }),
        "cursor" => cursor(input),
        "path" => choose(&[&WITH_PATH[..], &WITH_CUSTOMER[..]].concat(), input, path),
        "idempotency-key" => idempotency_key(input),
        "stream-records" => stream_records(input),
        "queue-message" => queue_message(input),
        "schedule-event" => schedule_event(input),
        operation if WITH_BODY.contains(&operation) => body(operation, input),
        _ => panic!("there is no target {target}"),
    }
}

/// The first byte chooses, the rest is the input.
fn choose(operations: &[&str], input: &[u8], with: impl Fn(&str, &[u8])) {
    if let Some((first, rest)) = input.split_first() {
        with(operations[usize::from(*first) % operations.len()], rest);
    }
}

/// The answer to an event with these members, of somebody who may do everything.
fn answer(operation: &str, members: &Value) -> (u16, Value) {
    let mut event = json!({
        "headers": {"content-type": "application/json", "idempotency-key": "fuzz"},
        "pathParameters": {"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "order_id": "01JDA6ZQ4E9Y7V5T3R1P8N6M4K",
            "coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "user_id": "somebody"},
        "requestContext": {"requestId": "fuzz", "authorizer": {"jwt": {"claims": {
            "sub": "somebody", "scope": "shop/customer shop/admin"}}}},
    });
    for (name, value) in members.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    #[allow(clippy::expect_used)]
    let event: Event = serde_json::from_value(event).expect("an event of the gateway is read, whatever is in it");
    checked(operation, event)
}

/// The status and the body by which an operation answers an event, as far as they keep to the rules.
///
/// # Panics
/// When they do not, and when there is no such operation.
pub fn checked(operation: &str, event: Event) -> (u16, Value) {
    #[allow(clippy::expect_used)]
    let response = WORLD
        .with(|(runtime, shop)| runtime.block_on(shop.answer(operation, event)))
        .expect("an operation of the contract");
    CONTRACT.check(operation, &response)
}

fn body(operation: &str, input: &[u8]) {
    let (status, _) = match str::from_utf8(input) {
        Ok(text) => answer(operation, &json!({"body": text})),
        // Bytes that are no text come in base64.
        Err(_) => answer(operation, &json!({"body": STANDARD.encode(input), "isBase64Encoded": true})),
    };
    assert!(status < 300 || str::from_utf8(input).is_ok() || status == 400, "{operation}: bytes that are no text");
}

/// Every event is answered, whatever the gateway sends.
fn gateway_event(input: &[u8]) {
    choose(&CONTRACT.operations(|_| true), input, |operation, input| {
        // The runtime does not look at what follows the document.
        let event = Event::deserialize(&mut serde_json::Deserializer::from_slice(input));
        #[allow(clippy::expect_used)]
        checked(operation, event.expect("an event is read, whatever it is"));
    });
}

/// A value of a parameter that an operation does not do without.
fn sample(parameter: &str) -> &'static str {
    match parameter {
        "date" => "2026-11-21",
        "state" => "OPEN",
        "status" => "INACTIVE",
        _ => panic!("which value does {parameter} take?"),
    }
}

/// Nobody makes a cursor.
fn cursor(input: &[u8]) {
    choose(&WITH_CURSOR, input, |operation, input| {
        let encoded: String = form_urlencoded::byte_serialize(input).collect();
        let required = CONTRACT.required_query(operation).map(|name| format!("{name}={}", sample(name)));
        let query = required.chain([format!("cursor={encoded}")]).collect::<Vec<_>>().join("&");
        let (status, problem) = answer(operation, &json!({"rawQueryString": query}));
        assert_eq!((status, &problem["code"]), (400, &json!("invalid-cursor")), "{operation}");
    });
}

/// An invalid identifier is not found. A customer is whatever can be the subject of a token.
fn path(operation: &str, input: &[u8]) {
    let id = String::from_utf8_lossy(input);
    let body = CONTRACT.example(operation).map(ToString::to_string).unwrap_or_default();
    let mut ids: HashMap<_, _> = ["product_id", "order_id", "coupon_id", "user_id"].map(|name| (name, &*id)).into();
    if !WITH_CUSTOMER.contains(&operation) {
        ids.insert("user_id", "somebody");
    }
    let (status, _) = answer(operation, &json!({"pathParameters": ids, "body": body}));
    if WITH_CUSTOMER.contains(&operation) {
        let is_subject = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        assert_eq!(status < 300, is_subject, "{operation}: {status}");
        return;
    }
    let is_id = id.len() == 26 && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    assert!(is_id || status == 404, "{operation}: {status} for what is no identifier");
}

/// A key is 1 to 128 letters, digits, dots, underscores, colons or hyphens, in quotes or not, or is rejected.
fn idempotency_key(input: &[u8]) {
    let key = String::from_utf8_lossy(input);
    let headers = json!({"content-type": "application/json", "Idempotency-Key": key});
    let body = r#"{"amount":1000,"currency":"KRW"}"#;
    let (status, problem) = answer("deposit-balance", &json!({"headers": headers, "body": body}));
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    let bare = key.strip_prefix('"').and_then(|key| key.strip_suffix('"')).unwrap_or(&key);
    if (1..=128).contains(&bare.len()) && bare.bytes().all(good) {
        assert_eq!(status, 201, "{problem}");
    } else {
        assert_eq!((status, &problem["code"]), (400, &json!("idempotency-key-invalid")));
    }
}

/// The relay is done with every record of a batch that can be read: published, or dead.
fn stream_records(input: &[u8]) {
    WORLD.with(|(runtime, shop)| {
        if let Ok(answer) = runtime.block_on(shop.publish(input)) {
            assert_eq!(answer["batchItemFailures"], json!([]), "nothing is tried for ever");
        }
    });
}

/// The consumer counts a message or reports it, and reads back what it writes.
fn queue_message(input: &[u8]) {
    let message = String::from_utf8_lossy(input);
    let event = serde_json::from_str::<CloudEvent>(&message).ok();
    if let Some(event) = &event {
        let again = serde_json::to_string(event).ok().and_then(|text| serde_json::from_str(&text).ok());
        assert_eq!(again.as_ref(), Some(event), "what is written is what was read");
    }
    let batch = json!({"Records": [{"messageId": "one", "body": message}, {"messageId": "two", "body": ""}]});
    #[allow(clippy::expect_used)]
    let answer = WORLD
        .with(|(runtime, shop)| runtime.block_on(shop.record(batch.to_string().as_bytes())))
        .expect("a batch of SQS is read, whatever its messages");
    let failed = answer["batchItemFailures"].as_array().map_or(0, Vec::len);
    let counted = event.is_some_and(|event| event.is_consistent());
    assert_eq!(failed, if counted { 1 } else { 2 }, "{answer}");
}

/// The aggregator accepts a scheduled run or a day, and nothing else.
fn schedule_event(input: &[u8]) {
    WORLD.with(|(runtime, shop)| {
        if let Ok(report) = runtime.block_on(shop.aggregate(input)) {
            assert_eq!(report["facts"], 0, "{report}");
        }
    });
}
