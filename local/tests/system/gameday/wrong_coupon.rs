//! The drill of the runbooks "wrong coupon" and "customer complains": a coupon of 30,000 won without a minimum is
//! issued to many customers, used by a fifth of it, ended, voided, and its orders are cancelled by staff.
//!
//! `SIJANG_HOLDERS=500` makes the customers more than in CI.

use std::{env, sync::Arc, time::Instant};

use futures::{StreamExt, future::join_all, stream};
use jiff::Timestamp;
use libtest_mimic::Completion;
use serde_json::json;
use sijang_cloud::seoul;
use sijang_testkit::http::{Person, krw, order_with, text};
use ulid::Ulid;

use super::runbook::Operator;
use crate::{
    stored::{PIPELINE, Stored, reconcile},
    world::{World, eventually},
};

const PRICE: i64 = 20_000;
/// Requests that are in flight at once.
const AT_ONCE: usize = 16;

pub async fn wrong_coupon_is_voided_and_its_orders_are_cancelled(world: Arc<World>) -> Completion {
    let shop = world.shop().await;
    let holders: usize = env::var("SIJANG_HOLDERS").map_or(10, |count| count.parse().unwrap());
    let product = shop.product(PRICE, 10_000).await;
    let terms = json!({"discount": {"type": "FIXED", "amount": krw(30_000)}, "total": 100_000});
    let coupon = shop.coupon(terms).await;
    let customers: Vec<Person> = (0..holders).map(|_| shop.customer()).collect();
    let issues = customers.iter().map(|person| person.issue(&coupon));
    let coupons = stream::iter(issues).map(|request| async { request.until_definite().await.value(201) });
    assert_eq!(coupons.buffer_unordered(AT_ONCE).count().await, holders);
    let free = order_with(&product, 1, &coupon);
    let (buyers, others) = customers.split_at((holders / 5).max(1));
    let orders = stream::iter(buyers.iter().map(|buyer| buyer.order(&free)));
    let orders = orders.map(|request| async { request.until_definite().await.value(201) });
    let orders: Vec<_> = orders.buffered(AT_ONCE).collect().await;
    assert!(orders.iter().all(|order| order["paid_price"] == krw(0)));

    let mut operator = Operator::beside(&shop, &world.state_folder()).await;
    let id = |order: usize| text(&orders[order]["order_id"]);
    let variables = [
        ("REASON", "30,000 won instead of 3,000"),
        ("COUPON", &coupon),
        ("CUSTOMER", buyers[0].name()),
        ("ORDER", &id(0)),
        ("AMOUNT", "500"),
        ("CASE", &Ulid::generate().to_string()),
    ];
    for (name, value) in &variables {
        operator.set(name, value);
    }
    let decision = Instant::now();
    let said = operator.follow("wrong-coupon").await;
    let followed = decision.elapsed();
    assert!(said.contains("\"voided_at\"") && said.contains("\"CANCELLED\""), "{said}");
    shop.customer().issue(&coupon).await.problem(409, "coupon-closed");
    // An order that the balance does not cover: its rejection shows whether the coupon is still accepted.
    let dear = order_with(&product, 99, &coupon);
    let rejected = async || {
        let code = others[0].order(&dear).await.code().unwrap();
        assert!(["insufficient-balance", "coupon-voided"].contains(&code.as_str()), "{code}");
        (code == "coupon-voided").then_some(())
    };
    eventually("the void in warm environments", PIPELINE, rejected).await;
    let rejected = decision.elapsed();
    let staff = shop.admin();
    let cancelled = (1..orders.len()).map(|order| {
        let path = format!("/v1/admin/customers/{}/orders/{}/cancel", buyers[order].name(), id(order));
        staff.post(&path).new_key().json(&json!({"reason": "wrong coupon"}))
    });
    let cancelled = stream::iter(cancelled).map(|request| async { request.until_definite().await.value(200) });
    assert_eq!(cancelled.buffer_unordered(AT_ONCE).count().await, orders.len() - 1);
    eprintln!(
        "wrong coupon: {holders} holders, {} orders; ended and voided after {:.1} s, rejected by warm environments after \
         {:.1} s, all orders cancelled after {:.1} s",
        orders.len(),
        followed.as_secs_f64(),
        rejected.as_secs_f64(),
        decision.elapsed().as_secs_f64()
    );
    complaint(&operator, &buyers[0], &dear).await;
    assert_eq!(shop.stock(&product).await, 10_000);
    let balances = join_all(buyers[1..].iter().map(Person::balance)).await;
    assert!(balances.iter().all(|balance| *balance == 0));
    Stored::once_counted(&shop).await.check();
    assert_eq!(reconcile(&shop, seoul::day(Timestamp::now())).await, json!([]));
    Completion::Completed
}

/// The buyer complains; the order is cancelled already, and the shop pays a little for the trouble.
async fn complaint(operator: &Operator, buyer: &Person, order: &serde_json::Value) {
    let said = operator.follow("customer-complaint").await;
    assert!(said.contains("\"ADJUSTMENT\""), "{said}");
    assert_eq!(buyer.balance().await, 500);
    buyer.order(order).await.problem(409, "coupon-voided");
}
