//! The race for the last coupons: through the functions into the store, as fast as it takes them, and through Redis.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use sijang_cloud::progress::Progress;
use sijang_testkit::lambda::runtime_api::RuntimeApi;
use tokio::task::JoinSet;

use crate::{
    candidate::{Candidates, OURS, Operation},
    environment::Environment,
    market::{self, Market},
    redis::Redis,
    report::{Report, Table, thousands},
    usage::load,
};

const COUPONS: usize = 2_000;
const CUSTOMERS: usize = 2 * COUPONS;
/// Environments of issue-coupon.
const ENVIRONMENTS: usize = 4;
/// In Redis, which is too fast for fewer.
const TIMES: usize = 10;

pub async fn measure(candidates: &Candidates, progress: Progress, report: &mut Report) {
    let mut table = Table::new(
        "The race for coupons",
        &[
            "",
            "issued",
            "rejected",
            "requests a second",
            "CPU of the store for a request, us",
            "CPU of the functions, us",
        ],
    );
    let before = load();
    table.row(through_functions(candidates).await);
    progress.say("coupons    through the functions: done");
    match Redis::start(&candidates.folder).await {
        Some(redis) => table.row(through_redis(redis).await),
        None => {
            table.row(["Redis and Lua: SKIPPED, there is no redis-server here", "", "", "", "", ""].map(str::to_owned));
        }
    }
    table.note(format!("twice as many customers as coupons, over {ENVIRONMENTS} environments or connections at once; load {before} to {}", load()));
    table.note(
        "the store is dynoxide, one process with a database in memory: its rate is the machine's, not DynamoDB's",
    );
    table.note("Redis alone keeps no order, no event and no limit but this one, and loses everything when it ends");
    report.add(table);
}

#[allow(clippy::cast_precision_loss)]
async fn through_functions(candidates: &Candidates) -> [String; 6] {
    let (market, api) = (Market::open().await, RuntimeApi::start().await.unwrap());
    let coupon = market::campaign(&market.shop, COUPONS.try_into().unwrap()).await;
    let variables = market.variables(&market.store.endpoint);
    let candidate = candidates.by_name(OURS, Operation::IssueCoupon);
    let mut environments = Vec::new();
    for _ in 0..ENVIRONMENTS {
        environments.push(Environment::start(candidate, &api, &variables, &[]).await);
    }
    let functions = |environments: &[Environment]| environments.iter().map(|one| one.usage().cpu).sum::<f64>();
    let (store, used, began) = (market.store.cpu(), functions(&environments), Instant::now());
    let (next, mut tasks) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for mut environment in environments {
        let next = Arc::clone(&next);
        tasks.spawn(async move {
            let mut answers = BTreeMap::<u64, usize>::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= CUSTOMERS {
                    return (environment, answers);
                }
                let (_, status) = environment.invoke(market::issue(coupon, &format!("racer-{number}"))).await;
                *answers.entry(status).or_default() += 1;
            }
        });
    }
    let (mut environments, mut answers) = (Vec::new(), BTreeMap::<u64, usize>::new());
    while let Some(done) = tasks.join_next().await {
        let (environment, statuses) = done.unwrap();
        environments.push(environment);
        for (status, count) in statuses {
            *answers.entry(status).or_default() += count;
        }
    }
    let took = began.elapsed().as_secs_f64();
    let (store, used) = (market.store.cpu() - store, functions(&environments) - used);
    assert_eq!(answers, BTreeMap::from([(201, COUPONS), (409, CUSTOMERS - COUPONS)]), "the race is not exact");
    market.shop.check().await;
    let each = |time: f64| format!("{:.0}", time / CUSTOMERS as f64);
    let rate = thousands(CUSTOMERS as f64 / took);
    [
        "Sijang, invariants checked".to_owned(),
        COUPONS.to_string(),
        (CUSTOMERS - COUPONS).to_string(),
        rate,
        each(store),
        each(used),
    ]
}

#[allow(clippy::cast_precision_loss)]
async fn through_redis(redis: Redis) -> [String; 6] {
    let (coupons, customers) = (COUPONS * TIMES, CUSTOMERS * TIMES);
    let (before, began, mut tasks) = (redis.cpu(), Instant::now(), JoinSet::new());
    for part in 0..ENVIRONMENTS {
        let mut connection = redis.connect().await;
        tasks.spawn(async move {
            let mut issued = 0;
            for number in (part..customers).step_by(ENVIRONMENTS) {
                issued += usize::from(connection.issue(&format!("racer-{number}"), coupons).await == 1);
            }
            issued
        });
    }
    let issued: usize = tasks.join_all().await.into_iter().sum();
    let took = began.elapsed().as_secs_f64();
    assert_eq!(issued, coupons, "the race is not exact");
    let cpu = format!("{:.0}", (redis.cpu() - before) / customers as f64);
    let rate = thousands(customers as f64 / took);
    [redis.version, issued.to_string(), (customers - issued).to_string(), rate, cpu, String::new()]
}
