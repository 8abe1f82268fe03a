//! What the simulated cloud can do, and how long it takes: each figure with its source, or marked as assumed.
//!
//! They are printed with every result, because a result is worth as much as they are.

use std::time::Duration;

use super::chance::Latency;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The cloud.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// Write and read units a second of a partition.
    pub partition_writes: f64,
    pub partition_reads: f64,
    /// For how long a partition saves what it does not use.
    pub savings: Duration,
    /// Write units a second that each table is warm for.
    pub warm_writes: u32,
    /// Whether all shards lie where the first does, as if they had its partition key.
    pub shards_together: bool,
    /// How long a partition is hot before it is split.
    pub split_after: Duration,
    /// From a function to the service, or back.
    pub network: Latency,
    /// A read in the service.
    pub read: Latency,
    /// What a transaction does before it locks its items.
    pub begin: Latency,
    /// From the locks to the decision.
    pub decide: Latency,
    /// From the decision to the new state of an item, which frees it.
    pub apply: Latency,
    /// From a customer to the function, or back.
    pub client: Latency,
    /// Requests a second, and at once, that the gateway lets through to the route.
    pub route_rate: f64,
    pub route_burst: f64,
    /// The same of the account.
    pub account_rate: f64,
    pub account_burst: f64,
    /// Environments at most; new ones at once, and a second.
    pub environments: usize,
    pub ramp_burst: f64,
    pub ramp_rate: f64,
    /// Requests a second of each environment, on the average.
    pub environment_rate: f64,
    /// From nothing to an environment that takes its request.
    pub cold_start: Latency,
    /// The function's own work for a request.
    pub work: Duration,
    /// Edge locations that the customers look at, in equal parts; without any, all requests go to the shop.
    pub edge_locations: usize,
    /// From an edge location to the shop, or back.
    pub edge_to_shop: Duration,
}

impl Default for Cloud {
    fn default() -> Self {
        Self {
            partition_writes: 1_000.0,
            partition_reads: 3_000.0,
            savings: Duration::from_secs(1),
            warm_writes: 40_000,
            shards_together: false,
            split_after: Duration::from_mins(5),
            network: Latency::new(Duration::from_micros(500), millis(1), millis(3)),
            read: Latency::new(millis(1), millis(2), millis(8)),
            begin: Latency::new(millis(4), millis(6), millis(20)),
            decide: Latency::new(millis(3), millis(5), millis(15)),
            apply: Latency::new(millis(3), millis(5), millis(15)),
            client: Latency::new(millis(5), millis(15), millis(60)),
            route_rate: 10_000.0,
            route_burst: 5_000.0,
            account_rate: 10_000.0,
            account_burst: 5_000.0,
            environments: 1_000,
            ramp_burst: 1_000.0,
            ramp_rate: 100.0,
            environment_rate: 10.0,
            cold_start: Latency::new(millis(60), millis(120), millis(250)),
            work: millis(1),
            edge_locations: 0,
            edge_to_shop: millis(10),
        }
    }
}

const DYNAMO: &str = "docs.aws.amazon.com/amazondynamodb/latest/developerguide";
const LAMBDA: &str = "docs.aws.amazon.com/lambda/latest/dg";
const GATEWAY: &str = "docs.aws.amazon.com/apigateway/latest/developerguide";

/// What it is of, its value, its source.
type Figure = (&'static str, String, String);

fn documented(site: &str, page: &str) -> String {
    format!("<https://{site}/{page}>")
}

fn assumed(why: &str) -> String {
    format!("assumed{}{why}", if why.is_empty() { "" } else { ": " })
}

impl Cloud {
    /// Every figure: what it is of, what it is, where it is from.
    pub fn figures(&self) -> Vec<Figure> {
        [self.capacity_of_dynamodb(), self.transactions_of_dynamodb(), self.limits_of_requests()].concat()
    }

    fn capacity_of_dynamodb(&self) -> Vec<Figure> {
        let rate = |number: f64, what: &str| format!("{number} {what}");
        vec![
            (
                "writes of a partition",
                rate(self.partition_writes, "units/s"),
                documented(DYNAMO, "bp-partition-key-design.html"),
            ),
            (
                "reads of a partition",
                rate(self.partition_reads, "units/s"),
                documented(DYNAMO, "bp-partition-key-design.html"),
            ),
            (
                "unused units that a partition keeps",
                format!("of {:?}", self.savings),
                assumed("300 s are documented, but not above a partition's limit"),
            ),
            (
                "warm throughput of each table",
                format!("{} writes/s, so {} partitions", self.warm_writes, self.partitions()),
                format!("set by `--warm`; a new table has 4,000: {}", documented(DYNAMO, "warm-throughput.html")),
            ),
            (
                "where an item is",
                if self.shards_together {
                    "by the hash of its partition key, but all shards where the first is"
                } else {
                    "by the hash of its partition key, of which each shard has its own"
                }
                .to_owned(),
                documented(DYNAMO, "HowItWorks.Partitions.html"),
            ),
            (
                "a hot partition is split",
                format!("after {:?}", self.split_after),
                assumed("minutes of sustained heat; a flash sale is over by then"),
            ),
        ]
    }

    fn transactions_of_dynamodb(&self) -> Vec<Figure> {
        vec![
            (
                "units of a transaction",
                "twice for each item: when it is prepared, when it is committed".to_owned(),
                documented(DYNAMO, "transaction-apis.html"),
            ),
            (
                "units of a cancelled transaction",
                "once for each item that was not throttled".to_owned(),
                assumed("what was prepared was written"),
            ),
            (
                "a conflict",
                "an item that another transaction has locked cannot be prepared; who comes second is cancelled"
                    .to_owned(),
                "<https://www.usenix.org/conference/atc23/presentation/idziorek>".to_owned(),
            ),
            (
                "reads",
                "see what is committed, item by item: a transaction in parts, too".to_owned(),
                documented(DYNAMO, "transaction-apis.html"),
            ),
            ("function to DynamoDB, one way", self.network.to_string(), assumed("")),
            ("a read", self.read.to_string(), assumed("single-digit milliseconds")),
            (
                "a transaction: before the locks, to the decision, to each item",
                format!("{}; {}; {}", self.begin, self.decide, self.apply),
                assumed(
                    "the parts; together they are as the 25 ms, p99 92 ms, once measured by \
                     <https://github.com/alexdebrie/dynamodb-performance-testing>, less its client",
                ),
            ),
        ]
    }

    fn limits_of_requests(&self) -> Vec<Figure> {
        vec![
            ("customer to function, one way", self.client.to_string(), assumed("")),
            (
                "the route's limit",
                format!("{} requests/s, {} at once", self.route_rate, self.route_burst),
                "`CommandThrottleRate` and `CommandThrottleBurst`: 500 and 1,000 unless set".to_owned(),
            ),
            (
                "the account's limit",
                format!("{} requests/s, {} at once", self.account_rate, self.account_burst),
                documented(GATEWAY, "limits.html"),
            ),
            (
                "environments of a function",
                format!("{} at most, {} at once, then {}/s", self.environments, self.ramp_burst, self.ramp_rate),
                documented(LAMBDA, "scaling-behavior.html"),
            ),
            (
                "requests/s of the function",
                format!("{} for each environment of the quota", self.environment_rate),
                documented(LAMBDA, "lambda-concurrency.html"),
            ),
            ("a request that finds no environment", "503".to_owned(), assumed("")),
            (
                "a cold start",
                self.cold_start.to_string(),
                "AWS's sample in Rust has p50 122.8 ms, p99 145.8 ms: <https://github.com/aws-samples/serverless-rust-demo>"
                    .to_owned(),
            ),
            ("the function's own work", format!("{:?}", self.work), "assumed: about twice the CPU that an order takes ([RESULTS.md](RESULTS.md))".to_owned()),
            (
                "a customer's patience",
                "three tries as the storefront makes them, again after a second, for a minute".to_owned(),
                "`local/portal/web/app/api.js`; pressing again is assumed".to_owned(),
            ),
            (
                "edge locations",
                match self.edge_locations {
                    0 => "none".to_owned(),
                    many => format!("{many}, {:?} from the shop, each with a view of a second", self.edge_to_shop),
                },
                "set by `--edge`; `Cache-Control` of `get-product` and `get-coupon`; the time is assumed".to_owned(),
            ),
        ]
    }

    /// The same with transactions that keep their items so many times as long.
    pub fn slower(self, factor: f64) -> Self {
        let (begin, decide, apply) = (self.begin.times(factor), self.decide.times(factor), self.apply.times(factor));
        Self { begin, decide, apply, ..self }
    }

    /// Partitions of each table.
    pub fn partitions(&self) -> u32 {
        self.warm_writes.div_ceil(1_000).max(1)
    }
}
