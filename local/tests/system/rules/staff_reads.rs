//! Reads of staff: a customer, products by status, campaigns by state, the totals of days.

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_cloud::seoul;
use sijang_testkit::http::{Shop, krw, order, order_with, text};

use crate::{
    stored::{PIPELINE, Stored},
    world::{World, eventually, named},
};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, staff_read_of_a_customer_what_the_customer_reads),
        named!(trial, world, inactive_products_are_found_by_status_and_name),
        named!(trial, world, campaigns_are_found_by_state_with_issued_coupons),
        named!(trial, world, totals_of_days_count_each_order_once),
    ]
}

async fn staff_read_of_a_customer_what_the_customer_reads(shop: Shop) {
    let (product, coupon) = (shop.product(5_000, 10).await, shop.coupon(json!({})).await);
    let customer = shop.customer_with(20_000).await;
    for coupon in [&coupon, &shop.coupon(json!({})).await] {
        customer.issue(coupon).await.value(201);
    }
    customer.order(&order_with(&product, 1, &coupon)).await.value(201);
    let id = text(&customer.order(&order(&product, 1)).await.value(201)["order_id"]);
    customer.post(&format!("/v1/orders/{id}/cancel")).new_key().await.value(200);
    let staff = shop.admin();
    for (own, by_staff) in [
        ("/v1/me/balance", "balance"),
        ("/v1/me/balance/transactions", "balance/transactions"),
        ("/v1/me/coupons", "coupons"),
        ("/v1/me/coupons?status=USED", "coupons?status=USED"),
        ("/v1/orders", "orders"),
        ("/v1/orders?status=CANCELLED", "orders?status=CANCELLED"),
    ] {
        let of = |user_id: &str| format!("/v1/admin/customers/{user_id}/{by_staff}");
        let seen = staff.get(&of(customer.name())).await.value(200);
        assert_eq!(seen, customer.get(own).await.value(200), "{by_staff}");
        let of_nobody = staff.get(&of("nobody")).await.value(200);
        assert_eq!(of_nobody.get("data"), seen.get("data").map(|_| json!([])).as_ref(), "{by_staff}");
        let problem = staff.get(&of("two%20words")).await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["parameter"], "user_id", "{by_staff}");
    }
    let ledger = format!("/v1/admin/customers/{}/balance/transactions", customer.name());
    assert_eq!(staff.all(&ledger, 1).await, customer.all("/v1/me/balance/transactions", 100).await);
}

async fn inactive_products_are_found_by_status_and_name(shop: Shop) {
    let staff = shop.admin();
    let name = format!("Staff {}", shop.product(1, 1).await);
    let body = json!({"name": name, "description": "", "price": krw(3_000), "stock": 7});
    let product = text(&staff.post("/v1/admin/products").new_key().json(&body).await.value(201)["product_id"]);
    let off_sale = json!({"status": "INACTIVE"});
    staff.patch(&format!("/v1/admin/products/{product}")).new_key().json(&off_sale).await.value(200);
    let prefix = name.replace(' ', "%20");
    let listed = async |status: &str| {
        let path = format!("/v1/admin/products?status={status}&name_prefix={prefix}");
        staff.get(&path).await.value(200)["data"].clone()
    };
    let summary = json!([{"product_id": product, "name": name, "price": krw(3_000), "stock": 7}]);
    // The index follows its table.
    eventually("the product among the inactive ones", PIPELINE, async || {
        (listed("INACTIVE").await == summary && listed("ACTIVE").await == json!([])).then_some(())
    })
    .await;
    for query in ["", "?status=", "?status=SOLD"] {
        let problem = staff.get(&format!("/v1/admin/products{query}")).await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["parameter"], "status", "{query}");
    }
}

async fn campaigns_are_found_by_state_with_issued_coupons(shop: Shop) {
    let (staff, now) = (shop.admin(), Timestamp::now());
    let in_hours = |hours: i64| (now + hours.hours()).to_string();
    let open = shop.coupon(json!({"total": 3, "opens_at": in_hours(-2), "closes_at": in_hours(1)})).await;
    let upcoming = shop.coupon(json!({"opens_at": in_hours(1), "closes_at": in_hours(2)})).await;
    let closed = shop.coupon(json!({"opens_at": in_hours(-2), "closes_at": in_hours(-1)})).await;
    shop.customer().issue(&open).await.value(201);
    for (state, coupon) in [("OPEN", &open), ("UPCOMING", &upcoming), ("CLOSED", &closed)] {
        let found = eventually("the campaign in its state", PIPELINE, async || {
            let all = staff.all(&format!("/v1/admin/coupons?state={state}"), 100).await;
            all.into_iter().find(|campaign| campaign["coupon_id"] == **coupon)
        })
        .await;
        assert_eq!(found["state"], state);
        if coupon == &open {
            assert_eq!((&found["total"], &found["issued"], &found["remaining"]), (&json!(3), &json!(1), &json!(2)));
        }
    }
    let problem = staff.get("/v1/admin/coupons?state=ENDED").await.problem(400, "invalid-request");
    assert_eq!(problem["errors"][0]["parameter"], "state");
}

async fn totals_of_days_count_each_order_once(shop: Shop) {
    let products = [shop.product(200, 50).await, shop.product(100, 50).await];
    let customer = shop.customer_with(10_000).await;
    let lines = products.map(|product| json!({"product_id": product, "quantity": 2}));
    let placed = customer.order(&json!({"lines": lines})).await.value(201);
    let day = seoul::day(text(&placed["paid_at"]).parse::<Timestamp>().unwrap());
    eventually("the fact of the order", PIPELINE, async || Stored::read(&shop).await.has_facts(&placed).then_some(()))
        .await;
    let recount = shop.stack().invoke("aggregate-daily-stats", &json!({"day": day.to_string()})).await.unwrap();
    assert_eq!(recount.error, None, "{}", recount.payload);
    let staff = shop.admin();
    let totals = staff.get(&format!("/v1/admin/stats/days?from={day}&to={day}")).await.value(200);
    let by_product = staff.all(&format!("/v1/admin/stats/daily?date={day}"), 100).await;
    let sum = |field: &str| by_product.iter().map(|row| row[field].as_i64().unwrap()).sum::<i64>();
    let total = &totals["data"][0];
    // Other trials sell, too. This order is one, and two among the orders of the products.
    assert!(total["orders"].as_i64() < Some(sum("orders")), "{totals}");
    assert_eq!((&total["date"], &total["units_sold"]), (&json!(day.to_string()), &json!(sum("units_sold"))));
    let nothing = |date: &str| json!({"date": date, "units_sold": 0, "orders": 0, "revenue": krw(0)});
    let quiet = staff.get("/v1/admin/stats/days?from=2001-01-31&to=2001-02-01").await.value(200);
    assert_eq!(quiet["data"], json!([nothing("2001-01-31"), nothing("2001-02-01")]));
    for (query, parameter) in [
        ("", "from"),
        ("?from=2026-01-01", "to"),
        ("?from=today&to=2026-01-01", "from"),
        ("?from=2026-01-02&to=2026-01-01", "to"),
        ("?from=2026-01-01&to=2026-04-03", "to"),
        ("?from=2199-12-30&to=2199-12-31", "to"),
    ] {
        let problem = staff.get(&format!("/v1/admin/stats/days{query}")).await.problem(400, "invalid-request");
        assert_eq!(problem["errors"][0]["parameter"], Value::from(parameter), "{query}");
    }
}
