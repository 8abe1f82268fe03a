//! Chaos: customers at once, random commands, random faults, against a model of what each customer can have.
//!
//! A customer does one thing after the other, so that the model knows the balance exactly, but for what was never
//! answered: that happened or did not, and every later answer must fit one of the two. `./local/shop chaos` runs many seeds;
//! a seed fixes the commands and the faults, but not how the customers' calls interleave.

use std::{
    env,
    io::Write,
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use fastrand::Rng;
use futures::future::join_all;
use sijang_cloud::faults::{Fault, Injection, Plan};
use sijang_domain::{
    Cart, Command, CouponId, Deposit, Error, Fingerprint, IdempotencyKey, Order, ProductId, Rejection, RequestTime,
    ShardCount, UserId,
};
use sijang_testkit::{
    invariants::violations_once_ranked,
    pipeline::{Stage, deliver_pending},
    services::{Clients, Services},
    shop::{Shop, after, at, cancellation_period, fixed, limits, name, request_id},
    snapshot::Snapshot,
};

use crate::in_process::scenario::Task;

const CUSTOMERS: u64 = 5;
const COMMANDS: i64 = 12;
const COUPONS: u32 = 3;
const PRICES: [i64; 3] = [1_000, 700, 300];
const OFF: i64 = 500;
const MOST_SHARDS: i64 = 5;
/// Calls of a thousand that get a fault.
const FAULTS_PER_MILLE: u64 = 150;
const TRIES: u32 = 5;

fn faults() -> Vec<Injection> {
    let plain = [
        Fault::InternalError,
        Fault::Throttled,
        Fault::ThroughputExceeded,
        Fault::InProgress,
        Fault::Conflict,
        Fault::ConflictAndCondition,
        Fault::CancelledByThrottling,
        Fault::Reset,
        Fault::Delay(Duration::from_millis(5)),
        Fault::Hang,
        Fault::ReplyDropped,
        Fault::ReplyHung,
        Fault::Twice,
        Fault::HalfBatch,
        Fault::Stale,
    ];
    let forgotten = [Fault::Twice, Fault::ReplyDropped, Fault::None].map(Fault::without_token);
    plain.into_iter().map(Injection::from).chain(forgotten).collect()
}

/// The shop, as all customers know it.
#[derive(Clone)]
struct Place {
    services: Arc<Services>,
    products: Vec<ProductId>,
    coupon: CouponId,
}

/// A customer, and what the model knows.
struct Customer {
    place: Place,
    user: UserId,
    rng: Rng,
    /// The day of the commands, from the day on which the tests take place, and how many were sent.
    day: i64,
    sent: i64,
    /// The balance by what was answered.
    balance: i64,
    /// Requests that were never answered: each of these is in the balance, or is not.
    unknown: Vec<i64>,
    live: Vec<Order>,
    holds_coupon: bool,
    coupon_in_doubt: bool,
    saw_sold_out: bool,
}

impl Customer {
    /// Whether the balance can be this.
    fn can_have(&self, balance: i64) -> bool {
        let sums = self
            .unknown
            .iter()
            .fold(vec![self.balance], |sums, one| sums.iter().flat_map(|sum| [*sum, sum + one]).collect());
        sums.contains(&balance)
    }

    /// Sends a command until it is answered, or until the customer has enough of it.
    async fn ask<T>(
        &mut self,
        operation: &'static str,
        fingerprint: Fingerprint,
        send: impl Fn(Clients, Command) -> Task<Result<T, Error>>,
    ) -> Result<Option<Result<T, Rejection>>, String> {
        self.sent += 1;
        let key = IdempotencyKey::parse(&format!("key-{}", self.sent)).unwrap();
        for _ in 0..TRIES {
            let now = after(at("2026-11-21T03:00:00Z"), self.day * 86_400 + self.sent * 60);
            let time = RequestTime { now, deadline: Instant::now() + Duration::from_millis(1_500) };
            let (user, key) = (self.user.clone(), key.clone());
            let reason = Some(name("chaos"));
            let command =
                Command { user, operation, key, fingerprint, time, request_id: request_id(), trace: None, reason };
            let clients = self.place.services.clients(Duration::from_millis(400));
            let killed = Duration::from_millis(if self.rng.u8(..) < 25 { self.rng.u64(1..40) } else { 30_000 });
            match tokio::time::timeout(killed, send(clients, command)).await {
                Ok(Ok(value)) => return Ok(Some(Ok(value))),
                Ok(Err(Error::Rejected(rejection) | Error::ReplayedRejection { rejection, .. })) => {
                    return Ok(Some(Err(rejection)));
                }
                Ok(Err(Error::Internal(error))) => return Err(format!("{operation}: {error}")),
                Ok(Err(Error::Busy(_))) | Err(_) if self.rng.u8(..) < 40 => return Ok(None),
                Ok(Err(Error::Busy(_))) | Err(_) => {}
            }
        }
        Ok(None)
    }

    async fn go(mut self) -> Result<Self, String> {
        let name = self.user.to_string();
        let failed = |what: String| format!("{name}: {what}");
        self.deposit(20_000).await.map_err(failed)?;
        for _ in 0..COMMANDS {
            let step = match self.rng.u8(0..10) {
                0..=1 => {
                    let amount = self.rng.i64(1..30) * 100;
                    self.deposit(amount).await
                }
                2 if !self.holds_coupon && !self.coupon_in_doubt && !self.saw_sold_out => self.issue().await,
                3..=4 if !self.live.is_empty() => self.cancel().await,
                5 => self.reshard().await,
                _ => self.order().await,
            };
            step.map_err(failed)?;
        }
        Ok(self)
    }

    async fn deposit(&mut self, amount: i64) -> Result<(), String> {
        let deposit = Deposit::new(amount, &limits()).unwrap();
        let send = move |clients: Clients, command: Command| -> Task<_> {
            Box::pin(async move { clients.store.deposit(&command, deposit, &limits()).await })
        };
        match self.ask("deposit-balance", Fingerprint::of(&deposit), send).await? {
            Some(Ok(answer)) => {
                let answer: serde_json::Value = serde_json::from_str(answer.value.as_str()).unwrap();
                let after = answer["balance"]["amount"].as_i64().unwrap();
                self.balance += amount;
                if self.can_have(after) { Ok(()) } else { Err(format!("{after} after a deposit, {}", self.state())) }
            }
            Some(Err(rejection)) => Err(format!("a deposit of {amount} was rejected: {rejection:?}")),
            None => {
                self.unknown.push(amount);
                Ok(())
            }
        }
    }

    async fn issue(&mut self) -> Result<(), String> {
        let coupon = self.place.coupon;
        let send = move |clients: Clients, command: Command| -> Task<_> {
            Box::pin(async move {
                clients.store.issue_coupon(&command.user, coupon, Some(&command.key), command.time).await
            })
        };
        match self.ask("issue-coupon", Fingerprint::of(&()), send).await? {
            Some(Ok(_)) => self.holds_coupon = true,
            Some(Err(Rejection::CouponSoldOut)) => self.saw_sold_out = true,
            Some(Err(rejection)) => return Err(format!("no coupon: {rejection:?}")),
            None => self.coupon_in_doubt = true,
        }
        Ok(())
    }

    async fn order(&mut self) -> Result<(), String> {
        let mut lines = Vec::new();
        for (product, price) in self.place.products.clone().into_iter().zip(PRICES) {
            if lines.is_empty() || self.rng.bool() {
                lines.push((product, self.rng.i64(1..=3), price));
            }
        }
        let coupon = (self.holds_coupon && self.rng.bool()).then_some(self.place.coupon);
        let list: i64 = lines.iter().map(|(_, units, price)| units * price).sum();
        let price = if coupon.is_some() { (list - OFF).max(0) } else { list };
        let cart = Cart::new(lines.iter().map(|(product, units, _)| (*product, *units, None))).unwrap();
        let fingerprint = Fingerprint::of(&(&cart, coupon));
        let send = move |clients: Clients, command: Command| -> Task<_> {
            let cart = cart.clone();
            Box::pin(async move { clients.store.place_order(&command, &cart, coupon).await })
        };
        match self.ask("place-order", fingerprint, send).await? {
            Some(Ok(order)) => {
                self.balance -= price;
                if order.value.paid_price.minor() != price {
                    return Err(format!("{price} was due for {:?}", order.value));
                }
                self.spend(coupon);
                self.live.push(order.value);
                Ok(())
            }
            Some(Err(Rejection::InsufficientBalance { balance, required }))
                if balance < required && required.minor() == price && self.can_have(balance.minor()) =>
            {
                Ok(())
            }
            Some(Err(Rejection::InsufficientStock { shortages }))
                if shortages.iter().all(|short| short.available < short.requested) =>
            {
                Ok(())
            }
            Some(Err(rejection)) => Err(format!("an order for {price} was rejected: {rejection:?}, {}", self.state())),
            None => {
                self.unknown.push(-price);
                self.spend(coupon);
                Ok(())
            }
        }
    }

    fn spend(&mut self, coupon: Option<CouponId>) {
        if coupon.is_some() {
            // Whether a cancellation gives it back is left to the audit.
            (self.holds_coupon, self.coupon_in_doubt) = (false, true);
        }
    }

    async fn cancel(&mut self) -> Result<(), String> {
        let order = self.live.swap_remove(self.rng.usize(..self.live.len()));
        let (order_id, paid) = (order.order_id, order.paid_price.minor());
        let send = move |clients: Clients, command: Command| -> Task<_> {
            Box::pin(async move { clients.store.cancel_order(&command, order_id, cancellation_period()).await })
        };
        match self.ask("cancel-order", Fingerprint::of(&order_id), send).await? {
            Some(Ok(_)) => self.balance += paid,
            Some(Err(rejection)) => return Err(format!("{order_id} was not cancelled: {rejection:?}")),
            None => self.unknown.push(paid),
        }
        Ok(())
    }

    /// Commands of an administrator meanwhile: no customer notices them.
    async fn reshard(&mut self) -> Result<(), String> {
        let (of_coupon, product) = (self.rng.u8(..) < 64, self.place.products[self.rng.usize(..PRICES.len())]);
        let (coupon, shards) = (self.place.coupon, ShardCount::new(self.rng.i64(1..=MOST_SHARDS)).unwrap());
        let send = move |clients: Clients, command: Command| -> Task<_> {
            Box::pin(async move {
                if of_coupon {
                    clients.store.reshard_coupon(&command, coupon, shards).await
                } else {
                    clients.store.reshard_stock(&command, product, shards).await
                }
            })
        };
        let operation = if of_coupon { "reshard-coupon" } else { "reshard-stock" };
        match self.ask(operation, Fingerprint::of(&(product, shards)), send).await? {
            Some(Ok(_)) | None => Ok(()),
            Some(Err(rejection)) => Err(format!("not resharded: {rejection:?}")),
        }
    }

    fn state(&self) -> String {
        format!("the model has {} and perhaps {:?}", self.balance, self.unknown)
    }

    /// Every answered request took effect; one that was never answered did or did not.
    async fn settled(&self) -> Result<(), String> {
        let store = self.place.services.direct_clients().store;
        let balance = store.balance(&self.user).await.unwrap().minor();
        if !self.can_have(balance) {
            return Err(format!("{} ends with {balance}, {}", self.user, self.state()));
        }
        for order in &self.live {
            if store.order(&self.user, order.order_id).await.ok().as_ref() != Some(order) {
                return Err(format!("{} was answered and is not so: {order:?}", order.order_id));
            }
        }
        Ok(())
    }
}

/// The shop after the commands of a seed, and the model of each customer.
pub struct Aftermath {
    pub services: Arc<Services>,
    customers: Vec<Customer>,
    /// The calls that were made, and those that got a fault.
    calls: (usize, usize),
}

impl Aftermath {
    /// Lets the customers of a seed give their commands, all at once and under faults.
    pub async fn of(seed: u64) -> Result<Self, String> {
        let shop = Shop::open().await;
        let mut products = Vec::new();
        for (price, shards) in PRICES.into_iter().zip(1..) {
            products.push(shop.split_product(price, 40, shards).await);
        }
        let coupon = shop.split_campaign(COUPONS, fixed(OFF), 2).await;
        let services = Arc::new(Services::new().await);
        let empty = Snapshot::of(&services.database).await;
        services.reset(&empty, &shop.snapshot().await, &[]).await;
        let place = Place { services: Arc::clone(&services), products, coupon };

        services.faults.plan(Plan::seeded(seed, FAULTS_PER_MILLE, faults()));
        let customers = (0..CUSTOMERS).map(|number| Customer {
            place: place.clone(),
            user: UserId::parse(&format!("customer-{number}")).unwrap(),
            rng: Rng::with_seed(seed * CUSTOMERS + number),
            day: 0,
            sent: 0,
            balance: 0,
            unknown: Vec::new(),
            live: Vec::new(),
            holds_coupon: false,
            coupon_in_doubt: false,
            saw_sold_out: false,
        });
        let customers = join_all(customers.map(|customer| tokio::spawn(customer.go()))).await;
        let calls = services.faults.calls();
        services.faults.plan(Plan::none());
        let customers = customers.into_iter().map(|customer| customer.map_err(|panic| panic.to_string())?);
        let faulty = calls.iter().filter(|call| call.fault != Fault::None).count();
        Ok(Self { services, customers: customers.collect::<Result<_, _>>()?, calls: (calls.len(), faulty) })
    }

    /// Each customer who has an order cancels one, so many days later and without faults.
    pub async fn cancel_later(&mut self, days: i64) -> Result<usize, String> {
        let mut cancelled = 0;
        for customer in self.customers.iter_mut().filter(|customer| !customer.live.is_empty()) {
            customer.day = days;
            customer.cancel().await?;
            cancelled += 1;
        }
        Ok(cancelled)
    }

    /// Each customer's balance and orders are those that the model allows.
    pub async fn agrees_with(&self, shop: &Snapshot) -> Result<(), String> {
        let issued = u32::try_from(shop.items("user-coupons").count()).unwrap();
        for customer in &self.customers {
            customer.settled().await?;
            if customer.saw_sold_out && issued < COUPONS {
                return Err(format!("sold out, and yet only {issued} coupons were issued"));
            }
        }
        Ok(())
    }
}

/// Figures of a seed: the calls that were made, and those that got a fault.
async fn run(seed: u64) -> Result<(usize, usize), String> {
    let aftermath = Aftermath::of(seed).await?;
    let delivered = deliver_pending(&aftermath.services, Stage::InStream).await;
    let shop = delivered.map_err(|error| format!("not drained: {error}"))?;
    let violations = violations_once_ranked(&shop);
    if !violations.is_empty() {
        return Err(format!("invariants are violated: {violations:?}"));
    }
    aftermath.agrees_with(&shop).await?;
    Ok(aftermath.calls)
}

/// The seeds of `SIJANG_SEEDS=0..100`.
pub fn seeds(by_default: Range<u64>) -> Range<u64> {
    let Ok(seeds) = env::var("SIJANG_SEEDS") else { return by_default };
    let (first, end) = seeds.split_once("..").unwrap();
    first.parse().unwrap()..end.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_that_the_model_allows_whatever_happens() {
    let minutes = env::var("SIJANG_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    let (began, (mut done, mut calls, mut faulty)) = (Instant::now(), (0, 0, 0));
    for seed in seeds(0..3) {
        if minutes.is_some_and(|minutes| began.elapsed() > Duration::from_mins(minutes)) {
            break;
        }
        let result = run(seed).await;
        let (made, met) = result
            .unwrap_or_else(|what| panic!("seed {seed}: {what}\nagain: ./local/shop chaos --from {seed} --seeds 1"));
        (done, calls, faulty) = (done + 1, calls + made, faulty + met);
        if done % 20 == 0 {
            progress(done, calls, faulty);
        }
    }
    progress(done, calls, faulty);
}

/// Straight to the terminal: it is to be seen while it happens.
fn progress(seeds: u64, calls: usize, faulty: usize) {
    let line = format!("chaos: {seeds} seeds, {calls} calls, {faulty} of them with a fault, 0 violations\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
