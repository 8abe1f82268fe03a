//! The statistics at volume: what a fact takes of the consumer, what a day of facts takes of the aggregator, and from
//! both what a day of ten million orders would.

use serde_json::{Value, json};
use sijang_cloud::progress::Progress;
use sijang_domain::{
    CloudEvent, Money, Order, OrderEvent, OrderId, OrderLine, OrderStatus, ProductId, ProductVersion, Quantity,
    Timestamp, UserId,
};
use sijang_testkit::{engine::Database, lambda::runtime_api::RuntimeApi, shop::at};

use crate::{
    candidate::{Candidate, Candidates},
    environment::Environment,
    market::lambda_variables,
    report::{Report, Table, thousands},
    store::{Store, Stub},
    usage::load,
};

/// The day whose orders these are, and noon on it in Seoul.
const DAY: &str = "2026-11-21";
const NOON: &str = "2026-11-21T03:00:00Z";
/// Different products among the orders, of which each has two lines.
const PRODUCTS: u128 = 1_000;
/// Messages that Lambda gives the consumer at once.
const BATCH: usize = 100;
/// The day that is worked out.
const ORDERS: f64 = 10_000_000.0;
/// How long a Lambda may take, in seconds.
const LIMIT: f64 = 900.0;
/// The memory at which a function has one processor to itself, in MiB.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>.
const PROCESSOR: f64 = 1_769.0;

/// Time and memory of a number of facts.
struct Run {
    facts: usize,
    /// Microseconds of CPU of the consumer, and of the aggregator.
    recorded: f64,
    counted: f64,
    /// MiB of the aggregator.
    peak: u64,
}

/// Measures days of these sizes.
#[allow(clippy::cast_precision_loss)]
pub async fn measure(candidates: &Candidates, sizes: &[usize], progress: Progress, report: &mut Report) {
    let before = load();
    let mut runs = Vec::new();
    for facts in sizes {
        runs.push(run(candidates, *facts).await);
        progress.say(format_args!("volume     a day of {facts} orders: done"));
    }
    let head: [&str; 4] =
        ["orders of the day", "CPU of record-sales for each, us", "CPU of the aggregator, s", "its peak, MiB"];
    let mut table = Table::new("A day counted", &head);
    for run in &runs {
        let each = run.recorded / run.facts as f64;
        let (facts, counted) = (thousands(run.facts as f64), format!("{:.2}", run.counted / 1e6));
        table.row([facts, format!("{each:.0}"), counted, run.peak.to_string()]);
    }
    if let [first, .., last] = &runs[..] {
        let more = (last.facts - first.facts) as f64;
        let slope = (last.counted - first.counted) / more;
        let day = (last.counted + slope * (ORDERS - last.facts as f64)) / 1e6;
        let memory = PROCESSOR * day / LIMIT;
        table.note(format!("slope: {slope:.1} us of CPU for an order more"));
        table.note(format!(
            "a day of {} orders by that slope: {day:.0} s of CPU, a daily run over three such days {:.0} s; within the {LIMIT:.0} s of a Lambda from {memory:.0} MB on for the day, from {:.0} MB on for the run ({PROCESSOR:.0} MB are one processor)",
            thousands(ORDERS),
            3.0 * day,
            3.0 * memory,
        ));
    }
    table.note(format!("orders of two lines, {PRODUCTS} products; load {before} to {}", load()));
    report.add(table);
}

async fn run(candidates: &Candidates, facts: usize) -> Run {
    let (store, queue, api) = (Store::start().await, Stub::start().await, RuntimeApi::start().await.unwrap());
    let database = Database::at(&store.endpoint).await;
    let mut variables = lambda_variables(&store.endpoint);
    let given = [
        ("SALES_TABLE", database.tables().sales),
        ("ORDER_EVENTS_QUEUE_URL", format!("{}/queue", queue.endpoint)),
        ("AWS_ENDPOINT_URL_SQS", queue.endpoint.clone()),
    ];
    variables.extend(given.map(|(name, value)| (name.to_owned(), value)));
    let start = async |worker: &Candidate| Environment::start(worker, &api, &variables, &[]).await;

    let mut consumer = start(&candidates.worker("record-sales")).await;
    let (mut sent, idle) = (0, consumer.usage().cpu);
    while sent < facts {
        let until = facts.min(sent + BATCH);
        let (_, answer) = consumer.run(batch(sent..until)).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "a fact was not recorded");
        sent = until;
    }
    let recorded = consumer.usage().cpu - idle;

    let mut aggregator = start(&candidates.worker("aggregate-daily-stats")).await;
    let idle = aggregator.usage().cpu;
    let (_, answer) = aggregator.run(json!({"day": DAY})).await;
    assert_eq!(answer["facts"], facts, "not every fact was counted: {answer}");
    let usage = aggregator.usage();
    Run { facts, recorded, counted: usage.cpu - idle, peak: usage.peak / 1024 }
}

/// The messages of these orders, as the consumer is given them.
fn batch(numbers: std::ops::Range<usize>) -> Value {
    let record = |number: usize| {
        let body = serde_json::to_string(&sale(number as u128)).unwrap();
        json!({"messageId": number.to_string(), "receiptHandle": "r", "body": body, "eventSource": "aws:sqs",
            "attributes": {}, "messageAttributes": {}, "awsRegion": "ap-northeast-2"})
    };
    json!({"Records": numbers.map(record).collect::<Vec<_>>()})
}

fn sale(number: u128) -> CloudEvent {
    let (paid_at, price) = (at(NOON), Money::new(9_900).unwrap());
    let line = |which: u128| OrderLine {
        product_id: ProductId::new(Timestamp::from_millis(0).unwrap(), which % PRODUCTS),
        quantity: Quantity::new(1).unwrap(),
        unit_price: price,
        product_version: Some(ProductVersion::FIRST),
        name: None,
    };
    let total = Money::new(2 * 9_900).unwrap();
    let order = Order {
        order_id: OrderId::new(paid_at, number),
        status: OrderStatus::Paid,
        lines: vec![line(number), line(number + 1)],
        list_price: total,
        discount: Money::ZERO,
        paid_price: total,
        coupon_id: None,
        paid_at,
        cancelled_at: None,
    };
    CloudEvent::of(OrderEvent { user_id: UserId::parse("customer").unwrap(), order }, paid_at)
}
