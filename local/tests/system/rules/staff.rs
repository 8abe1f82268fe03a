//! Commands of staff for customers, and their history.

use std::sync::Arc;

use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_cloud::seoul;
use sijang_testkit::http::{Person, Request, Shop, krw, order_with, text};
use ulid::Ulid;

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, actions_name_who_what_when_and_why),
        named!(trial, world, an_order_is_cancelled_for_its_customer),
        named!(trial, world, a_balance_is_corrected_within_its_limits),
        named!(trial, world, a_campaign_is_ended_and_its_coupons_are_voided),
        named!(trial, world, a_reason_is_required_where_money_or_goods_move),
    ]
}

fn asked(staff: &Person, path: &str, body: &Value) -> Request {
    staff.post(&format!("/v1/admin/{path}")).new_key().json(body)
}

async fn actions_name_who_what_when_and_why(shop: Shop) {
    let (staff, product) = (shop.admin(), shop.product(100, 5).await);
    let update = json!({"price": krw(90), "reason": "sale"});
    staff.patch(&format!("/v1/admin/products/{product}")).key("the-key").json(&update).await.value(200);
    let path = format!("/v1/admin/actions?date={}", seoul::day(Timestamp::now()));
    let actions = staff.all(&path, 100).await;
    let action = actions.iter().find(|action| action["staff_id"] == staff.name()).unwrap();
    let expected = json!({
        "action": "update-product", "reason": "sale", "idempotency_key": "the-key", "product_id": product,
        "changes": [{"field": "price", "before": "100", "after": "90"}],
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&action[field], value, "{field}");
    }
    assert!(actions.is_sorted_by(|newer, older| text(&newer["action_id"]) > text(&older["action_id"])));
    shop.customer().get(&path).await.stopped_at_the_gateway(401);
    for query in ["", "?date=2199-01-01"] {
        let problem = staff.get(&format!("/v1/admin/actions{query}")).await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["parameter"], "date", "{query}");
    }
}

async fn an_order_is_cancelled_for_its_customer(shop: Shop) {
    let (staff, product, coupon) = (shop.admin(), shop.product(5_000, 5).await, shop.coupon(json!({})).await);
    let customer = shop.customer_with(10_000).await;
    customer.issue(&coupon).await.value(201);
    let id = text(&customer.order(&order_with(&product, 2, &coupon)).await.value(201)["order_id"]);
    let path = |user: &str| format!("customers/{user}/orders/{id}/cancel");
    let (own, reason) = (path(customer.name()), json!({"reason": "complaint"}));
    asked(&staff, &path("nobody"), &reason).await.problem(404, "order-not-found");
    asked(&customer, &own, &reason).await.stopped_at_the_gateway(401);
    let order = asked(&staff, &own, &reason).await.value(200);
    assert_eq!(
        (&order["status"], customer.balance().await, shop.stock(&product).await),
        (&json!("CANCELLED"), 10_000, 5)
    );
    assert_eq!(customer.all("/v1/me/coupons?status=USABLE", 10).await.len(), 1);
    asked(&staff, &own, &reason).await.problem(409, "order-already-cancelled");
    customer.post(&format!("/v1/orders/{id}/cancel")).new_key().await.problem(409, "order-already-cancelled");
}

async fn a_balance_is_corrected_within_its_limits(shop: Shop) {
    let (staff, customer) = (shop.admin(), shop.customer_with(2_000).await);
    let path = format!("customers/{}/balance-adjustments", customer.name());
    let body = |amount: i64| json!({"amount": amount, "currency": "KRW", "reason": "correction"});
    let entry = asked(&staff, &path, &body(-500)).await.value(201);
    assert_eq!((&entry["type"], &entry["amount"], &entry["balance"]), (&json!("ADJUSTMENT"), &krw(-500), &krw(1_500)));
    assert_eq!(customer.all("/v1/me/balance/transactions", 10).await[0], entry);
    asked(&staff, &path, &body(-1_501)).await.problem(409, "insufficient-balance");
    asked(&staff, &path, &body(9_998_501)).await.problem(409, "balance-limit-exceeded");
    for amount in [0, 10_000_001, -10_000_001] {
        asked(&staff, &path, &body(amount)).await.invalid("/amount");
    }
    asked(&customer, &path, &body(500)).await.stopped_at_the_gateway(401);
    assert_eq!(customer.balance().await, 1_500);
}

async fn a_campaign_is_ended_and_its_coupons_are_voided(shop: Shop) {
    let (staff, product, coupon) = (shop.admin(), shop.product(5_000, 5).await, shop.coupon(json!({})).await);
    let customer = shop.customer_with(5_000).await;
    customer.issue(&coupon).await.value(201);
    let reason = json!({"reason": "wrong discount"});
    let ended = asked(&staff, &format!("coupons/{coupon}/end"), &reason).await.value(200);
    assert_eq!(ended["voided_at"], Value::Null);
    asked(&staff, &format!("coupons/{coupon}/end"), &reason).await.problem(409, "coupon-closed");
    shop.customer().issue(&coupon).await.problem(409, "coupon-closed");
    let path = format!("coupons/{coupon}/void");
    let campaign = asked(&staff, &path, &reason).await.value(200);
    assert!(campaign["voided_at"].is_string() && campaign["closes_at"] == ended["closes_at"]);
    // No environment has cached this campaign for an order.
    let problem = customer.order(&order_with(&product, 1, &coupon)).await.problem(409, "coupon-voided");
    assert_eq!(problem["voided_at"], campaign["voided_at"]);
    let held = customer.all("/v1/me/coupons?status=VOIDED", 10).await;
    assert_eq!((held.len(), &held[0]["status"]), (1, &json!("VOIDED")));
    asked(&staff, &path, &reason).await.problem(409, "coupon-voided");
    let absent = Ulid::generate();
    asked(&staff, &format!("coupons/{absent}/void"), &reason).await.problem(404, "coupon-not-found");
    asked(&staff, &format!("coupons/{absent}/end"), &reason).await.problem(404, "coupon-not-found");
}

async fn a_reason_is_required_where_money_or_goods_move(shop: Shop) {
    let (staff, coupon, id) = (shop.admin(), shop.coupon(json!({})).await, Ulid::generate());
    for path in [
        format!("coupons/{coupon}/end"),
        format!("coupons/{coupon}/void"),
        format!("customers/somebody/orders/{id}/cancel"),
    ] {
        asked(&staff, &path, &json!({})).await.invalid("/reason");
        asked(&staff, &path, &json!({"reason": " "})).await.invalid("/reason");
    }
    let body = json!({"amount": 1, "currency": "KRW"});
    asked(&staff, "customers/somebody/balance-adjustments", &body).await.invalid("/reason");
    // Optional elsewhere, and checked where it is given.
    asked(&staff, &format!("coupons/{coupon}/shards"), &json!({"shards": 2, "reason": ""})).await.invalid("/reason");
    asked(&staff, &format!("coupons/{coupon}/shards"), &json!({"shards": 2, "reason": "rush"})).await.value(200);
}
