//! One process, many requests at once: the functions as Lambda Managed Instances run them. The races of the storage
//! contract, this time between the workers of a single process, which share its memory and its connections.

use serde_json::{Value, json};
use sijang_domain::ProductId;
use sijang_testkit::{
    invariants::violations,
    lambda::{LambdaHost, PLENTY, events::Request, functions},
    pipeline::Stage,
    shop::Shop,
};

use crate::processes::enumeration::shop;

const WORKERS: usize = 8;

/// A host whose tables are those of `shop`.
async fn host_of(shop: &Shop) -> LambdaHost {
    functions::build().await;
    let host = LambdaHost::new().await;
    host.reset(&shop.snapshot().await, &[]).await;
    host
}

fn text(text: String) -> &'static str {
    text.leak()
}

/// The event of an order for one unit.
fn order(product: ProductId, user: String, key: String) -> Value {
    let body = json!({"lines": [{"product_id": product, "quantity": 1}]});
    let (user, key) = (text(user), text(key));
    let request = Request {
        route: "POST /v1/orders",
        parameters: Vec::new(),
        user,
        scope: "shop/customer",
        key,
        body: Some(body),
    };
    request.event()
}

fn count(answers: &[Value], status: u64) -> usize {
    answers.iter().filter(|answer| answer["statusCode"] == status).count()
}

/// Delivers the events to the end, and asserts the invariants.
async fn audited(host: &LambdaHost) {
    let shop = host.deliver_pending(Stage::InStream).await.unwrap();
    let wrong = violations(&shop);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_sells_the_last_units_to_many_at_once() {
    let shop = shop().await;
    let tea = shop.product(1_000, 20).await;
    shop.customers(40, 1_000).await;
    let host = host_of(&shop).await;
    let mut process = host.start_concurrent("place-order", WORKERS).await;
    let orders = (0..40).map(|buyer| order(tea, format!("customer-{buyer}"), format!("order-{buyer}"))).collect();
    let answers = process.invoke_at_once(WORKERS, orders, PLENTY).await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (20, 20), "{answers:#?}");
    process.kill().await;
    audited(&host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_does_once_what_many_ask_for_with_one_key_at_once() {
    let shop = shop().await;
    let tea = shop.product(1_000, 20).await;
    shop.customers(1, 10_000).await;
    let host = host_of(&shop).await;
    let mut process = host.start_concurrent("place-order", WORKERS).await;
    let orders = (0..32).map(|_| order(tea, "customer-0".to_owned(), "the-key".to_owned())).collect();
    let answers = process.invoke_at_once(WORKERS, orders, PLENTY).await;
    assert_eq!(count(&answers, 201), 32, "{answers:#?}");
    assert!(answers.iter().all(|answer| answer["body"] == answers[0]["body"]), "{answers:#?}");
    let first = answers.iter().filter(|answer| answer["headers"]["idempotent-replayed"].is_null()).count();
    assert_eq!(first, 1, "one was the first, and the others were told what it was told");
    process.kill().await;
    audited(&host).await;
}
