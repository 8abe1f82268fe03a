//! Stock and campaigns in shards: answers are the same as without.

use std::{sync::Arc, time::Duration};

use libtest_mimic::Trial;
use serde_json::json;
use sijang_testkit::http::{Person, Request, Shop, order};
use ulid::Ulid;

use crate::world::{World, eventually, named};

/// For how long a page of something in shards may show an older sum: a second by the contract, and a busy machine's share.
const VIEW: Duration = Duration::from_secs(30);

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, stock_is_sold_from_all_shards_and_rejected_when_none_has_any),
        named!(trial, world, a_campaign_gives_out_from_all_shards_its_total_and_no_more),
        named!(trial, world, there_are_1_to_96_shards_of_what_exists),
    ]
}

fn splitting(admin: &Person, what: &str, id: &str, shards: i64) -> Request {
    admin.post(&format!("/v1/admin/{what}/{id}/shards")).new_key().json(&json!({"shards": shards}))
}

async fn stock_is_sold_from_all_shards_and_rejected_when_none_has_any(shop: Shop) {
    let (admin, id) = (shop.admin(), shop.product(100, 7).await);
    let split = splitting(&admin, "products", &id, 3).await.value(200);
    assert_eq!(split, json!({"product_id": id, "shards": 3}));
    admin
        .patch(&format!("/v1/admin/products/{id}"))
        .new_key()
        .json(&json!({"description": "in parts"}))
        .await
        .value(200);
    assert_eq!(shop.stock(&id).await, 7);
    let customer = shop.customer_with(10_000).await;
    let first = customer.order(&order(&id, 6)).await.value(201);
    let short = |requested, available| json!([{"product_id": id, "requested": requested, "available": available}]);
    for _ in 0..2 {
        let problem = customer.order(&order(&id, 2)).await.problem(409, "insufficient-stock");
        assert_eq!(problem["shortages"], short(2, 1));
    }
    let adjusting = |delta: i64| {
        let body = json!({"delta": delta, "reason": "counted"});
        admin.post(&format!("/v1/admin/products/{id}/stock-adjustments")).new_key().json(&body)
    };
    assert_eq!(adjusting(-2).await.problem(409, "insufficient-stock")["shortages"], short(2, 1));
    adjusting(4).await.value(201);
    customer.order(&order(&id, 5)).await.value(201);
    splitting(&admin, "products", &id, 1).await.value(200);
    let path = format!("/v1/orders/{}/cancel", first["order_id"].as_str().unwrap());
    customer.post(&path).new_key().await.value(200);
    eventually("the stock on its page", VIEW, async || (shop.stock(&id).await == 6).then_some(())).await;
    eventually("the stock in the list", VIEW, async || {
        let listed = shop.nobody().all("/v1/products", 100).await;
        listed.iter().find(|product| product["product_id"] == id && product["stock"] == 6).map(|_| ())
    })
    .await;
}

async fn a_campaign_gives_out_from_all_shards_its_total_and_no_more(shop: Shop) {
    let (admin, id) = (shop.admin(), shop.coupon(json!({"total": 4})).await);
    let split = splitting(&admin, "coupons", &id, 3).await.value(200);
    assert_eq!(split, json!({"coupon_id": id, "shards": 3}));
    let holder = shop.customer();
    holder.issue(&id).await.value(201);
    for _ in 1..4 {
        shop.customer().issue(&id).await.value(201);
    }
    eventually("none left in the list", VIEW, async || {
        let open = shop.nobody().all("/v1/coupons", 100).await;
        open.iter().find(|open| open["coupon_id"] == id && open["remaining"] == 0).map(|_| ())
    })
    .await;
    eventually("none left on its page", VIEW, async || {
        (shop.nobody().get(&format!("/v1/coupons/{id}")).await.value(200)["remaining"] == 0).then_some(())
    })
    .await;
    for _ in 0..2 {
        shop.customer().issue(&id).await.problem(409, "coupon-sold-out");
        holder.issue(&id).await.problem(409, "coupon-already-issued");
    }
}

async fn there_are_1_to_96_shards_of_what_exists(shop: Shop) {
    let admin = shop.admin();
    let (product, coupon) = (shop.product(100, 7).await, shop.coupon(json!({})).await);
    for (what, id, missing) in [("products", product, "product-not-found"), ("coupons", coupon, "coupon-not-found")] {
        for shards in [0, 97, -1] {
            splitting(&admin, what, &id, shards).await.invalid("/shards");
        }
        splitting(&admin, what, &Ulid::generate().to_string(), 2).await.problem(404, missing);
        splitting(&admin, what, &id, 96).await.value(200);
    }
}
