//! Lists: every element once, by cursors that nobody can make or lend.

use std::{collections::BTreeSet, sync::Arc};

use futures::{StreamExt, stream};
use libtest_mimic::Trial;
use serde_json::json;
use sijang_testkit::http::{Shop, order, text, without_names};

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, paging_gets_every_product_once),
        named!(trial, world, paging_gets_every_order_once_newest_first),
        named!(trial, world, a_limit_is_1_to_100),
        named!(trial, world, a_cursor_is_good_for_its_list_and_owner_only),
    ]
}

async fn paging_gets_every_product_once(shop: Shop) {
    let made = stream::iter(0..30).map(|_| shop.product(1, 1)).buffer_unordered(6).collect::<BTreeSet<_>>().await;
    // Others may be made meanwhile by other trials; these 30 stand still.
    let listed = shop.nobody().all("/v1/products", 7).await;
    let ids: Vec<String> = listed.iter().map(|product| text(&product["product_id"])).collect();
    let unique: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(unique.len(), ids.len(), "no product twice");
    assert!(unique.is_superset(&made), "no product missing");
    assert!(listed.is_sorted_by_key(|product| text(&product["name"]).to_lowercase()), "by name");
}

async fn paging_gets_every_order_once_newest_first(shop: Shop) {
    let product = shop.product(1, 100).await;
    let customer = shop.customer_with(100).await;
    let mut placed = Vec::new();
    for _ in 0..9 {
        placed.push(customer.order(&order(&product, 1)).await.value(201));
    }
    let mut newest_first = placed.clone();
    newest_first.sort_by_key(|order| std::cmp::Reverse(text(&order["order_id"])));
    for limit in [1, 4, 9, 100] {
        let listed = customer.all("/v1/orders", limit).await;
        assert_eq!(listed.into_iter().map(without_names).collect::<Vec<_>>(), newest_first, "{limit}");
    }
    // The page that ends with the last element says that there is no more.
    assert_eq!(customer.get("/v1/orders?limit=9").await.value(200)["next_cursor"], json!(null));
    // What comes in while paging does not move what is behind the cursor.
    let first = customer.get("/v1/orders?limit=4").await.value(200);
    customer.order(&order(&product, 1)).await.value(201);
    let next = format!("/v1/orders?limit=4&cursor={}", text(&first["next_cursor"]));
    let second = customer.get(&next).await.value(200)["data"].as_array().cloned().unwrap();
    assert_eq!(second.into_iter().map(without_names).collect::<Vec<_>>(), newest_first[4..8]);
}

async fn a_limit_is_1_to_100(shop: Shop) {
    let customer = shop.customer();
    for list in ["/v1/products", "/v1/coupons", "/v1/orders", "/v1/me/coupons", "/v1/me/balance/transactions"] {
        for bad in ["0", "101", "-1", "abc", "1.0", "+5", "", "99999999999999999999", "%20", "1&limit=2"] {
            let problem = customer.get(&format!("{list}?limit={bad}")).await.problem(400, "invalid-request");
            assert_eq!(problem["errors"][0]["parameter"], "limit", "{list} {bad}");
        }
        for good in ["1", "100"] {
            customer.get(&format!("{list}?limit={good}")).await.value(200);
        }
    }
}

async fn a_cursor_is_good_for_its_list_and_owner_only(shop: Shop) {
    let product = shop.product(1, 10).await;
    let (customer, other) = (shop.customer_with(100).await, shop.customer_with(100).await);
    for person in [&customer, &other] {
        person.order(&order(&product, 1)).await.value(201);
        person.order(&order(&product, 1)).await.value(201);
    }
    let page = customer.get("/v1/orders?limit=1").await.value(200);
    let cursor = text(&page["next_cursor"]);
    let with = |cursor: &str| format!("/v1/orders?limit=1&cursor={cursor}");
    customer.get(&with(&cursor)).await.value(200);

    other.get(&with(&cursor)).await.problem(400, "invalid-cursor");
    let elsewhere = format!("/v1/me/balance/transactions?cursor={cursor}");
    customer.get(&elsewhere).await.problem(400, "invalid-cursor");
    shop.nobody().get(&format!("/v1/products?cursor={cursor}")).await.problem(400, "invalid-cursor");
    shop.nobody().get(&format!("/v1/coupons?cursor={cursor}")).await.problem(400, "invalid-cursor");
    // A filter is a list of its own.
    customer.get(&format!("/v1/me/coupons?status=USED&cursor={cursor}")).await.problem(400, "invalid-cursor");

    for place in [0, 5, cursor.len() / 2, cursor.len() - 2] {
        let mut changed = cursor.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        customer.get(&with(&changed)).await.problem(400, "invalid-cursor");
    }
    for bad in ["A", "", &cursor[..cursor.len() - 4], &format!("{cursor}AAAA"), "%EA%B0%80", "null"] {
        customer.get(&with(bad)).await.problem(400, "invalid-cursor");
    }
}
