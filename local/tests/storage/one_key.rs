//! One key, one answer: copies of a keyed command that overlap, while the shop changes under them.
//!
//! Each round starts several copies of one command, from environments of their own, together with a change that turns a
//! rejection into an acceptance. Whatever the interleaving, every copy gets the same answer, and what the answer says is
//! what happened.

use std::fmt::Debug;

use sijang_domain::{Error, Idempotent, Rejection};
use sijang_testkit::shop::{Customer, Request, Shop, ShopCommand, race};

/// Rounds of each test; `SIJANG_ROUNDS` asks for more.
fn rounds() -> usize {
    std::env::var("SIJANG_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}

/// An answer as its client sees it.
#[derive(Debug, PartialEq)]
enum Seen<T> {
    Accepted(T),
    Rejected(Rejection, Option<String>),
}

fn seen<T: Debug>(answer: Result<Idempotent<T>, Error>) -> Seen<T> {
    match answer {
        Ok(answer) => Seen::Accepted(answer.value),
        Err(Error::Rejected(rejection)) => Seen::Rejected(rejection, None),
        Err(Error::ReplayedRejection { rejection, request_id }) => Seen::Rejected(rejection, Some(request_id)),
        Err(error) => panic!("no answer: {error}"),
    }
}

/// Sends copies of a command together with a change of the shop; returns the one answer that all of them got.
async fn one_answer<A: ShopCommand<Value: Debug + PartialEq>, B: ShopCommand>(
    copies: Vec<Request<A>>,
    change: Request<B>,
) -> Seen<A::Value> {
    let changing = tokio::spawn(async move { race([change]).await });
    let answers: Vec<_> = race(copies).await.into_iter().map(seen).collect();
    changing.await.unwrap();
    let rejections = answers.iter().filter(|answer| matches!(answer, Seen::Rejected(..))).count();
    assert!(rejections == 0 || rejections == answers.len(), "one key, two answers: {answers:#?}");
    let firsts = answers.iter().filter(|answer| matches!(answer, Seen::Rejected(_, None))).count();
    assert!(firsts <= 1, "two copies were rejected first: {answers:#?}");
    answers.into_iter().next().unwrap()
}

/// The same command from several environments.
fn copies<A: ShopCommand>(shop: &Shop, request: &Request<A>, count: usize) -> Vec<Request<A>> {
    (0..count).map(|_| request.clone().in_environment_of(&shop.another_environment())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_of_an_order_get_one_answer_while_units_come_in() {
    let shop = Shop::open().await;
    for round in 0..rounds() {
        let tea = shop.product(1_000, 0).await;
        let alice = shop.customer(&format!("alice-{round}")).with_balance(1_000).await;
        let order = alice.order([(tea, 1)]);
        match one_answer(copies(&shop, &order, 2 + round % 5), shop.adjust(tea, 1)).await {
            Seen::Accepted(_) => assert_eq!((shop.stock(tea).await, alice.balance().await), (0, 0)),
            Seen::Rejected(..) => assert_eq!((shop.stock(tea).await, alice.balance().await), (1, 1_000)),
        }
    }
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_of_an_order_get_one_answer_while_the_balance_is_filled() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 1_000).await;
    for round in 0..rounds() {
        let alice = shop.customer(&format!("alice-{round}")).with_balance(500).await;
        let order = alice.order([(tea, 1)]);
        let paid = match one_answer(copies(&shop, &order, 2 + round % 5), alice.deposit(500)).await {
            Seen::Accepted(_) => 1_000,
            Seen::Rejected(..) => 0,
        };
        assert_eq!(alice.balance().await, 1_000 - paid);
    }
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_of_a_deposit_get_one_answer_while_the_balance_is_spent() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000_000, 1_000).await;
    for round in 0..rounds().min(8) {
        let alice = full(&shop, round).await;
        let deposit = alice.deposit(1_000_000);
        let spent = alice.order([(tea, 1)]);
        let added = match one_answer(copies(&shop, &deposit, 2 + round % 5), spent).await {
            Seen::Accepted(_) => 1_000_000,
            Seen::Rejected(..) => 0,
        };
        assert_eq!(alice.balance().await, 9_000_000 + added);
    }
    shop.check().await;
}

/// A customer whose balance is at the limit.
async fn full(shop: &Shop, round: usize) -> Customer {
    shop.customer(&format!("alice-{round}")).with_balance(10_000_000).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_of_a_cancellation_get_one_answer_beside_another_cancellation() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 1_000).await;
    for round in 0..rounds() {
        let alice = shop.customer(&format!("alice-{round}")).with_balance(1_000).await;
        let order = alice.order([(tea, 1)]).done().await;
        let cancellation = alice.cancel(&order);
        one_answer(copies(&shop, &cancellation, 2 + round % 5), alice.cancel(&order)).await;
        assert_eq!(alice.balance().await, 1_000, "the money is given back once");
    }
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn copies_of_an_adjustment_get_one_answer_while_units_come_in() {
    let shop = Shop::open().await;
    for round in 0..rounds() {
        let tea = shop.product(1_000, 4).await;
        let taken = shop.adjust(tea, -5);
        let left = match one_answer(copies(&shop, &taken, 2 + round % 5), shop.adjust(tea, 3)).await {
            Seen::Accepted(_) => 2,
            Seen::Rejected(..) => 7,
        };
        assert_eq!(shop.stock(tea).await, left);
    }
    shop.check().await;
}
