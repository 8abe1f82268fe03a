//! Races, through the gateway: as many winners as there are units, and all the others told why.

use std::{collections::BTreeMap, sync::Arc};

use futures::{StreamExt, stream};
use libtest_mimic::Trial;
use serde_json::json;
use sijang_testkit::http::{Answer, Request, Shop, order, text};

use crate::{
    stored::Stored,
    world::{World, named},
};

/// Requests under way at once, and so the width of a race.
const AT_ONCE: usize = 64;

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, two_hundred_customers_and_fifty_coupons),
        named!(trial, world, two_hundred_orders_and_fifty_units),
        named!(trial, world, one_coupon_in_many_orders_is_used_once),
        named!(trial, world, one_balance_and_many_orders_is_never_overdrawn),
        named!(trial, world, one_order_is_cancelled_once_however_many_ask),
        named!(trial, world, sixty_four_requests_with_one_key_are_one_order),
    ]
}

/// Sends all requests at once and counts the answers by status and code.
async fn race(requests: impl IntoIterator<Item = Request>) -> (Vec<Answer>, BTreeMap<String, usize>) {
    let sent = stream::iter(requests).map(Request::until_definite).buffer_unordered(AT_ONCE);
    let answers: Vec<Answer> = sent.collect().await;
    let mut tally = BTreeMap::new();
    for answer in &answers {
        let outcome = format!("{} {}", answer.status.as_u16(), answer.code().unwrap_or_default());
        *tally.entry(outcome.trim_end().to_owned()).or_insert(0) += 1;
    }
    (answers, tally)
}

fn tally<const N: usize>(expected: [(&str, usize); N]) -> BTreeMap<String, usize> {
    expected.map(|(outcome, count)| (outcome.to_owned(), count)).into()
}

async fn two_hundred_customers_and_fifty_coupons(shop: Shop) {
    let coupon = shop.coupon(json!({"total": 50})).await;
    let customers: Vec<_> = (0..200).map(|_| shop.customer()).collect();
    // With a key, as a client that may have to ask again.
    let (_, counted) = race(customers.iter().map(|customer| customer.issue(&coupon).new_key())).await;
    assert_eq!(counted, tally([("201", 50), ("409 coupon-sold-out", 150)]));
    assert_eq!(Stored::read(&shop).await.holders_of(&coupon).len(), 50);
    let open = shop.nobody().all("/v1/coupons", 100).await;
    let campaign = open.iter().find(|open| open["coupon_id"] == coupon.as_str()).unwrap();
    assert_eq!(campaign["remaining"], 0);
}

async fn two_hundred_orders_and_fifty_units(shop: Shop) {
    let product = shop.product(100, 50).await;
    let customers: Vec<_> = stream::iter(0..40).map(|_| shop.customer_with(1_000)).buffer_unordered(8).collect().await;
    let orders = customers.iter().cycle().take(200).map(|customer| customer.order(&order(&product, 1)));
    let (answers, counted) = race(orders).await;
    assert_eq!(counted, tally([("201", 50), ("409 insufficient-stock", 150)]));
    assert_eq!(shop.stock(&product).await, 0);
    let stored = Stored::read(&shop).await;
    let placed =
        answers.iter().filter(|answer| answer.status == 201).map(|answer| text(&answer.value(201)["order_id"]));
    let mut placed: Vec<String> = placed.collect();
    placed.sort_unstable();
    assert_eq!(
        stored.orders_of(&product).into_iter().collect::<Vec<_>>(),
        placed,
        "each was acknowledged, and is there"
    );
    let mut spent = 0;
    for customer in &customers {
        spent += 1_000 - customer.balance().await;
    }
    assert_eq!(spent, 5_000);
}

async fn one_coupon_in_many_orders_is_used_once(shop: Shop) {
    let product = shop.product(5_000, 100).await;
    let coupon = shop.coupon(json!({})).await;
    let customer = shop.customer_with(100_000).await;
    customer.issue(&coupon).await.value(201);
    let body = sijang_testkit::http::order_with(&product, 1, &coupon);
    let (_, counted) = race((0..24).map(|_| customer.order(&body))).await;
    assert_eq!(counted, tally([("201", 1), ("409 coupon-used", 23)]));
    assert_eq!((customer.balance().await, shop.stock(&product).await), (96_000, 99));
}

async fn one_balance_and_many_orders_is_never_overdrawn(shop: Shop) {
    let product = shop.product(1_000, 100).await;
    let customer = shop.customer_with(7_999).await;
    let (_, counted) = race((0..24).map(|_| customer.order(&order(&product, 1)))).await;
    assert_eq!(counted, tally([("201", 7), ("409 insufficient-balance", 17)]));
    assert_eq!((customer.balance().await, shop.stock(&product).await), (999, 93));
}

async fn one_order_is_cancelled_once_however_many_ask(shop: Shop) {
    let product = shop.product(1_000, 10).await;
    let customer = shop.customer_with(5_000).await;
    let id = text(&customer.order(&order(&product, 2)).await.value(201)["order_id"]);
    let path = format!("/v1/orders/{id}/cancel");
    let (_, counted) = race((0..24).map(|_| customer.post(&path).new_key())).await;
    assert_eq!(counted, tally([("200", 1), ("409 order-already-cancelled", 23)]));
    assert_eq!((customer.balance().await, shop.stock(&product).await), (5_000, 10));
}

async fn sixty_four_requests_with_one_key_are_one_order(shop: Shop) {
    let product = shop.product(100, 100).await;
    let customer = shop.customer_with(10_000).await;
    let body = order(&product, 1);
    let (answers, counted) = race((0..64).map(|_| customer.post("/v1/orders").key("the-one").json(&body))).await;
    assert_eq!(counted, tally([("201", 64)]));
    assert!(answers.iter().all(|answer| answer.body == answers[0].body), "byte for byte");
    assert!(answers.iter().filter(|answer| !answer.is_replay()).count() <= 1);
    assert_eq!((customer.balance().await, shop.stock(&product).await), (9_900, 99));
    assert_eq!(customer.all("/v1/orders", 10).await.len(), 1);
}
