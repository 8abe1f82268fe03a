//! The big races, round after round: as many effects as there can be, in every round.
//!
//! With `SIJANG_ROUNDS=50` it is fifty rounds, with a thousand customers; without, one round and a tenth of them.
//! Each test prints what its races came to.

use std::{
    env,
    io::{self, Write},
    time::Instant,
};

use futures::{StreamExt, stream};
use sijang_domain::{CampaignDraft, Error, Idempotent, Rejection};
use sijang_testkit::shop::{Purchase, Request, Shop, ShopCommand, at, fixed, race, welcome};

use crate::races::{one_effect, outcome};

/// Requests under way at once: each takes two of the files that a process may usually have open, 1,024.
const AT_ONCE: usize = 250;
/// Racers with one idempotency key.
const RACERS: usize = 64;

/// The rounds of a race, counted and timed.
struct Rounds {
    began: Instant,
    count: usize,
    /// So many want what is enough for a tenth of them.
    customers: usize,
}

impl Rounds {
    fn begin() -> Self {
        let (count, customers) = match env::var("SIJANG_ROUNDS") {
            Ok(rounds) => (rounds.parse().unwrap(), 1_000),
            Err(_) => (1, 100),
        };
        Self { began: Instant::now(), count, customers }
    }

    fn enough_for(&self) -> usize {
        self.customers / 10
    }

    /// Straight to the terminal: it is to be seen when the test passes, too.
    fn report(&self, race: &str, requests: usize, effects: usize) {
        let (count, seconds) = (self.count, self.began.elapsed().as_secs());
        let (requests, effects) = (requests * count, effects * count);
        let line = format!(
            "{race}: {count} rounds, {requests} requests, {effects} effects, exact in each round, {seconds} s\n"
        );
        let _ = io::stderr().write_all(line.as_bytes());
    }
}

/// All customers at once.
async fn rush<A: ShopCommand>(requests: Vec<Request<A>>) -> Vec<Result<Idempotent<A::Value>, Error>> {
    let sent = stream::iter(requests).map(|request| tokio::spawn(request.into_future()));
    sent.buffer_unordered(AT_ONCE).map(Result::unwrap).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn many_buyers_get_exactly_the_units_in_stock() {
    let rounds = Rounds::begin();
    let (customers, units) = (rounds.customers, rounds.enough_for());
    let shop = Shop::open().await;
    let buyers: Vec<_> = (0..customers).map(|number| shop.customer(&format!("buyer-{number}"))).collect();
    for deposit in rush(buyers.iter().map(|buyer| buyer.deposit(1_000_000)).collect()).await {
        deposit.unwrap();
    }
    for _ in 0..rounds.count {
        let tea = shop.product(100, i64::try_from(units).unwrap()).await;
        let (done, rejected) = outcome(rush(buyers.iter().map(|buyer| buyer.order([(tea, 1)])).collect()).await);
        assert_eq!((done, rejected.len(), shop.stock(tea).await), (units, customers - units, 0));
        let sold_out = |rejection: &Rejection| matches!(rejection, Rejection::InsufficientStock { shortages } if shortages[0].available == 0);
        assert!(rejected.iter().all(sold_out), "{rejected:?}");
    }
    shop.check().await;
    rounds.report(&format!("{customers} buyers of {units} units"), customers, units);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_users_get_exactly_the_coupons_of_the_campaign() {
    let rounds = Rounds::begin();
    let (customers, coupons) = (rounds.customers, rounds.enough_for());
    let shop = Shop::open().await;
    let users: Vec<_> = (0..customers).map(|number| shop.customer(&format!("user-{number}"))).collect();
    for round in 1..=rounds.count {
        // Open for longer than the test's clock takes, a second for each request.
        let total = u32::try_from(coupons).unwrap();
        let coupon =
            shop.campaign_of(CampaignDraft { total, closes_at: at("2026-12-20T15:00:00Z"), ..welcome() }).await;
        let (done, rejected) = outcome(rush(users.iter().map(|user| user.issue(coupon)).collect()).await);
        assert_eq!((done, rejected.len()), (coupons, customers - coupons));
        assert_eq!(rejected.iter().find(|rejection| **rejection != Rejection::CouponSoldOut), None, "in round {round}");
        assert_eq!(shop.snapshot().await.items("user-coupons").count(), round * coupons);
    }
    shop.check().await;
    rounds.report(&format!("{customers} users of {coupons} coupons"), customers, coupons);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_racers_with_one_key_are_one_order_and_get_the_same_answer() {
    let rounds = Rounds::begin();
    let shop = Shop::open().await;
    for round in 0..rounds.count {
        let (tea, coupon) = (shop.product(5_000, 50).await, shop.campaign(1, fixed(3_000)).await);
        let alice = shop.customer(&format!("alice-{round}")).with_balance(100_000).await.with_coupon(coupon).await;
        let order = alice.order([(tea, 2)]).with(coupon);
        // Half of them in other environments, with an empty cache.
        let racer = |number: usize| match number % 2 {
            0 => order.clone(),
            _ => order.again().in_environment_of(&shop.another_environment()),
        };
        let winner = one_effect::<Purchase>(race((0..RACERS).map(racer)).await);
        assert_eq!(alice.orders().await, [winner]);
        assert_eq!((shop.stock(tea).await, alice.balance().await), (48, 93_000));
    }
    shop.check().await;
    rounds.report("64 racers with the key of one order", RACERS, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_racers_with_one_key_are_one_deposit_and_get_the_same_answer() {
    let rounds = Rounds::begin();
    let shop = Shop::open().await;
    for round in 0..rounds.count {
        let alice = shop.customer(&format!("alice-{round}"));
        let deposit = alice.deposit(50_000);
        one_effect::<sijang_domain::Deposit>(race((0..RACERS).map(|_| deposit.again())).await);
        assert_eq!((alice.balance().await, alice.ledger().await.len()), (50_000, 1));
    }
    shop.check().await;
    rounds.report("64 racers with the key of one deposit", RACERS, 1);
}
