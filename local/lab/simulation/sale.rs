//! A sale, from the doors' opening to the last answer, and what came of it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use sijang_domain::ShardCount;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    assumptions::Cloud,
    buyer::{PurchaseResult, Sale, Visit, customer},
    chance::Chance,
    connector::store,
    dynamo::{Engine, Mutation},
    edge::Edge,
    gateway::Gateway,
    shop::{Kind, admit_customers, deliver, offer, reshard},
    usage::Usage,
    virtual_time::{in_virtual_time, violations},
};

/// What is to be simulated.
#[derive(Debug, Clone)]
pub struct Plan {
    pub kind: Kind,
    pub buyers: usize,
    pub units: u32,
    pub shards: ShardCount,
    /// How late the buyers are, on the average: their times are exponential.
    pub lateness: Duration,
    /// Into how many shards it is split while it is sold, and when.
    pub reshard: Option<(Duration, ShardCount)>,
    /// How many units more are delivered while it is sold, and when.
    pub delivery: Option<(Duration, u32)>,
    pub cloud: Cloud,
    pub seed: u64,
    pub mutation: Mutation,
    /// Whether it tells how it goes.
    pub loud: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// From the opening until the last unit was certain to be sold; none while there are some.
    pub sold_out_after: Option<Duration>,
    pub sold: usize,
    /// How long the buyers waited for a definite answer, the shortest first.
    pub waits: Vec<Duration>,
    pub gave_up: usize,
    pub false_rejections: usize,
    /// Rejections that were true before the request came, and no longer then.
    pub from_cache: usize,
    /// Of as many buyers as there were units, those who came first: how many got one.
    pub first_served: usize,
    /// The same of those whose requests got to the function first.
    pub admitted_served: usize,
    /// Requests at the edge, and those of them for a view that it had to ask the shop for.
    pub edge_requests: (u64, u64),
    /// Customers whom the edge told that nothing is left.
    pub told_at_the_edge: usize,
    pub usage: Usage,
    /// Requests turned away before they got to the function.
    pub turned_away: u64,
    /// How long the resharding took, if there was one and it was done.
    pub resharded_in: Option<Duration>,
    /// Violated invariants, a sentence each.
    pub violations: Vec<String>,
}

/// What became of one buyer.
struct Case {
    number: usize,
    /// Who came at which time.
    came: Instant,
    answered: Instant,
    result: PurchaseResult,
    admitted: Option<Instant>,
    told_at_the_edge: bool,
}

impl Plan {
    /// Holds the sale, in as little time as it takes to work it out.
    pub fn hold(&self) -> Outcome {
        in_virtual_time(self.seed, self.run())
    }

    async fn run(&self) -> Outcome {
        let engine = Engine::new(&self.cloud, self.seed ^ 1);
        let goods = offer(&engine, self.kind, self.units, self.shards).await;
        if self.kind == Kind::Orders {
            admit_customers(&engine, self.buyers).await;
        }
        engine.break_with(self.mutation);
        // Whatever was taken before has come back.
        sleep(Duration::from_mins(1)).await;
        engine.usage(Usage::open_doors);

        let gateway = Gateway::new(&self.cloud, &engine, self.seed ^ 2);
        let chance = Mutex::new(Chance::of(self.seed ^ 3));
        let edge = (self.cloud.edge_locations > 0).then(|| Edge::new(&self.cloud, &engine, goods, self.seed ^ 5));
        let sale = Arc::new(Sale { cloud: self.cloud.clone(), engine, gateway, edge, goods, chance });
        let opened = Instant::now();
        let mut arrivals = Chance::of(self.seed ^ 4);
        let mut buyers = JoinSet::new();
        for number in 0..self.buyers {
            let (sale, lateness) = (Arc::clone(&sale), arrivals.exponential(self.lateness));
            buyers.spawn(async move {
                sleep(lateness).await;
                let came = Instant::now();
                let Visit { result, admitted, told_at_the_edge } = sale.serve(number).await;
                Case { number, came, answered: Instant::now(), result, admitted, told_at_the_edge }
            });
        }
        let resharding = self.reshard.map(|(after, shards)| tokio::spawn(resharded(Arc::clone(&sale), after, shards)));
        let delivery = self.delivery.map(|(after, units)| tokio::spawn(delivered(Arc::clone(&sale), after, units)));
        let report = self.loud.then(|| tokio::spawn(tell(Arc::clone(&sale))));
        let mut cases = buyers.join_all().await;
        if let Some(report) = report {
            report.abort();
        }
        let resharded_in = match resharding {
            Some(resharding) => resharding.await.unwrap(),
            None => None,
        };
        if let Some(delivery) = delivery {
            delivery.await.unwrap();
        }
        // What is still under way ends.
        sleep(Duration::from_mins(1)).await;
        cases.sort_by_key(|case| (case.came, case.number));
        self.outcome(&sale, opened, &cases, resharded_in)
    }

    fn outcome(&self, sale: &Sale, opened: Instant, cases: &[Case], resharded_in: Option<Duration>) -> Outcome {
        let of = |result: PurchaseResult| cases.iter().filter(move |case| case.result == result);
        let usage = sale.engine.usage(|usage| usage.clone());
        let mut waits: Vec<Duration> = cases
            .iter()
            .filter(|case| case.result != PurchaseResult::GaveUp)
            .map(|case| case.answered - case.came)
            .collect();
        waits.sort_unstable();
        let (got, first) = (|case: &&Case| case.result == PurchaseResult::Got, self.units.try_into().unwrap());
        let mut admitted: Vec<&Case> = cases.iter().filter(|case| case.admitted.is_some()).collect();
        admitted.sort_by_key(|case| case.admitted);
        Outcome {
            sold_out_after: usage.first_short.map(|at| at - opened),
            sold: of(PurchaseResult::Got).count(),
            waits,
            gave_up: of(PurchaseResult::GaveUp).count(),
            false_rejections: of(PurchaseResult::RejectedFalsely).count(),
            from_cache: of(PurchaseResult::RejectedFromCache).count(),
            first_served: cases.iter().take(first).filter(got).count(),
            admitted_served: admitted.into_iter().take(first).filter(got).count(),
            edge_requests: sale.edge.as_ref().map(Edge::requests).unwrap_or_default(),
            told_at_the_edge: cases.iter().filter(|case| case.told_at_the_edge).count(),
            turned_away: sale.gateway.turned_away(),
            resharded_in,
            violations: self.violations(&sale.engine, cases, &usage),
            usage,
        }
    }

    /// Violated invariants, and differences between the records and the answers.
    fn violations(&self, engine: &Engine, cases: &[Case], usage: &Usage) -> Vec<String> {
        let mut violations = violations(engine);
        let table = if self.kind == Kind::Orders { "orders" } else { "user-coupons" };
        let owners: Vec<String> =
            engine.items(table).iter().map(|item| item["user_id"].as_text().unwrap().to_owned()).collect();
        let delivered = self.delivery.map_or(0, |(_, units)| units);
        let sold = i64::from(self.units + delivered) - usage.left;
        if i64::try_from(owners.len()) != Ok(sold) {
            violations.push(format!("{sold} are gone, and {} have one", owners.len()));
        }
        let owners: BTreeSet<String> = owners.into_iter().collect();
        for case in cases {
            let (has, name) = (owners.contains(customer(case.number).as_str()), customer(case.number));
            let told = match case.result {
                PurchaseResult::Got => true,
                PurchaseResult::SoldOut | PurchaseResult::RejectedFromCache | PurchaseResult::RejectedFalsely => false,
                // She does not know.
                PurchaseResult::GaveUp => has,
            };
            if has != told {
                violations.push(format!(
                    "{name} was told {:?} and has {}",
                    case.result,
                    if has { "one" } else { "none" }
                ));
            }
        }
        violations
    }
}

/// Tells every second, by the simulated clock, what is left.
async fn tell(sale: Arc<Sale>) {
    for second in 1.. {
        sleep(Duration::from_secs(1)).await;
        let (left, commits, conflicts) = sale.engine.usage(|usage| (usage.left, usage.commits, usage.conflicts));
        eprintln!("    after {second} s: {left} left, {commits} transactions committed, {conflicts} in conflict");
    }
}

/// Splits the goods during the sale, tried until it is done; how long that took, unless they are sold out before.
async fn resharded(sale: Arc<Sale>, after: Duration, shards: ShardCount) -> Option<Duration> {
    sleep(after).await;
    let (store, began) = (store(&sale.engine), Instant::now());
    while sale.engine.usage(|usage| usage.left > 0) {
        if reshard(&sale.engine, &store, sale.goods, shards).await {
            return Some(began.elapsed());
        }
        sleep(Duration::from_secs(1)).await;
    }
    None
}

/// Adds units while they are sold, or are sold out.
async fn delivered(sale: Arc<Sale>, after: Duration, units: u32) {
    sleep(after).await;
    deliver(&sale.engine, &store(&sale.engine), sale.goods, units).await;
}

impl Outcome {
    /// What a buyer's wait did not exceed in so many of a hundred cases.
    pub fn wait(&self, percent: usize) -> Duration {
        let at = (self.waits.len() * percent).div_ceil(100).saturating_sub(1);
        self.waits.get(at).copied().unwrap_or_default()
    }

    /// Units sold a second until there were none.
    pub fn rate(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss)] // sales are small
        self.sold_out_after.map(|after| self.sold as f64 / after.as_secs_f64())
    }
}
