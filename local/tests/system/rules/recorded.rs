//! Orders that staff find: one by its id, and those of a day.

use std::sync::Arc;

use jiff::Timestamp;
use libtest_mimic::Trial;
use serde_json::json;
use sijang_cloud::seoul;
use sijang_testkit::http::{Shop, order, order_with, text, without_names};
use ulid::Ulid;

use crate::{
    stored::PIPELINE,
    world::{World, eventually, named},
};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, staff_find_an_order_by_its_id_and_on_its_day),
        named!(trial, world, a_list_of_a_day_takes_its_own_parameters_and_cursors),
    ]
}

async fn staff_find_an_order_by_its_id_and_on_its_day(shop: Shop) {
    let (product, coupon) = (shop.product(2_000, 50).await, shop.coupon(json!({})).await);
    let (customer, staff) = (shop.customer_with(20_000).await, shop.admin());
    customer.issue(&coupon).await.value(201);
    let placed = customer.order(&order_with(&product, 2, &coupon)).await.value(201);
    let id = text(&placed["order_id"]);
    customer.post(&format!("/v1/orders/{id}/cancel")).new_key().await.value(200);
    customer.order(&order(&product, 1)).await.value(201);
    let day = seoul::day(text(&placed["paid_at"]).parse::<Timestamp>().unwrap());
    let list = |filters: &str| format!("/v1/admin/orders?date={day}&product_id={product}{filters}");
    eventually("the facts of both orders", PIPELINE, async || {
        let listed = staff.all(&list(""), 100).await;
        (listed.len() == 2 && listed[1]["status"] == "CANCELLED").then_some(())
    })
    .await;
    let mut expected = customer.get(&format!("/v1/orders/{id}")).await.value(200);
    expected["user_id"] = json!(customer.name());
    let path = format!("/v1/admin/orders/{id}");
    assert_eq!(staff.get(&path).await.value(200), expected);
    assert_eq!(staff.all(&list(&format!("&coupon_id={coupon}&status=CANCELLED")), 1).await, [without_names(expected)]);
    assert_eq!(staff.all(&list("&status=PAID"), 1).await.len(), 1);
    assert_eq!(staff.all(&list(&format!("&coupon_id={coupon}&status=PAID")), 1).await, [json!(null); 0]);
    for absent in [Ulid::generate().to_string(), "no-id".to_owned()] {
        staff.get(&format!("/v1/admin/orders/{absent}")).await.problem(404, "order-not-found");
    }
    for path in [path, list("")] {
        customer.get(&path).await.stopped_at_the_gateway(401);
    }
}

async fn a_list_of_a_day_takes_its_own_parameters_and_cursors(shop: Shop) {
    let staff = shop.admin();
    for (parameter, query) in [
        ("date", ""),
        ("date", "?date=today"),
        ("date", "?date=2199-01-01"),
        ("status", "?date=2026-01-01&status=OPEN"),
        ("product_id", "?date=2026-01-01&product_id=x"),
        ("coupon_id", "?date=2026-01-01&coupon_id=x"),
        ("user_id", "?date=2026-01-01&user_id=x"),
    ] {
        let problem = staff.get(&format!("/v1/admin/orders{query}")).await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{query}");
    }
    let (product, customer) = (shop.product(1, 50).await, shop.customer_with(100).await);
    let placed = customer.order(&order(&product, 1)).await.value(201);
    customer.order(&order(&product, 1)).await.value(201);
    let day = seoul::day(text(&placed["paid_at"]).parse::<Timestamp>().unwrap());
    let list = format!("/v1/admin/orders?date={day}&limit=1");
    let filtered = format!("{list}&product_id={product}");
    let cursor = eventually("a second page", PIPELINE, async || {
        staff.get(&filtered).await.value(200)["next_cursor"].as_str().map(ToOwned::to_owned)
    })
    .await;
    staff.get(&format!("{filtered}&status=&cursor={cursor}")).await.value(200);
    for other in [list, format!("{filtered}&status=PAID"), filtered.replace(&day.to_string(), "2026-01-01")] {
        staff.get(&format!("{other}&cursor={cursor}")).await.problem(400, "invalid-cursor");
    }
}
