//! Public, cacheable reads.

use std::{sync::Arc, time::Duration};

use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::json;
use sijang_testkit::http::{Shop, krw, text};
use ulid::Ulid;

use crate::world::{World, eventually, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, a_reader_who_has_the_newest_version_gets_304),
        named!(trial, world, products_are_found_by_the_beginning_of_their_name),
        named!(trial, world, products_of_a_category_are_found_and_sorted),
        named!(trial, world, health_is_answered_and_head_is_get_without_a_body),
        named!(trial, world, private_answers_are_never_cached),
    ]
}

async fn a_reader_who_has_the_newest_version_gets_304(shop: Shop) {
    let product = shop.product(100, 5).await;
    let path = format!("/v1/products/{product}");
    let first = shop.nobody().get(&path).await;
    let before = first.value(200);
    let tag = first.header("etag").expect("an ETag").to_owned();
    assert!(first.header("cache-control").is_some_and(|control| control.starts_with("public, max-age=")));
    let again = shop.nobody().get(&path).header("if-none-match", &tag).await;
    assert_eq!((again.status.as_u16(), again.body.as_str(), again.header("etag")), (304, "", Some(tag.as_str())));
    shop.nobody().get(&path).header("if-none-match", "\"another\"").await.value(200);
    let admin = shop.admin();
    admin.patch(&format!("/v1/admin/products/{product}")).new_key().json(&json!({"price": krw(90)})).await.value(200);
    let changed = shop.nobody().get(&path).header("if-none-match", &tag).await;
    assert_ne!(changed.value(200), before);
    assert_ne!(changed.header("etag"), Some(tag.as_str()));
}

async fn products_are_found_by_the_beginning_of_their_name(shop: Shop) {
    let word = Ulid::generate().to_string();
    for name in [format!("{word} one"), format!("{word} TWO"), format!("x{word}")] {
        let body = json!({"name": name, "price": krw(1), "stock": 1});
        shop.admin().post("/v1/admin/products").new_key().json(&body).await.value(201);
    }
    for wanted in [word.clone(), word.to_lowercase()] {
        let found = shop.nobody().all(&format!("/v1/products?name_prefix={wanted}"), 1).await;
        let names: Vec<String> = found.iter().map(|product| text(&product["name"])).collect();
        assert_eq!(names, [format!("{word} one"), format!("{word} TWO")]);
    }
    let page = shop.nobody().get(&format!("/v1/products?name_prefix={word}&limit=1")).await.value(200);
    let cursor = text(&page["next_cursor"]);
    shop.nobody().get(&format!("/v1/products?cursor={cursor}")).await.problem(400, "invalid-cursor");
}

async fn products_of_a_category_are_found_and_sorted(shop: Shop) {
    let category = Ulid::generate().to_string();
    for (name, price) in [("dear", 200), ("cheap", 100)] {
        let body = json!({"name": name, "price": krw(price), "stock": 1, "category": category});
        shop.admin().post("/v1/admin/products").new_key().json(&body).await.value(201);
    }
    let path = format!("/v1/products?category={category}&sort=price");
    // An environment caches the products on sale for half a minute.
    let found = eventually("both products in a search", Duration::from_mins(2), async || {
        let page = shop.nobody().get(&path).await.value(200);
        (page["total"] == 2).then_some(page)
    });
    let names: Vec<String> = found.await["data"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
    assert_eq!(names, ["cheap", "dear"]);
}

async fn health_is_answered_and_head_is_get_without_a_body(shop: Shop) {
    let health = shop.nobody().get("/v1/health").await;
    assert_eq!(health.value(200), json!({"status": "UP"}));
    assert_eq!(health.header("cache-control"), Some("no-store"));
    let product = format!("/v1/products/{}", shop.product(100, 5).await);
    let coupon = format!("/v1/coupons/{}", shop.coupon(json!({})).await);
    for path in ["/v1/health", "/v1/products?limit=1", "/v1/products/popular", "/v1/coupons", &product, &coupon] {
        let answer = shop.nobody().request(Method::HEAD, path).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
    }
}

async fn private_answers_are_never_cached(shop: Shop) {
    let customer = shop.customer();
    for path in ["/v1/me/balance", "/v1/me/balance/transactions", "/v1/me/coupons", "/v1/orders"] {
        let answer = customer.get(path).await;
        answer.value(200);
        assert_eq!((answer.header("cache-control"), answer.header("etag")), (Some("no-store"), None), "{path}");
    }
}
