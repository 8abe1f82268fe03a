//! Commands of administrators: products, stock, campaigns.

use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_testkit::http::{Person, Request, Shop, campaign, krw, order, text};
use ulid::Ulid;

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, a_created_product_is_sold_at_once),
        named!(trial, world, a_product_has_a_name_a_price_and_a_stock_in_range),
        named!(trial, world, an_update_changes_what_it_gives_and_nothing_else),
        named!(trial, world, stock_is_adjusted_by_differences_within_its_limits),
        named!(trial, world, a_campaign_is_listed_with_its_terms),
        named!(trial, world, a_campaigns_terms_are_checked),
        named!(trial, world, admin_writes_repeated_count_once),
    ]
}

fn creating(admin: &Person, body: &Value) -> Request {
    admin.post("/v1/admin/products").new_key().json(body)
}

fn updating(admin: &Person, product: &str, body: &Value) -> Request {
    admin.patch(&format!("/v1/admin/products/{product}")).new_key().json(body)
}

fn adjusting(admin: &Person, product: &str, body: &Value) -> Request {
    admin.post(&format!("/v1/admin/products/{product}/stock-adjustments")).new_key().json(body)
}

async fn a_created_product_is_sold_at_once(shop: Shop) {
    let body =
        json!({"name": "딸기 찹쌀떡 6입", "description": "냉동, 해동 후 이틀", "price": krw(12_000), "stock": 3});
    let product = creating(&shop.admin(), &body).await.value(201);
    let id = text(&product["product_id"]);
    assert!(id.parse::<Ulid>().is_ok());
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(&product[field], value);
    }
    assert_eq!(product["status"], "ACTIVE");
    assert_eq!(shop.nobody().get(&format!("/v1/products/{id}")).await.value(200), product);
    let listed = shop.nobody().all("/v1/products", 100).await;
    let summary = json!({"product_id": id, "name": body["name"], "price": krw(12_000), "stock": 3});
    assert!(listed.contains(&summary));
    shop.customer_with(12_000).await.order(&order(&id, 1)).await.value(201);
}

async fn a_product_has_a_name_a_price_and_a_stock_in_range(shop: Shop) {
    let admin = shop.admin();
    for (field, value, pointer) in [
        ("name", json!(""), "/name"),
        ("name", json!("a\u{7}b"), "/name"),
        ("name", json!("x".repeat(1_000)), "/name"),
        ("description", json!("x".repeat(10_000)), "/description"),
        ("price", krw(-1), "/price/amount"),
        ("price", krw(100_000_001), "/price/amount"),
        ("price", json!(12_000), "/price"),
        ("stock", json!(-1), "/stock"),
        ("stock", json!(1_000_000_001), "/stock"),
        ("stock", json!(0.5), "/stock"),
    ] {
        let mut body = json!({"name": "product", "price": krw(1), "stock": 1});
        body[field] = value;
        creating(&admin, &body).await.invalid(pointer);
    }
    // All violations at once.
    let problem = creating(&admin, &json!({"name": "", "price": krw(-1), "stock": -1})).await;
    let problem = problem.problem(400, "invalid-request");
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/name", "/price/amount", "/stock"]);
}

async fn an_update_changes_what_it_gives_and_nothing_else(shop: Shop) {
    let (admin, id) = (shop.admin(), shop.product(100, 5).await);
    let path = format!("/v1/products/{id}");
    let before = shop.nobody().get(&path).await.value(200);
    updating(&admin, &id, &json!({"price": krw(90)})).await.value(200);
    let mut expected = before.clone();
    expected["price"] = krw(90);
    assert_eq!(shop.nobody().get(&path).await.value(200), expected);
    updating(&admin, &id, &json!({"name": "renamed", "description": "new"})).await.value(200);
    expected["name"] = json!("renamed");
    expected["description"] = json!("new");
    assert_eq!(shop.nobody().get(&path).await.value(200), expected);
    updating(&admin, &id, &json!({})).await.invalid("");
    updating(&admin, &id, &json!({"status": "GONE"})).await.invalid("/status");
    updating(&admin, &id, &json!({"status": 1})).await.invalid("/status");
    updating(&admin, &id, &json!({"stock": 1})).await.invalid("");
    updating(&admin, &id, &json!({"name": ""})).await.invalid("/name");
    assert_eq!(shop.nobody().get(&path).await.value(200), expected);
    let absent = Ulid::generate().to_string();
    updating(&admin, &absent, &json!({"name": "x"})).await.problem(404, "product-not-found");
    updating(&admin, "no-id", &json!({"name": "x"})).await.problem(404, "product-not-found");
}

async fn stock_is_adjusted_by_differences_within_its_limits(shop: Shop) {
    let (admin, id) = (shop.admin(), shop.product(100, 5).await);
    let change = |delta: i64| adjusting(&admin, &id, &json!({"delta": delta, "reason": "counted"}));
    let entry = change(-3).await.value(201);
    assert_eq!((&entry["delta"], &entry["reason"], &entry["product_id"]), (&json!(-3), &json!("counted"), &json!(id)));
    assert_eq!(shop.stock(&id).await, 2);
    let problem = change(-3).await.problem(409, "insufficient-stock");
    assert_eq!(problem["shortages"], json!([{"product_id": id, "requested": 3, "available": 2}]));
    let problem = change(999_999_999).await.problem(409, "stock-limit-exceeded");
    assert_eq!((&problem["stock"], &problem["limit"]), (&json!(2), &json!(1_000_000_000)));
    assert_eq!(shop.stock(&id).await, 2);
    change(998).await.value(201);
    assert_eq!(shop.stock(&id).await, 1_000);
    for delta in [0, 1_000_000_001, -1_000_000_001] {
        change(delta).await.invalid("/delta");
    }
    adjusting(&admin, &id, &json!({"delta": 1})).await.invalid("/reason");
    let absent = Ulid::generate().to_string();
    let body = json!({"delta": 1, "reason": "counted"});
    adjusting(&admin, &absent, &body).await.problem(404, "product-not-found");
}

async fn a_campaign_is_listed_with_its_terms(shop: Shop) {
    let body = campaign(&json!({
        "name": "첫 구매 10% 할인",
        "discount": {"type": "PERCENT", "percent": 10, "max_amount": krw(5_000)},
        "minimum_order": krw(20_000),
        "opens_at": "2020-01-01T09:00:00+09:00",
        "closes_at": "2150-01-01T00:00:00Z",
    }));
    let created = shop.admin().post("/v1/admin/coupons").new_key().json(&body).await.value(201);
    for field in ["name", "discount", "minimum_order", "total", "valid_days"] {
        assert_eq!(created[field], body[field], "{field}");
    }
    assert_eq!(created["opens_at"], "2020-01-01T00:00:00.000Z");
    let open = shop.nobody().all("/v1/coupons", 100).await;
    let mut listed = created.clone();
    listed["remaining"] = json!(100);
    assert!(open.contains(&listed), "{listed}");
    assert!(open.is_sorted_by_key(|open| text(&open["closes_at"])), "the next to close first");
}

async fn a_campaigns_terms_are_checked(shop: Shop) {
    let admin = shop.admin();
    for (field, value, pointer) in [
        ("name", json!(""), "/name"),
        ("total", json!(0), "/total"),
        ("total", json!(10_000_001), "/total"),
        ("valid_days", json!(0), "/valid_days"),
        ("valid_days", json!(366), "/valid_days"),
        ("opens_at", json!("tomorrow"), "/opens_at"),
        ("closes_at", json!("2020-01-01T00:00:00Z"), "/closes_at"),
        ("minimum_order", krw(-1), "/minimum_order/amount"),
        ("discount", json!({"type": "FIXED"}), "/discount/amount"),
        ("discount", json!({"type": "FIXED", "amount": krw(0)}), "/discount/amount"),
        ("discount", json!({"type": "FIXED", "amount": krw(1), "percent": 1}), "/discount/percent"),
        ("discount", json!({"type": "PERCENT", "percent": 0}), "/discount/percent"),
        ("discount", json!({"type": "PERCENT", "percent": 101}), "/discount/percent"),
        ("discount", json!({"type": "PERCENT"}), "/discount/percent"),
        ("discount", json!({"type": "PERCENT", "percent": 1, "max_amount": krw(0)}), "/discount/max_amount"),
        ("discount", json!({"type": "GIFT"}), "/discount/type"),
    ] {
        let mut terms = json!({});
        terms[field] = value.clone();
        let answer = admin.post("/v1/admin/coupons").new_key().json(&campaign(&terms)).await;
        assert_eq!(answer.status, 400, "{field} {value}");
        answer.invalid(pointer);
    }
}

type Asking<'a> = Box<dyn Fn() -> Request + 'a>;

async fn admin_writes_repeated_count_once(shop: Shop) {
    let (admin, id) = (shop.admin(), shop.product(100, 5).await);
    let adjustments = format!("/v1/admin/products/{id}/stock-adjustments");
    let product = json!({"name": "once", "price": krw(1), "stock": 1});
    let requests: [(&str, Asking<'_>, Value, Value); 4] = [
        (
            "create",
            Box::new(|| admin.post("/v1/admin/products")),
            product.clone(),
            json!({"name": "x", "price": krw(2), "stock": 1}),
        ),
        (
            "update",
            Box::new(|| admin.patch(&format!("/v1/admin/products/{id}"))),
            json!({"price": krw(99)}),
            json!({"price": krw(98)}),
        ),
        (
            "adjust",
            Box::new(|| admin.post(&adjustments)),
            json!({"delta": 2, "reason": "r"}),
            json!({"delta": 3, "reason": "r"}),
        ),
        (
            "campaign",
            Box::new(|| admin.post("/v1/admin/coupons")),
            campaign(&json!({})),
            campaign(&json!({"total": 7})),
        ),
    ];
    for (what, request, body, other) in requests {
        let first = request().key("again").json(&body).await;
        assert!(first.status.is_success(), "{what}: {}", first.body);
        let second = request().key("again").json(&body).await;
        assert_eq!((second.is_replay(), &second.body, second.status), (true, &first.body, first.status), "{what}");
        request().key("again").json(&other).await.problem(422, "idempotency-key-reused");
    }
    assert_eq!(shop.stock(&id).await, 7);
    assert_eq!(shop.nobody().get(&format!("/v1/products/{id}")).await.value(200)["price"], krw(99));
}
