//! A customer's way through the shop, from the first deposit to the ranking of popular products.

use std::sync::Arc;

use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::json;
use sijang_cloud::seoul;
use sijang_testkit::http::{Shop, krw, order, order_with, text, without_names};

use crate::{
    stored::{PIPELINE, Stored},
    world::{World, eventually, named},
};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![named!(trial, world, from_the_first_deposit_to_the_ranking)]
}

async fn from_the_first_deposit_to_the_ranking(shop: Shop) {
    // More units than any other trial sells: five others cannot push it off the ranking.
    let product = shop.product(100, 200).await;
    let coupon = shop.coupon(json!({"discount": {"type": "PERCENT", "percent": 10, "max_amount": krw(500)}})).await;
    let customer = shop.customer();

    // Deposit.
    assert_eq!(customer.balance().await, 0);
    let deposit = customer.post("/v1/me/balance/deposits").new_key().json(&krw(10_000)).await.value(201);
    assert_eq!((&deposit["type"], &deposit["balance"]), (&json!("DEPOSIT"), &krw(10_000)));

    // Browse.
    let listed = shop.nobody().all("/v1/products", 100).await;
    assert!(listed.iter().any(|listed| listed["product_id"] == product.as_str() && listed["stock"] == 200));
    let page = shop.nobody().get(&format!("/v1/products/{product}")).await.value(200);
    assert_eq!((&page["price"], &page["status"]), (&krw(100), &json!("ACTIVE")));
    let open = shop.nobody().all("/v1/coupons", 100).await;
    assert!(open.iter().any(|open| open["coupon_id"] == coupon.as_str() && open["remaining"] == 100));

    // Get a coupon, order with it.
    let issued = customer.issue(&coupon).await.value(201);
    assert_eq!((&issued["coupon_id"], &issued["status"]), (&json!(coupon), &json!("USABLE")));
    let ordering = || customer.post("/v1/orders").key("tour").json(&order_with(&product, 90, &coupon));
    let first = ordering().await;
    let placed = first.value(201);
    assert!(!first.is_replay());
    assert_eq!((&placed["list_price"], &placed["discount"]), (&krw(9_000), &krw(500)));
    assert_eq!((&placed["paid_price"], &placed["status"]), (&krw(8_500), &json!("PAID")));
    let order_id = text(&placed["order_id"]);
    assert_eq!(first.header("location"), Some(format!("/v1/orders/{order_id}").as_str()));

    // The same order again: the same answer, one order.
    let second = ordering().await;
    assert_eq!(second.value(201), placed);
    assert_eq!(second.body, first.body, "byte for byte");
    assert!(second.is_replay());
    let seen = customer.get(&format!("/v1/orders/{order_id}")).await.value(200);
    assert_eq!(customer.all("/v1/orders", 100).await, std::slice::from_ref(&seen));
    assert_eq!(without_names(seen), placed);
    assert_eq!((customer.balance().await, shop.stock(&product).await), (1_500, 110));
    let used = customer.get("/v1/me/coupons?status=USED").await.value(200);
    assert_eq!(used["data"][0]["order_id"], order_id.as_str());

    // Short balance: nothing was written, so nothing has to be put back.
    let other_coupon = shop.coupon(json!({})).await;
    customer.issue(&other_coupon).await.value(201);
    let rejected = customer.order(&order_with(&product, 60, &other_coupon)).await.problem(409, "insufficient-balance");
    assert_eq!((&rejected["balance"], &rejected["required"]), (&krw(1_500), &krw(5_000)));
    assert_eq!((customer.balance().await, shop.stock(&product).await), (1_500, 110));
    let usable = customer.get("/v1/me/coupons?status=USABLE").await.value(200);
    assert_eq!(usable["data"][0]["coupon_id"], other_coupon.as_str());
    assert_eq!(customer.all("/v1/orders", 100).await.len(), 1);
    assert_eq!(customer.all("/v1/me/balance/transactions", 100).await.len(), 2);

    // The rest by another customer, so that the product leads the ranking.
    let friend = shop.customer_with(10_000).await;
    let other = friend.order(&order(&product, 99)).await.value(201);
    let other_order = text(&other["order_id"]);

    // The consumer has counted both.
    eventually("the facts of the orders", PIPELINE, async || {
        let stored = Stored::read(&shop).await;
        (stored.has_fact(&order_id) && stored.has_fact(&other_order)).then_some(())
    })
    .await;

    // Tomorrow's aggregation makes it popular; done twice, it says the same.
    let today = seoul::day(text(&other["paid_at"]).parse::<Timestamp>().unwrap());
    let scheduled = seoul::schedule(today.tomorrow().unwrap()).unwrap();
    let event = json!({"scheduled_time": scheduled.to_string()});
    let popular = async || {
        let invocation = shop.stack().invoke("aggregate-daily-stats", &event).await.unwrap();
        assert_eq!(invocation.error, None, "{}", invocation.payload);
        assert_eq!(invocation.payload["day"], today.tomorrow().unwrap().to_string());
        let popular = shop.nobody().get("/v1/products/popular").await.value(200);
        assert_eq!(
            popular["from"],
            today.tomorrow().unwrap().checked_sub(jiff::Span::new().days(3)).unwrap().to_string()
        );
        assert_eq!(popular["to"], today.to_string());
        let found =
            popular["data"].as_array().unwrap().iter().find(|row| row["product"]["product_id"] == product.as_str());
        found.unwrap_or_else(|| panic!("not popular: {popular}")).clone()
    };
    let row = popular().await;
    assert_eq!((&row["units_sold"], &row["revenue"]), (&json!(189), &krw(18_900)));
    assert_eq!(row["product"]["stock"], 11);
    assert_eq!(popular().await, row);
}
