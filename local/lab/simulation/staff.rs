//! Staff at work during a sale: prices, status, deliveries, numbers of shards, the end of a campaign, while orders
//! arrive at a steady rate and viewers look at the page.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use sijang_domain::{
    Cart, Command, CouponId, Error, IdempotencyKey, Money, ProductId, ProductPatch, ProductStatus, Rejection,
    ShardCount,
};
use sijang_storage::Store;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    assumptions::Cloud,
    buyer::customer,
    connector::store,
    dynamo::Engine,
    gateway::Gateway,
    shop::{Goods, Kind, PRICE, admit_customers, command, offer, reshard},
    sweep::option,
    virtual_time::{in_virtual_time, violations},
};

const UNITS: u32 = 100_000;
/// How long the orders arrive.
const LENGTH: Duration = Duration::from_secs(12);
/// Environments that take orders, each one order after the other.
const ENVIRONMENTS: usize = 60;

/// A steady sale with staff at work.
struct Shift {
    engine: Engine,
    goods: Goods,
    accepted: Mutex<Vec<(Instant, i64)>>,
    /// All other answers to buyers.
    rejected: Mutex<Vec<(Instant, Rejection)>>,
}

/// A command of staff, and how long it took.
type Done = (&'static str, Duration);

impl Shift {
    fn product(&self) -> ProductId {
        let Goods::Product(product) = self.goods else { panic!("a campaign") };
        product
    }

    /// Orders one unit, or a coupon, for a customer of this number.
    async fn buy(&self, store: &Store, number: usize) {
        let command = Command {
            user: customer(number),
            key: IdempotencyKey::parse(&format!("key-{number}")).unwrap(),
            operation: "place-order",
            ..command(&self.engine, "unused")
        };
        let answer = match self.goods {
            Goods::Product(product) => {
                let cart = Cart::new(vec![(product, 1, None)]).unwrap();
                Box::pin(store.place_order(&command, &cart, None)).await.map(|order| order.value.paid_price.minor())
            }
            Goods::Campaign(coupon) => {
                Box::pin(store.issue_coupon(&command.user, coupon, Some(&command.key), command.time)).await.map(|_| 0)
            }
        };
        match answer {
            Ok(price) => self.accepted.lock().unwrap().push((Instant::now(), price)),
            Err(Error::Rejected(rejection)) => self.rejected.lock().unwrap().push((Instant::now(), rejection)),
            Err(Error::Busy(_)) => {}
            Err(other) => panic!("customer {number} was told: {other}"),
        }
    }

    /// Orders that come at this rate, for `LENGTH`. Whoever finds no environment is turned away.
    async fn sell(self: Arc<Self>, rate: u32) {
        let idle = Arc::new(Mutex::new((0..ENVIRONMENTS).map(|_| store(&self.engine)).collect::<Vec<_>>()));
        let mut buyers = JoinSet::new();
        let began = Instant::now();
        for number in 0_u32.. {
            let at = Duration::from_secs(number.into()) / rate;
            if at > LENGTH {
                break;
            }
            sleep((began + at).saturating_duration_since(Instant::now())).await;
            let Some(environment) = idle.lock().unwrap().pop() else { continue };
            let (shift, idle) = (Arc::clone(&self), Arc::clone(&idle));
            buyers.spawn(async move {
                shift.buy(&environment, usize::try_from(number).unwrap()).await;
                idle.lock().unwrap().push(environment);
            });
        }
        buyers.join_all().await;
    }

    /// Every command of staff on a product, one after the other, each from a new environment.
    async fn work(&self, shards: ShardCount) -> Vec<Done> {
        let product = self.product();
        let patch = |price: Option<i64>, status| ProductPatch {
            price: price.map(|price| Money::new(price).unwrap()),
            status,
            ..ProductPatch::default()
        };
        let mut done = Vec::new();
        let fewer = ShardCount::new((i64::from(shards.get()) / 2).max(1)).unwrap();
        for (number, name) in
            ["price", "delivery", "reshard", "reshard back", "off sale", "on sale"].into_iter().enumerate()
        {
            sleep(Duration::from_millis(1_500)).await;
            let (store, began) = (store(&self.engine), Instant::now());
            let command = command(&self.engine, &format!("staff-{number}"));
            let answer = match name {
                "price" => store.update_product(&command, product, &patch(Some(PRICE - 1_000), None)).await,
                "delivery" => store.adjust_stock(&command, product, 5_000).await,
                "reshard" => store.reshard_stock(&command, product, fewer).await,
                "reshard back" => store.reshard_stock(&command, product, shards).await,
                "off sale" => {
                    store.update_product(&command, product, &patch(None, Some(ProductStatus::Inactive))).await
                }
                _ => store.update_product(&command, product, &patch(None, Some(ProductStatus::Active))).await,
            };
            answer.unwrap_or_else(|error| panic!("{name}, {} shards: {error}", shards.get()));
            done.push((name, began.elapsed()));
            self.is_in_force(name).await;
        }
        done
    }

    /// Waits for orders that were under way, and asserts that none was accepted since under what was there before.
    async fn is_in_force(&self, name: &str) {
        let answered = Instant::now();
        sleep(Duration::from_millis(400)).await;
        // An order that was accepted before the command's end may be answered a moment after it.
        let late = answered + Duration::from_millis(100);
        let accepted = self.accepted.lock().unwrap();
        let since: Vec<i64> = accepted.iter().filter(|(at, _)| *at > late).map(|(_, price)| *price).collect();
        match name {
            "off sale" => assert_eq!(since, Vec::<i64>::new(), "sold while it was off sale"),
            _ => assert!(since.iter().all(|price| *price == PRICE - 1_000), "an old price after {name}"),
        }
    }
}

async fn open(kind: Kind, shards: ShardCount, rate: u32, seed: u64) -> Arc<Shift> {
    let engine = Engine::new(&Cloud::default(), seed);
    let goods = offer(&engine, kind, UNITS, shards).await;
    if kind == Kind::Orders {
        let buyers = usize::try_from(rate).unwrap() * usize::try_from(LENGTH.as_secs() + 1).unwrap();
        admit_customers(&engine, buyers).await;
    }
    sleep(Duration::from_mins(1)).await;
    Arc::new(Shift { engine, goods, accepted: Mutex::default(), rejected: Mutex::default() })
}

/// How long each command took at a rate of orders.
fn shift(shards: i64, rate: u32, seed: u64) -> Vec<Done> {
    let shards = ShardCount::new(shards).unwrap();
    in_virtual_time(seed, async {
        let shift = open(Kind::Orders, shards, rate, seed).await;
        let sale = tokio::spawn(Arc::clone(&shift).sell(rate));
        let done = shift.work(shards).await;
        sale.await.unwrap();
        sleep(Duration::from_secs(30)).await;
        assert_eq!(violations(&shift.engine), Vec::<String>::new(), "{} shards, {rate} orders/s", shards.get());
        let rejected = shift.rejected.lock().unwrap();
        let others: BTreeSet<String> = rejected
            .iter()
            .filter(|(_, rejection)| !matches!(rejection, Rejection::ProductInactive { .. }))
            .map(|(_, rejection)| rejection.to_string())
            .collect();
        assert_eq!(others, BTreeSet::new(), "there were units all the time, and nobody quoted a price");
        assert!(!shift.accepted.lock().unwrap().is_empty());
        done
    })
}

/// The whole table, up to 500 orders a second: `./local/shop simulate --staff`. A command is in force in all shards
/// when it is answered.
#[test]
fn staff_commands_are_in_force_within_a_second_while_the_shop_sells() {
    let rates = option("RATES", "100".to_owned());
    let mut table = String::from("| shards | orders/s | price | delivery | reshard | back | off sale | on sale |\n");
    for shards in [1, 8, 96] {
        for rate in rates.split(',').map(|rate| rate.parse().unwrap()) {
            let done = shift(shards, rate, 7);
            let cells: Vec<String> = done.iter().map(|(_, took)| format!("{} ms", took.as_millis())).collect();
            writeln!(table, "| {shards} | {rate} | {} |", cells.join(" | ")).unwrap();
            for (name, took) in done {
                assert!(took < Duration::from_secs(1), "{name}, {shards} shards, {rate} orders/s: {took:?}\n{table}");
            }
        }
    }
    eprintln!("{table}");
}

#[test]
fn ended_campaign_issues_nothing_more_a_second_after_the_command() {
    for shards in [1, 96] {
        in_virtual_time(3, async {
            let shift = open(Kind::Coupons, ShardCount::new(shards).unwrap(), 200, 3).await;
            let Goods::Campaign(coupon) = shift.goods else { panic!("a product") };
            let sale = tokio::spawn(Arc::clone(&shift).sell(200));
            sleep(Duration::from_secs(2)).await;
            let store = store(&shift.engine);
            assert!(reshard(&shift.engine, &store, shift.goods, ShardCount::new(4).unwrap()).await);
            let began = Instant::now();
            end(&shift, &store, coupon).await;
            assert!(began.elapsed() < Duration::from_secs(1), "{shards} shards: {:?}", began.elapsed());
            let late = Instant::now() + Duration::from_millis(100);
            sale.await.unwrap();
            let accepted = shift.accepted.lock().unwrap();
            assert!(!accepted.is_empty() && accepted.iter().all(|(at, _)| *at < late), "issued after the end");
            let rejected = shift.rejected.lock().unwrap();
            assert!(rejected.iter().all(|(_, rejection)| matches!(rejection, Rejection::CouponClosed { .. })));
            assert!(!rejected.is_empty());
            assert_eq!(violations(&shift.engine), Vec::<String>::new());
        });
    }
}

async fn end(shift: &Shift, store: &Store, coupon: CouponId) {
    store.end_campaign(&command(&shift.engine, "end"), coupon).await.unwrap();
}

#[test]
fn view_of_96_shards_costs_less_than_a_read_unit_on_the_average_of_a_rush() {
    let (viewers, per_second) = (option("VIEWERS", 20_000_u32), 2_000);
    in_virtual_time(5, async {
        let shift = open(Kind::Orders, ShardCount::ALL, 1, 5).await;
        let cloud = Cloud::default();
        let gateway = Arc::new(Gateway::new(&cloud, &shift.engine, 9));
        shift.engine.usage(super::usage::Usage::open_doors);
        let mut viewing = JoinSet::new();
        for number in 0..viewers {
            let (gateway, shift) = (Arc::clone(&gateway), Arc::clone(&shift));
            viewing.spawn(async move {
                sleep(Duration::from_secs(number.into()) / per_second).await;
                let product = shift.product();
                let now = || shift.engine.time();
                gateway.request(async |store| store.product(product, now()).await.unwrap().stock.units()).await
            });
        }
        let seen = viewing.join_all().await;
        let shown = seen.iter().filter(|answer| **answer == Ok(UNITS)).count();
        let (units, throttled) = shift.engine.usage(|usage| (usage.read_units, usage.throttled_reads));
        let a_view = units / f64::from(u32::try_from(shown).unwrap());
        eprintln!("{shown} views, {units} read units: {a_view:.3} a view; {} environments", gateway.environments());
        assert_eq!((shown, throttled), (usize::try_from(viewers).unwrap(), 0));
        assert!(a_view < 1.0, "{a_view} read units a view");
    });
}
