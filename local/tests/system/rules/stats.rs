//! Daily statistics: by the day in Seoul, without what was cancelled.

use std::sync::Arc;

use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_cloud::seoul;
use sijang_testkit::http::{Shop, krw, order, text};

use crate::{
    stored::{PIPELINE, Stored},
    world::{World, eventually, named},
};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![named!(trial, world, a_day_counts_what_was_sold_and_not_cancelled), named!(trial, world, a_day_is_a_date)]
}

async fn a_day_counts_what_was_sold_and_not_cancelled(shop: Shop) {
    let (product, cancelled) = (shop.product(200, 50).await, shop.product(100, 50).await);
    let customer = shop.customer_with(10_000).await;
    let kept = customer.order(&order(&product, 3)).await.value(201);
    customer.order(&order(&product, 4)).await.value(201);
    let id = text(&customer.order(&order(&cancelled, 5)).await.value(201)["order_id"]);
    customer.post(&format!("/v1/orders/{id}/cancel")).new_key().await.value(200);
    let day = seoul::day(text(&kept["paid_at"]).parse::<Timestamp>().unwrap());
    eventually("the facts of the orders", PIPELINE, async || {
        let stored = Stored::read(&shop).await;
        customer.all("/v1/orders", 10).await.iter().all(|order| stored.has_facts(order)).then_some(())
    })
    .await;
    let recount = shop.stack().invoke("aggregate-daily-stats", &json!({"day": day.to_string()})).await.unwrap();
    assert_eq!(recount.error, None, "{}", recount.payload);
    let rows = shop.admin().all(&format!("/v1/admin/stats/daily?date={day}"), 2).await;
    let row = |product: &str| rows.iter().find(|row| row["product_id"] == product);
    let expected = json!({"product_id": product, "units_sold": 7, "orders": 2, "revenue": krw(1_400)});
    assert_eq!(row(&product), Some(&expected));
    let nothing = json!({"product_id": cancelled, "units_sold": 0, "orders": 0, "revenue": krw(0)});
    assert_eq!(row(&cancelled).unwrap_or(&nothing), &nothing);
}

async fn a_day_is_a_date(shop: Shop) {
    let admin = shop.admin();
    for query in ["", "?date=", "?date=today", "?date=2026-02-30", "?date=20260101", "?date=2026-01-01&date=2026-01-02"]
    {
        let problem = admin.get(&format!("/v1/admin/stats/daily{query}")).await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["parameter"], Value::from("date"), "{query}");
    }
    assert_eq!(admin.get("/v1/admin/stats/daily?date=2001-01-01").await.value(200)["data"], json!([]));
}
