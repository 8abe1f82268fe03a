//! One key, one answer, through the gateway: copies of one keyed command, while the shop changes what the answer would be.
//!
//! Each key has 2 to 6 copies within 100 ms. Some connections drop after 1 to 60 ms, and the client sends another copy. All
//! answers must be the same, byte for byte. `SIJANG_COPIES=2000` runs as many keys.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::{StreamExt, future::join_all, stream};
use libtest_mimic::Trial;
use serde_json::json;
use sijang_testkit::http::{Answer, Person, Request, Shop, krw, order, text};
use tokio::time::sleep;

use crate::world::{World, named};

/// Keys under way at once, each with its copies.
const AT_ONCE: usize = 6;
const PRICE: i64 = 1_000;

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![named!(trial, world, copies_of_a_keyed_command_get_one_answer_while_the_shop_changes)]
}

/// The command of the copies, and the change meanwhile.
const CASES: [&str; 7] = [
    "order, sold out",
    "order, restocked",
    "order, price changed",
    "order, balance filled",
    "deposit, another deposit",
    "cancellation, another cancellation",
    "adjustment, restocked",
];

struct Keyed {
    subject: Request,
    change: Request,
}

fn adjustment(admin: &Person, product: &str, delta: i64) -> Request {
    let body = json!({"delta": delta, "reason": "count"});
    admin.post(&format!("/v1/admin/products/{product}/stock-adjustments")).new_key().json(&body)
}

/// A case with a customer, who has the price of one unit, and a product of her own.
async fn prepare(shop: &Shop, case: &str) -> Keyed {
    let (alice, admin) = (shop.customer_with(PRICE).await, shop.admin());
    let units = i64::from(case != "order, restocked");
    let product = shop.product(PRICE, units).await;
    let deposit = || alice.post("/v1/me/balance/deposits").new_key().json(&krw(PRICE));
    let one = || alice.order(&order(&product, 1));
    match case {
        "order, sold out" => {
            let bob = shop.customer_with(PRICE).await;
            Keyed { subject: one(), change: bob.order(&order(&product, 1)) }
        }
        "order, restocked" => Keyed { subject: one(), change: adjustment(&admin, &product, 1) },
        "order, price changed" => {
            let lines = json!([{"product_id": product, "quantity": 1, "unit_price": krw(PRICE - 100)}]);
            let path = format!("/v1/admin/products/{product}");
            let change = admin.patch(&path).new_key().json(&json!({"price": krw(PRICE - 100)}));
            Keyed { subject: alice.order(&json!({"lines": lines})), change }
        }
        "order, balance filled" => {
            let dear = shop.product(2 * PRICE, 1).await;
            Keyed { subject: alice.order(&order(&dear, 1)), change: deposit() }
        }
        "deposit, another deposit" => Keyed { subject: deposit(), change: deposit() },
        "cancellation, another cancellation" => {
            let placed = text(&one().until_definite().await.value(201)["order_id"]);
            let cancel = || alice.post(&format!("/v1/orders/{placed}/cancel")).new_key();
            Keyed { subject: cancel(), change: cancel() }
        }
        _ => Keyed { subject: adjustment(&admin, &product, -2), change: adjustment(&admin, &product, 1) },
    }
}

/// A copy after up to 100 ms. Some connections drop before there is an answer: then another copy follows.
async fn copy(subject: Request) -> Answer {
    sleep(Duration::from_millis(fastrand::u64(0..=100))).await;
    if fastrand::u8(0..3) == 0 {
        subject.clone().dropped_after(Duration::from_millis(fastrand::u64(1..=60))).await;
    }
    subject.until_definite().await
}

/// The answers under one key, without those that are the same.
async fn answers(shop: &Shop, case: &'static str) -> (&'static str, bool, Vec<String>) {
    let Keyed { subject, change } = prepare(shop, case).await;
    let copies = join_all((0..fastrand::usize(2..=6)).map(|_| copy(subject.clone())));
    let changing = async {
        sleep(Duration::from_millis(fastrand::u64(0..=100))).await;
        change.until_definite().await
    };
    let (copies, _) = tokio::join!(copies, changing);
    let accepted = copies[0].status.is_success();
    let mut answers: Vec<String> =
        copies.iter().map(|answer| format!("{} {}", answer.status.as_u16(), answer.body)).collect();
    answers.sort_unstable();
    answers.dedup();
    (case, accepted, answers)
}

async fn copies_of_a_keyed_command_get_one_answer_while_the_shop_changes(shop: Shop) {
    let keys = std::env::var("SIJANG_COPIES").map_or(70, |keys| keys.parse().unwrap());
    let runs = stream::iter(CASES.into_iter().cycle().take(keys)).map(|case| answers(&shop, case));
    let runs: Vec<_> = runs.buffer_unordered(AT_ONCE).collect().await;
    let mut tally: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (case, accepted, _) in &runs {
        let (accepted_keys, rejected_keys) = tally.entry(case).or_default();
        *(if *accepted { accepted_keys } else { rejected_keys }) += 1;
    }
    let two: Vec<_> = runs.iter().filter(|(.., answers)| answers.len() > 1).collect();
    eprintln!("copies: {keys} keys, {} with two answers; accepted and rejected: {tally:?}", two.len());
    assert!(two.is_empty(), "{two:#?}");
}
