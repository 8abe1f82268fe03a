//! Coupons: first come, first served, one for each; what they take off; until when.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_testkit::http::{Shop, krw, order_with, text};
use ulid::Ulid;

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, a_customer_gets_one_of_a_campaign),
        named!(trial, world, an_issue_repeated_with_its_key_gets_the_same_answer),
        named!(trial, world, a_campaign_gives_out_its_total_and_no_more),
        named!(trial, world, coupons_are_given_out_between_opening_and_closing),
        named!(trial, world, below_the_minimum_order_a_coupon_is_not_good),
        named!(trial, world, a_coupon_is_used_once),
        named!(trial, world, an_expired_coupon_is_rejected),
        named!(trial, world, coupons_are_listed_by_what_can_be_done_with_them),
    ]
}

async fn a_customer_gets_one_of_a_campaign(shop: Shop) {
    let coupon = shop.coupon(json!({})).await;
    let customer = shop.customer();
    let issued = customer.issue(&coupon).await.value(201);
    let problem = customer.issue(&coupon).await.problem(409, "coupon-already-issued");
    assert_eq!(problem["coupon"], issued);
    assert_eq!(left(&shop, &coupon).await, Some(99));
    customer.issue(&Ulid::generate().to_string()).await.problem(404, "coupon-not-found");
    customer.issue("no-id").await.problem(404, "coupon-not-found");
    customer.issue(&coupon).text("{}").await.problem(409, "coupon-already-issued");
    customer.issue(&coupon).text("{\"a\":1}").await.invalid("");
}

/// The remaining coupons of a campaign, if it is listed.
async fn left(shop: &Shop, coupon: &str) -> Option<i64> {
    let open = shop.nobody().all("/v1/coupons", 100).await;
    open.iter().find(|open| open["coupon_id"] == coupon)?["remaining"].as_i64()
}

async fn an_issue_repeated_with_its_key_gets_the_same_answer(shop: Shop) {
    let coupon = shop.coupon(json!({})).await;
    let product = shop.product(5_000, 1).await;
    let customer = shop.customer_with(5_000).await;
    let first = customer.issue(&coupon).key("mine").await;
    first.value(201);
    let second = customer.issue(&coupon).key("mine").await;
    assert_eq!((second.is_replay(), &second.body), (true, &first.body));
    // Also when it has been used since.
    customer.order(&order_with(&product, 1, &coupon)).await.value(201);
    let third = customer.issue(&coupon).key("mine").await;
    assert_eq!((third.is_replay(), &third.body), (true, &first.body));
    customer.issue(&coupon).key("another").await.problem(409, "coupon-already-issued");
    customer.issue(&coupon).key("no key").await.problem(400, "idempotency-key-invalid");
}

async fn a_campaign_gives_out_its_total_and_no_more(shop: Shop) {
    let coupon = shop.coupon(json!({"total": 2})).await;
    let (first, second, third) = (shop.customer(), shop.customer(), shop.customer());
    first.issue(&coupon).await.value(201);
    second.issue(&coupon).await.value(201);
    third.issue(&coupon).await.problem(409, "coupon-sold-out");
    // Who holds one is told so, whatever is left.
    first.issue(&coupon).await.problem(409, "coupon-already-issued");
    assert_eq!(left(&shop, &coupon).await, Some(0));
    assert!(third.all("/v1/me/coupons", 10).await.is_empty());
}

async fn coupons_are_given_out_between_opening_and_closing(shop: Shop) {
    let customer = shop.customer();
    let early = shop.coupon(json!({"opens_at": "2198-01-01T00:00:00+09:00"})).await;
    let problem = customer.issue(&early).await.problem(409, "coupon-not-open");
    assert_eq!(problem["opens_at"], "2197-12-31T15:00:00.000Z");
    let late = shop.coupon(json!({"closes_at": "2020-01-02T00:00:00Z"})).await;
    let problem = customer.issue(&late).await.problem(409, "coupon-closed");
    assert_eq!(problem["closed_at"], "2020-01-02T00:00:00.000Z");
    assert_eq!((left(&shop, &early).await, left(&shop, &late).await), (None, None));
    assert!(customer.all("/v1/me/coupons", 10).await.is_empty());
}

async fn below_the_minimum_order_a_coupon_is_not_good(shop: Shop) {
    let product = shop.product(500, 10).await;
    let coupon = shop.coupon(json!({"minimum_order": krw(1_000)})).await;
    let customer = shop.customer_with(10_000).await;
    customer.issue(&coupon).await.value(201);
    let problem = customer.order(&order_with(&product, 1, &coupon)).await.problem(409, "coupon-minimum-not-met");
    assert_eq!((&problem["minimum_order"], &problem["list_price"]), (&krw(1_000), &krw(500)));
    assert_eq!((customer.balance().await, shop.stock(&product).await), (10_000, 10));
    let placed = customer.order(&order_with(&product, 2, &coupon)).await.value(201);
    assert_eq!(placed["paid_price"], krw(0));
}

async fn a_coupon_is_used_once(shop: Shop) {
    let product = shop.product(2_000, 10).await;
    let coupon = shop.coupon(json!({})).await;
    let customer = shop.customer_with(10_000).await;
    customer.issue(&coupon).await.value(201);
    customer.order(&order_with(&product, 1, &coupon)).await.value(201);
    customer.order(&order_with(&product, 1, &coupon)).await.problem(409, "coupon-used");
    assert_eq!((customer.balance().await, shop.stock(&product).await), (9_000, 9));
}

/// Days pass by hand: the coupon's end is moved in the table.
async fn expire(shop: &Shop, user: &str, coupon: &str) {
    shop.db()
        .update_item()
        .table_name(shop.table("user-coupons"))
        .key("user_id", AttributeValue::S(user.to_owned()))
        .key("coupon_id", AttributeValue::S(coupon.to_owned()))
        .update_expression("SET expires_at = :then")
        .condition_expression("attribute_exists(expires_at)")
        .expression_attribute_values(":then", AttributeValue::N("1577836800000".to_owned()))
        .send()
        .await
        .unwrap();
}

async fn an_expired_coupon_is_rejected(shop: Shop) {
    let product = shop.product(2_000, 10).await;
    let coupon = shop.coupon(json!({})).await;
    let customer = shop.customer_with(10_000).await;
    customer.issue(&coupon).await.value(201);
    expire(&shop, customer.name(), &coupon).await;
    let problem = customer.order(&order_with(&product, 1, &coupon)).await.problem(409, "coupon-expired");
    assert_eq!(problem["expired_at"], "2020-01-01T00:00:00.000Z");
    assert_eq!((customer.balance().await, shop.stock(&product).await), (10_000, 10));
}

async fn coupons_are_listed_by_what_can_be_done_with_them(shop: Shop) {
    let product = shop.product(2_000, 10).await;
    let customer = shop.customer_with(10_000).await;
    let (mut usable, mut used, mut expired) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..2 {
        for kind in [&mut usable, &mut used, &mut expired] {
            let coupon = shop.coupon(json!({})).await;
            customer.issue(&coupon).await.value(201);
            kind.push(coupon);
        }
    }
    for (used, expired) in used.iter().zip(&expired) {
        customer.order(&order_with(&product, 1, used)).await.value(201);
        expire(&shop, customer.name(), expired).await;
    }
    for (status, mut expected) in [("USABLE", usable), ("USED", used), ("EXPIRED", expired)] {
        let found = customer.all(&format!("/v1/me/coupons?status={status}"), 1).await;
        assert!(found.iter().all(|coupon| coupon["status"] == status), "{found:?}");
        let mut found: Vec<String> = found.iter().map(|coupon| text(&coupon["coupon_id"])).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{status}");
    }
    assert_eq!(customer.all("/v1/me/coupons", 4).await.len(), 6);
    let problem = customer.get("/v1/me/coupons?status=usable").await.problem(400, "invalid-request");
    assert_eq!(problem["errors"][0]["parameter"], Value::from("status"));
}
