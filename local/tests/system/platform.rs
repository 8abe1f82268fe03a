//! The data platform on the running shop: the scheduled export, and SQL over the files that MiniStack keeps.

use std::sync::Arc;

use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_cli::query::{DuckDb, Query};
use sijang_cloud::{layout::Repository, ministack::bucket_folder, progress::Progress, seoul, stack::physical_name};
use sijang_testkit::http::{Shop, order_with, text};

use crate::{
    stored::{PIPELINE, Stored},
    world::{World, eventually, named},
};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![named!(trial, world, the_scheduled_export_is_queried_with_sql)]
}

async fn the_scheduled_export_is_queried_with_sql(shop: Shop) {
    let product = shop.product(1_000, 10).await;
    let coupon = shop.coupon(json!({})).await;
    let customer = shop.customer_with(9_000).await;
    customer.issue(&coupon).await.value(201);
    let placed = customer.order(&order_with(&product, 5, &coupon)).await.value(201);
    let order_id = text(&placed["order_id"]);
    eventually("the fact of the order", PIPELINE, async || Stored::read(&shop).await.has_fact(&order_id).then_some(()))
        .await;

    let today = seoul::day(text(&placed["paid_at"]).parse::<Timestamp>().unwrap());
    let scheduled = json!({"scheduled_time": seoul::schedule(today.tomorrow().unwrap()).unwrap().to_string()});
    let best_sellers = {
        let (first, last) = (today.checked_sub(jiff::Span::new().days(2)).unwrap().to_string(), today.to_string());
        let queries = Query::examples(shop.stack().template(), &first, &last);
        queries.into_iter().find(|(name, _)| name == "best-sellers").unwrap().1
    };
    let duckdb = DuckDb::fetch(&Repository::find().unwrap(), Progress::new(true)).await.unwrap();
    let folder = bucket_folder(&shop.stack().state().ministack(), &physical_name("platform"));
    let run = async |function: &str| {
        let invocation = shop.stack().invoke(function, &scheduled).await.unwrap();
        assert_eq!(invocation.error, None, "{function}: {}", invocation.payload);
        invocation.payload
    };
    // Other trials sell, and aggregate, at the same time.
    eventually("best sellers as the API reads them", PIPELINE, async || {
        run("aggregate-daily-stats").await;
        if run("export-day").await["findings"] != json!([]) {
            return None;
        }
        let sold = duckdb.rows(&folder, &best_sellers).await.unwrap();
        let popular = shop.nobody().get("/v1/products/popular").await.value(200);
        let row = |popular: &Value| {
            json!({"product_id": popular["product"]["product_id"], "units_sold": popular["units_sold"],
                "revenue": popular["revenue"]["amount"]})
        };
        let popular: Vec<_> = popular["data"].as_array().unwrap().iter().map(row).collect();
        (!popular.is_empty() && popular.iter().all(|popular| sold.contains(popular))).then_some(())
    })
    .await;

    let of_order = format!(
        "SELECT day, kind, sign, units, list_price, discount, paid_price, coupon_id FROM orders \
         WHERE order_id = '{order_id}'"
    );
    let amount = |name: &str| placed[name]["amount"].clone();
    let expected = json!({"day": today, "kind": "SALE", "sign": 1, "units": 5, "list_price": 5_000,
        "discount": amount("discount"), "paid_price": amount("paid_price"), "coupon_id": coupon});
    assert_eq!(duckdb.rows(&folder, &Query::new(of_order)).await.unwrap(), [expected]);
    let recounted = shop.stack().invoke("export-day", &json!({"day": today.to_string()})).await.unwrap();
    assert_eq!((&recounted.error, &recounted.payload["exported"]), (&None, &json!([today])));
}
