//! Orders: cart, price, rejections, and that a rejection changes nothing.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_testkit::http::{Person, Shop, krw, order, order_with, text, without_names};
use ulid::Ulid;

use crate::world::{World, eventually, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, an_order_has_1_to_50_lines_of_1_to_99_units),
        named!(trial, world, unknown_products_and_coupons_are_pointed_at),
        named!(trial, world, inactive_product_cannot_be_ordered),
        named!(trial, world, short_stock_lists_every_short_line_and_sells_none),
        named!(trial, world, a_quoted_price_holds_or_the_order_is_rejected),
        named!(trial, world, a_key_is_good_for_one_request_of_one_customer),
        named!(trial, world, rejection_answers_every_copy_byte_for_byte),
        named!(trial, world, an_order_keeps_the_names_and_prices_of_its_time),
    ]
}

fn lines(lines: impl IntoIterator<Item = (String, i64)>) -> Value {
    let line = |(product, quantity): (String, i64)| json!({"product_id": product, "quantity": quantity});
    json!({"lines": lines.into_iter().map(line).collect::<Vec<_>>()})
}

async fn an_order_has_1_to_50_lines_of_1_to_99_units(shop: Shop) {
    let product = shop.product(1, 1_000).await;
    let customer = shop.customer_with(1_000).await;
    customer.order(&json!({"lines": []})).await.invalid("/lines");
    for quantity in [i64::MIN, -1, 0, 100, i64::MAX] {
        customer.order(&order(&product, quantity)).await.invalid("/lines/0/quantity");
    }
    // Merging comes before the limit.
    customer.order(&lines([(product.clone(), 50), (product.clone(), 50)])).await.invalid("/lines/0/quantity");
    let some = |count: usize| lines((0..count).map(|_| (Ulid::generate().to_string(), 1)));
    customer.order(&some(51)).await.invalid("/lines");
    customer.order(&some(50)).await.problem(422, "unknown-product");
    assert_eq!((customer.balance().await, shop.stock(&product).await), (1_000, 1_000));
    customer.order(&order(&product, 99)).await.value(201);
}

async fn unknown_products_and_coupons_are_pointed_at(shop: Shop) {
    let product = shop.product(10, 10).await;
    let coupon = shop.coupon(json!({})).await;
    let (customer, other) = (shop.customer_with(1_000).await, shop.customer());
    let absent = || (Ulid::generate().to_string(), 1);
    let problem =
        customer.order(&lines([absent(), (product.clone(), 1), absent()])).await.problem(422, "unknown-product");
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/lines/0/product_id", "/lines/2/product_id"]);
    customer.order(&order("no-id", 1)).await.invalid("/lines/0/product_id");
    customer.order(&order_with(&product, 1, "no-id")).await.invalid("/coupon_id");

    // A coupon that does not exist, one that the customer did not ask for, and one that another holds: all the same.
    other.issue(&coupon).await.value(201);
    let unheld = shop.coupon(json!({})).await;
    for coupon in [&Ulid::generate().to_string(), &unheld, &coupon] {
        let problem = customer.order(&order_with(&product, 1, coupon)).await.problem(422, "unknown-coupon");
        assert_eq!(problem["errors"][0]["pointer"], "/coupon_id");
    }
    shop.nobody().get(&format!("/v1/products/{}", Ulid::generate())).await.problem(404, "product-not-found");
    shop.nobody().get("/v1/products/no-id").await.problem(404, "product-not-found");
    assert_eq!((customer.balance().await, shop.stock(&product).await), (1_000, 10));
}

async fn set(shop: &Shop, product: &str, change: Value) {
    shop.admin().patch(&format!("/v1/admin/products/{product}")).new_key().json(&change).await.value(200);
}

async fn inactive_product_cannot_be_ordered(shop: Shop) {
    let (product, other) = (shop.product(10, 10).await, shop.product(10, 10).await);
    let customer = shop.customer_with(1_000).await;
    set(&shop, &product, json!({"status": "INACTIVE"})).await;
    let cart = lines([(product.clone(), 1), (other.clone(), 1)]);
    let problem = customer.order(&cart).await.problem(409, "product-inactive");
    assert_eq!(problem["products"], json!([product]));
    assert_eq!((shop.stock(&product).await, shop.stock(&other).await), (10, 10));
    assert_eq!(shop.nobody().get(&format!("/v1/products/{product}")).await.value(200)["status"], "INACTIVE");
    let listed = shop.nobody().all("/v1/products", 100).await;
    assert!(listed.iter().all(|listed| listed["product_id"] != product.as_str()));
    set(&shop, &product, json!({"status": "ACTIVE"})).await;
    customer.order(&cart).await.value(201);
}

async fn short_stock_lists_every_short_line_and_sells_none(shop: Shop) {
    let (one, two, plenty) = (shop.product(10, 1).await, shop.product(10, 0).await, shop.product(10, 100).await);
    let customer = shop.customer_with(10_000).await;
    let cart = lines([(plenty.clone(), 5), (one.clone(), 2), (two.clone(), 1)]);
    let problem = customer.order(&cart).await.problem(409, "insufficient-stock");
    let shortage = |product: &str, requested: i64, available: i64| {
        json!({"product_id": product, "requested": requested, "available": available}).to_string()
    };
    let found: BTreeSet<_> = problem["shortages"].as_array().unwrap().iter().map(Value::to_string).collect();
    assert_eq!(found, BTreeSet::from([shortage(&one, 2, 1), shortage(&two, 1, 0)]));
    assert_eq!((shop.stock(&one).await, shop.stock(&plenty).await, customer.balance().await), (1, 100, 10_000));
    assert!(customer.all("/v1/orders", 10).await.is_empty());
    // Added stock sells when no environment has "sold out" cached any more.
    let path = format!("/v1/admin/products/{two}/stock-adjustments");
    shop.admin().post(&path).new_key().json(&json!({"delta": 1, "reason": "delivery"})).await.value(201);
    let sold = async || (customer.order(&order(&two, 1)).await.status == 201).then_some(());
    eventually("what was delivered to be sold", Duration::from_mins(1), sold).await;
}

async fn a_quoted_price_holds_or_the_order_is_rejected(shop: Shop) {
    let product = shop.product(100, 10).await;
    let customer = shop.customer_with(1_000).await;
    let quoted = |price: i64| json!({"lines": [{"product_id": product, "quantity": 1, "unit_price": krw(price)}]});
    customer.order(&quoted(100)).await.value(201);
    set(&shop, &product, json!({"price": krw(120)})).await;
    let problem = customer.order(&quoted(100)).await.problem(409, "price-changed");
    assert_eq!(problem["changes"], json!([{"product_id": product, "quoted": krw(100), "current": krw(120)}]));
    assert_eq!((customer.balance().await, shop.stock(&product).await), (900, 9));
    assert_eq!(customer.order(&quoted(120)).await.value(201)["paid_price"], krw(120));
    customer.order(&quoted(-1)).await.invalid("/lines/0/unit_price/amount");
}

async fn a_key_is_good_for_one_request_of_one_customer(shop: Shop) {
    let product = shop.product(10, 100).await;
    let (customer, other) = (shop.customer_with(1_000).await, shop.customer_with(1_000).await);
    let placing =
        |person: &Person, quantity: i64| person.post("/v1/orders").key("one").json(&order(&product, quantity));
    let first = placing(&customer, 1).await;
    let order_id = first.value(201)["order_id"].clone();
    // The same request in other words is the same request.
    let spelled = format!(r#" {{ "lines" :[ {{"quantity":1,"product_id":"{product}"}} ] }}"#);
    let again = customer.post("/v1/orders").key("one").text(spelled).await;
    assert_eq!((again.is_replay(), &again.body), (true, &first.body));
    placing(&customer, 2).await.problem(422, "idempotency-key-reused");
    // Another customer's key, and another operation's, is another key.
    assert_ne!(placing(&other, 1).await.value(201)["order_id"], order_id);
    customer.post("/v1/me/balance/deposits").key("one").json(&krw(100)).await.value(201);
    assert_eq!((customer.balance().await, shop.stock(&product).await), (1_090, 98));
    // The answer stays what it was when the price, the stock or the balance would no longer allow it.
    set(&shop, &product, json!({"price": krw(100_000), "status": "INACTIVE"})).await;
    let late = placing(&customer, 1).await;
    assert_eq!((late.is_replay(), &late.body), (true, &first.body));
}

async fn rejection_answers_every_copy_byte_for_byte(shop: Shop) {
    let product = shop.product(500, 5).await;
    let customer = shop.customer();
    let placing = |key: &str| customer.post("/v1/orders").key(key).json(&order(&product, 1));
    let first = placing("first").await;
    first.problem(409, "insufficient-balance");
    customer.deposit(500).await;
    let copy = placing("first").await;
    copy.problem(409, "insufficient-balance");
    assert_eq!((copy.is_replay(), &copy.body), (true, &first.body), "the same answer, request_id included");
    let placed = placing("second").await;
    placed.value(201);
    assert!(!placed.is_replay());
}

async fn an_order_keeps_the_names_and_prices_of_its_time(shop: Shop) {
    let (one, two) = (shop.product(100, 5).await, shop.product(7, 5).await);
    let customer = shop.customer_with(1_000).await;
    let placed = customer.order(&lines([(one.clone(), 2), (two.clone(), 1)])).await.value(201);
    let name = shop.nobody().get(&format!("/v1/products/{one}")).await.value(200)["name"].clone();
    set(&shop, &one, json!({"price": krw(1), "name": "another name"})).await;
    let order = customer.get(&format!("/v1/orders/{}", text(&placed["order_id"]))).await.value(200);
    assert_eq!((&order["lines"][0]["name"], &order["lines"][0]["product_version"]), (&name, &json!(1)));
    assert_eq!(customer.all("/v1/orders", 10).await, std::slice::from_ref(&order));
    assert_eq!(without_names(order.clone()), placed);
    assert_eq!((&order["list_price"], &order["discount"], &order["paid_price"]), (&krw(207), &krw(0), &krw(207)));
    assert!(order.get("coupon_id").is_none() && order.get("cancelled_at").is_none());
}
