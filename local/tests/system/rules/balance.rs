//! Deposits and the ledger.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::json;
use sijang_testkit::http::{Shop, krw, order};

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, a_new_customer_has_nothing),
        named!(trial, world, a_deposit_is_within_its_limits),
        named!(trial, world, deposit_never_takes_a_balance_above_the_limit),
        named!(trial, world, the_ledger_is_newest_first_with_the_balance_after_each_entry),
        named!(trial, world, a_deposit_repeated_counts_once),
    ]
}

async fn a_new_customer_has_nothing(shop: Shop) {
    let customer = shop.customer();
    assert_eq!(customer.get("/v1/me/balance").await.value(200), json!({"balance": krw(0)}));
    let nothing = json!({"data": [], "next_cursor": null});
    for list in ["/v1/me/balance/transactions", "/v1/me/coupons", "/v1/orders"] {
        assert_eq!(customer.get(list).await.value(200), nothing, "{list}");
    }
}

async fn a_deposit_is_within_its_limits(shop: Shop) {
    let customer = shop.customer();
    let deposit = |amount: i64| customer.post("/v1/me/balance/deposits").new_key().json(&krw(amount));
    for amount in [i64::MIN, -100, 0, 99, 1_000_001, i64::MAX] {
        deposit(amount).await.invalid("/amount");
    }
    assert_eq!(customer.balance().await, 0);
    assert_eq!(deposit(100).await.value(201)["balance"], krw(100));
    assert_eq!(deposit(1_000_000).await.value(201)["balance"], krw(1_000_100));
}

async fn deposit_never_takes_a_balance_above_the_limit(shop: Shop) {
    let customer = shop.customer_with(9_999_900).await;
    let deposit = |amount: i64| customer.post("/v1/me/balance/deposits").new_key().json(&krw(amount));
    let problem = deposit(101).await.problem(409, "balance-limit-exceeded");
    assert_eq!((&problem["balance"], &problem["limit"]), (&krw(9_999_900), &krw(10_000_000)));
    assert_eq!(customer.balance().await, 9_999_900);
    deposit(100).await.value(201);
    assert_eq!(customer.balance().await, 10_000_000);
}

async fn the_ledger_is_newest_first_with_the_balance_after_each_entry(shop: Shop) {
    let product = shop.product(250, 10).await;
    let customer = shop.customer();
    customer.deposit(1_000).await;
    let order = customer.order(&order(&product, 2)).await.value(201);
    customer.deposit(300).await;
    let entries = customer.all("/v1/me/balance/transactions", 2).await;
    let seen: Vec<_> = entries.iter().map(|entry| [&entry["type"], &entry["amount"], &entry["balance"]]).collect();
    assert_eq!(
        seen,
        [
            [&json!("DEPOSIT"), &krw(300), &krw(800)],
            [&json!("PAYMENT"), &krw(-500), &krw(500)],
            [&json!("DEPOSIT"), &krw(1_000), &krw(1_000)],
        ]
    );
    assert_eq!(entries[1]["order_id"], order["order_id"]);
    assert!(entries[0].get("order_id").is_none());
    assert!(entries.is_sorted_by_key(|entry| std::cmp::Reverse(entry["transaction_id"].as_str().unwrap().to_owned())));
}

async fn a_deposit_repeated_counts_once(shop: Shop) {
    let customer = shop.customer();
    let deposit = || customer.post("/v1/me/balance/deposits").key("again").json(&krw(500));
    let first = deposit().await;
    first.value(201);
    customer.deposit(100).await;
    let second = deposit().await;
    assert_eq!((second.is_replay(), &second.body), (true, &first.body));
    assert_eq!(customer.balance().await, 600);
    let other = customer.post("/v1/me/balance/deposits").key("again").json(&krw(501)).await;
    other.problem(422, "idempotency-key-reused");
    assert_eq!(customer.balance().await, 600);
}
