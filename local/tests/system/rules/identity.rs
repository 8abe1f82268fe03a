//! Who somebody is: the token's subject, and nothing else. What is tried instead of a token is in `security`.

use std::sync::Arc;

use jiff::Timestamp;
use libtest_mimic::Trial;
use sijang_testkit::{http::Shop, token_forger::with};

use crate::world::{World, named};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, the_catalogue_is_open_and_nothing_else_is_there),
        named!(trial, world, a_subject_that_nobody_can_have_is_nobody),
    ]
}

async fn the_catalogue_is_open_and_nothing_else_is_there(shop: Shop) {
    let (nobody, product) = (shop.nobody(), shop.product(100, 1).await);
    for path in ["/v1/products", "/v1/products/popular", "/v1/coupons", &format!("/v1/products/{product}")] {
        nobody.get(path).await.value(200);
    }
    nobody.get("/v1/nothing-of-the-kind").await.stopped_at_the_gateway(404);
}

async fn a_subject_that_nobody_can_have_is_nobody(shop: Shop) {
    let customers = shop.local().customers();
    let claims = customers.claims("alice", Timestamp::now().as_second());
    for name in ["사용자", "two words", ""] {
        let token = customers.sign(&with(&claims, [("sub", name.into())])).unwrap();
        let answer = shop.bearer(token).get("/v1/me/balance").await;
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}
