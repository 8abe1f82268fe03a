//! Cancelling: money, stock and coupon are given back, once.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::json;
use sijang_testkit::http::{Person, Request, Shop, krw, order, order_with, text, without_names};

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, everything_is_given_back),
        named!(trial, world, an_order_is_cancelled_once),
        named!(trial, world, order_is_not_cancelled_after_the_period),
    ]
}

fn cancelling(customer: &Person, order: &str) -> Request {
    customer.post(&format!("/v1/orders/{order}/cancel"))
}

async fn everything_is_given_back(shop: Shop) {
    let product = shop.product(1_500, 10).await;
    let coupon = shop.coupon(json!({})).await;
    let customer = shop.customer_with(5_000).await;
    customer.issue(&coupon).await.value(201);
    let placed = customer.order(&order_with(&product, 2, &coupon)).await.value(201);
    assert_eq!((customer.balance().await, shop.stock(&product).await), (3_000, 8));
    let id = text(&placed["order_id"]);
    let cancelled = cancelling(&customer, &id).new_key().await.value(200);
    assert_eq!((&cancelled["status"], &cancelled["paid_price"]), (&json!("CANCELLED"), &krw(2_000)));
    assert!(cancelled["cancelled_at"].is_string());
    assert_eq!(without_names(customer.get(&format!("/v1/orders/{id}")).await.value(200)), cancelled);
    assert_eq!((customer.balance().await, shop.stock(&product).await), (5_000, 10));
    let entries = customer.all("/v1/me/balance/transactions", 10).await;
    assert_eq!((&entries[0]["type"], &entries[0]["amount"]), (&json!("REFUND"), &krw(2_000)));
    assert_eq!((&entries[0]["balance"], &entries[0]["order_id"]), (&krw(5_000), &json!(id)));
    // The coupon is good for another order.
    let usable = customer.get("/v1/me/coupons?status=USABLE").await.value(200);
    assert_eq!(usable["data"][0]["coupon_id"], coupon.as_str());
    customer.order(&order_with(&product, 1, &coupon)).await.value(201);
}

async fn an_order_is_cancelled_once(shop: Shop) {
    let product = shop.product(100, 10).await;
    let customer = shop.customer_with(1_000).await;
    let id = text(&customer.order(&order(&product, 3)).await.value(201)["order_id"]);
    cancelling(&customer, &id).await.problem(400, "idempotency-key-required");
    cancelling(&customer, &id).new_key().text("{\"a\":1}").await.invalid("");
    let first = cancelling(&customer, &id).key("cancel").text("{}").await;
    first.value(200);
    let second = cancelling(&customer, &id).key("cancel").await;
    assert_eq!((second.is_replay(), &second.body), (true, &first.body));
    cancelling(&customer, &id).new_key().await.problem(409, "order-already-cancelled");
    let other = text(&customer.order(&order(&product, 1)).await.value(201)["order_id"]);
    cancelling(&customer, &other).key("cancel").await.problem(422, "idempotency-key-reused");
    assert_eq!((customer.balance().await, shop.stock(&product).await), (900, 9));
}

async fn order_is_not_cancelled_after_the_period(shop: Shop) {
    let product = shop.product(100, 10).await;
    let customer = shop.customer_with(1_000).await;
    let placed = customer.order(&order(&product, 1)).await.value(201);
    let paid_at: Timestamp = text(&placed["paid_at"]).parse().unwrap();
    let (user, id) = (customer.name().to_owned(), text(&placed["order_id"]));
    // No request makes an order older: the item is changed, and changed back.
    let set_paid_at = async |at: i64| {
        let change = shop.db().update_item().table_name(shop.table("orders"));
        let change =
            change.key("user_id", AttributeValue::S(user.clone())).key("order_id", AttributeValue::S(id.clone()));
        let change = change.update_expression("SET #order.#at = :at").expression_attribute_names("#order", "order");
        let change = change.expression_attribute_names("#at", "at");
        change.expression_attribute_values(":at", AttributeValue::N(at.to_string())).send().await.unwrap();
    };
    set_paid_at(paid_at.as_millisecond() - 9 * 24 * 3_600_000).await;
    let problem = cancelling(&customer, &id).new_key().await.problem(409, "cancellation-period-over");
    set_paid_at(paid_at.as_millisecond()).await;
    assert!(problem["ended_at"].is_string(), "{problem}");
    assert_eq!((customer.balance().await, shop.stock(&product).await), (900, 9));
}
