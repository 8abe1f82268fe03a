//! Races: many at once for what is not enough for all. The outcome is exact, and the invariants are checked
//! afterwards. Those that are run in great numbers are in `rounds`.

use sijang_domain::{Error, Idempotent, Rejection};
use sijang_testkit::shop::{Shop, ShopCommand, fixed, race};

/// How a race ended: how many succeeded, and why the others did not.
pub fn outcome<T>(results: Vec<Result<Idempotent<T>, Error>>) -> (usize, Vec<Rejection>) {
    let (mut done, mut rejected) = (0, Vec::new());
    for result in results {
        match result {
            Ok(answer) => {
                assert!(!answer.replayed, "nobody sent anything twice");
                done += 1;
            }
            Err(Error::Rejected(rejection)) => rejected.push(rejection),
            Err(other) => panic!("a race is no reason to fail: {other}"),
        }
    }
    (done, rejected)
}

/// The one value that all racers were answered; exactly one of them had it done.
pub fn one_effect<A: ShopCommand>(results: Vec<Result<Idempotent<A::Value>, Error>>) -> A::Value
where
    A::Value: PartialEq,
{
    let answers: Vec<_> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.windows(2).all(|pair| pair[0].value == pair[1].value), "the racers got different answers");
    answers.into_iter().next().unwrap().value
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_units_of_several_products_go_to_whole_orders_only() {
    let shop = Shop::open().await;
    let (tea, milk, jam) = (shop.product(100, 10).await, shop.product(200, 15).await, shop.product(300, 20).await);
    let buyers = shop.customers(40, 5_000).await;
    let orders = buyers.iter().enumerate().map(|(number, buyer)| match number % 3 {
        0 => buyer.order([(tea, 1), (milk, 1)]),
        1 => buyer.order([(milk, 1), (jam, 2)]),
        _ => buyer.order([(jam, 1), (tea, 2)]),
    });
    let (_, rejected) = outcome(race(orders).await);
    assert!(rejected.iter().all(|rejection| matches!(rejection, Rejection::InsufficientStock { .. })), "{rejected:?}");
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_gets_one_coupon_however_often_it_is_asked_for_at_once() {
    let shop = Shop::open().await;
    let coupon = shop.campaign(20, fixed(3_000)).await;
    let alice = shop.customer("alice");
    let (done, rejected) = outcome(race((0..32).map(|_| alice.issue(coupon))).await);
    assert_eq!((done, rejected.len()), (1, 31));
    assert!(
        rejected.iter().all(|rejection| matches!(rejection, Rejection::CouponAlreadyIssued { .. })),
        "{rejected:?}"
    );
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_coupon_is_used_by_one_of_many_orders() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(5_000, 50).await, shop.campaign(1, fixed(3_000)).await);
    let alice = shop.customer("alice").with_balance(100_000).await.with_coupon(coupon).await;
    let (done, rejected) = outcome(race((0..32).map(|_| alice.order([(tea, 1)]).with(coupon))).await);
    assert_eq!((done, rejected), (1, vec![Rejection::CouponUsed; 31]));
    assert_eq!(alice.balance().await, 98_000);
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_with_one_key_and_different_carts_are_one_order_and_rejections() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 99).await;
    let alice = shop.customer("alice").with_balance(100_000).await;
    let results = race((1..=16).map(|units| alice.order([(tea, units)]).key("k"))).await;
    assert_eq!(outcome(results), (1, vec![Rejection::IdempotencyKeyReused; 15]));
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_orders_of_one_user_never_overdraw_the_balance() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 99).await;
    let alice = shop.customer("alice").with_balance(10_500).await;
    let (done, rejected) = outcome(race((0..32).map(|_| alice.order([(tea, 1)]))).await);
    assert_eq!((done, rejected.len(), alice.balance().await), (10, 22, 500));
    assert!(
        rejected.iter().all(|rejection| matches!(rejection, Rejection::InsufficientBalance { .. })),
        "{rejected:?}"
    );
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deposits_at_once_never_pass_the_limit() {
    let shop = Shop::open().await;
    let alice = shop.customer("alice").with_balance(9_000_000).await;
    let (done, rejected) = outcome(race((0..32).map(|_| alice.deposit(100_000))).await);
    assert_eq!((done, rejected.len(), alice.balance().await), (10, 22, 10_000_000));
    assert!(
        rejected.iter().all(|rejection| matches!(rejection, Rejection::BalanceLimitExceeded { .. })),
        "{rejected:?}"
    );
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deposits_and_orders_of_one_user_at_once_all_count() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 99).await;
    let alice = shop.customer("alice").with_balance(50_000).await;
    let deposits = race((0..16).map(|_| alice.deposit(100)));
    let orders = race((0..16).map(|_| alice.order([(tea, 1)])));
    let (deposits, orders) = tokio::join!(deposits, orders);
    assert_eq!((outcome(deposits).0, outcome(orders).0), (16, 16));
    assert_eq!(alice.balance().await, 50_000 + 16 * 100 - 16 * 1_000);
    assert_eq!(alice.ledger().await.len(), 33);
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_given_back_once_however_often_it_is_cancelled_at_once() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(5_000, 9).await, shop.campaign(1, fixed(3_000)).await);
    let alice = shop.customer("alice").with_balance(10_000).await.with_coupon(coupon).await;
    let order = alice.order([(tea, 1)]).with(coupon).done().await;
    let (done, rejected) = outcome(race((0..32).map(|_| alice.cancel(&order))).await);
    assert_eq!((done, rejected), (1, vec![Rejection::OrderAlreadyCancelled; 31]));
    assert_eq!((alice.balance().await, shop.stock(tea).await), (10_000, 9));
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_copies_of_a_cancellation_have_one_effect_and_answer() {
    let shop = Shop::open().await;
    let tea = shop.product(5_000, 9).await;
    let alice = shop.customer("alice").with_balance(10_000).await;
    let order = alice.order([(tea, 1)]).done().await;
    let cancellation = alice.cancel(&order);
    let answer = one_effect::<sijang_testkit::shop::Cancellation>(race((0..64).map(|_| cancellation.again())).await);
    assert_eq!(alice.orders().await, [answer]);
    assert_eq!((alice.balance().await, shop.stock(tea).await), (10_000, 9));
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancellations_orders_and_deposits_of_one_user_at_once_all_count() {
    let shop = Shop::open().await;
    let (tea, coupon) = (shop.product(1_000, 10).await, shop.campaign(1, fixed(500)).await);
    let alice = shop.customer("alice").with_balance(9_500).await.with_coupon(coupon).await;
    let mut orders = vec![alice.order([(tea, 1)]).with(coupon).done().await];
    for _ in 1..10 {
        orders.push(alice.order([(tea, 1)]).done().await);
    }
    let cancellations = race(orders.iter().map(|order| alice.cancel(order)));
    let others = race((0..20).map(|_| alice.order([(tea, 1)]).with(coupon)));
    let deposits = race((0..5).map(|_| alice.deposit(100)));
    let (cancellations, others, deposits) = tokio::join!(cancellations, others, deposits);
    assert_eq!((outcome(cancellations).0, outcome(deposits).0), (10, 5));
    assert!(outcome(others).0 <= 1, "one coupon paid for several orders");
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_changes_during_a_rush_is_charged_as_it_was_at_each_sale() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 99).await;
    let buyers = shop.customers(40, 5_000).await;
    let orders = race(buyers.iter().map(|buyer| buyer.order([(tea, 1)])));
    let prices = race([1_100, 1_200, 1_300].map(|price| shop.reprice(tea, price)));
    let (orders, prices) = tokio::join!(orders, prices);
    assert_eq!((outcome(orders).0, outcome(prices).0), (40, 3));
    shop.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_taken_by_an_administrator_during_a_rush_is_not_sold() {
    let shop = Shop::open().await;
    let tea = shop.product(1_000, 30).await;
    let buyers = shop.customers(40, 5_000).await;
    let orders = race(buyers.iter().map(|buyer| buyer.order([(tea, 1)])));
    let adjustments = race([-5, 3, -4].map(|delta| shop.adjust(tea, delta)));
    let (orders, adjustments) = tokio::join!(orders, adjustments);
    outcome(orders);
    outcome(adjustments);
    shop.check().await;
}
