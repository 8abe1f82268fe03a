//! Lists: their limits, and cursors that nobody can make or lend.

use std::sync::Arc;

use libtest_mimic::Trial;
use sijang_testkit::http::{Shop, order, text};

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![named!(trial, world, a_limit_is_1_to_100), named!(trial, world, a_cursor_is_good_for_its_list_and_owner_only)]
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
