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
        named!(trial, world, lines_of_the_same_product_are_merged),
        named!(trial, world, unknown_products_and_coupons_are_pointed_at),
        named!(trial, world, inactive_product_cannot_be_ordered),
        named!(trial, world, short_stock_lists_every_short_line_and_sells_none),
        named!(trial, world, stock_is_rejected_before_the_coupon_and_the_coupon_before_the_balance),
        named!(trial, world, a_quoted_price_holds_or_the_order_is_rejected),
        named!(trial, world, without_a_quote_the_current_price_is_charged),
        named!(trial, world, short_balance_writes_nothing),
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

async fn lines_of_the_same_product_are_merged(shop: Shop) {
    let product = shop.product(10, 10).await;
    let customer = shop.customer_with(1_000).await;
    let placed = customer.order(&lines([(product.clone(), 2), (product.clone(), 3)])).await.value(201);
    assert_eq!(
        placed["lines"],
        json!([{"product_id": product, "quantity": 5, "unit_price": krw(10), "product_version": 1}])
    );
    assert_eq!((customer.balance().await, shop.stock(&product).await), (950, 5));
    // 51 lines of the same product are one.
    let many = lines((0..51).map(|_| (product.clone(), 1)));
    customer.order(&many).await.problem(409, "insufficient-stock");
    let body = json!({"lines": [
        {"product_id": product, "quantity": 1, "unit_price": krw(10)},
        {"product_id": product, "quantity": 1, "unit_price": krw(11)},
    ]});
    customer.order(&body).await.invalid("/lines/1/unit_price");
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

async fn stock_is_rejected_before_the_coupon_and_the_coupon_before_the_balance(shop: Shop) {
    let product = shop.product(1_000, 1).await;
    let coupon = shop.coupon(json!({})).await;
    // Used, and no money left for anything.
    let customer = shop.customer_with(500).await;
    customer.issue(&coupon).await.value(201);
    let cheap = shop.product(500, 1).await;
    customer.order(&order_with(&cheap, 1, &coupon)).await.value(201);
    let other = shop.product(0, 1).await;
    customer.order(&order(&other, 1)).await.value(201);
    customer.order(&order_with(&product, 2, &coupon)).await.problem(409, "insufficient-stock");
    customer.order(&order_with(&product, 1, &coupon)).await.problem(409, "coupon-used");
    let fresh = shop.coupon(json!({"discount": {"type": "FIXED", "amount": krw(1)}})).await;
    customer.issue(&fresh).await.value(201);
    let problem = customer.order(&order_with(&product, 1, &fresh)).await.problem(409, "insufficient-balance");
    assert_eq!(problem["required"], krw(999));
    assert_eq!(shop.stock(&product).await, 1);
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

async fn without_a_quote_the_current_price_is_charged(shop: Shop) {
    let product = shop.product(100, 50).await;
    let customer = shop.customer_with(10_000).await;
    let pay = async |price: i64| {
        for _ in 0..6 {
            assert_eq!(customer.order(&order(&product, 1)).await.value(201)["paid_price"], krw(price));
        }
    };
    // Every execution environment has learnt the old price when it changes; up, and down.
    pay(100).await;
    set(&shop, &product, json!({"price": krw(130)})).await;
    pay(130).await;
    set(&shop, &product, json!({"price": krw(70)})).await;
    pay(70).await;
    assert_eq!(customer.balance().await, 10_000 - 6 * 300);
    // A price that went up above the balance is a short balance, of the new price.
    set(&shop, &product, json!({"price": krw(9_000)})).await;
    let problem = customer.order(&order(&product, 1)).await.problem(409, "insufficient-balance");
    assert_eq!(problem["required"], krw(9_000));
}

async fn short_balance_writes_nothing(shop: Shop) {
    let product = shop.product(600, 5).await;
    let coupon = shop.coupon(json!({"discount": {"type": "FIXED", "amount": krw(100)}})).await;
    let customer = shop.customer_with(1_000).await;
    customer.issue(&coupon).await.value(201);
    let before = state(&customer).await;
    let problem = customer.order(&order_with(&product, 2, &coupon)).await.problem(409, "insufficient-balance");
    assert_eq!((&problem["balance"], &problem["required"]), (&krw(1_000), &krw(1_100)));
    assert_eq!(state(&customer).await, before);
    assert_eq!(shop.stock(&product).await, 5);
    // One unit is within reach, and the coupon is still good for it.
    customer.order(&order_with(&product, 1, &coupon)).await.value(201);
    assert_eq!(customer.balance().await, 500);
}

/// All that a customer can see of themselves.
async fn state(customer: &Person) -> Vec<Value> {
    let mut state = Vec::new();
    for path in ["/v1/me/balance", "/v1/me/balance/transactions", "/v1/me/coupons", "/v1/orders"] {
        state.push(customer.get(path).await.value(200));
    }
    state
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
