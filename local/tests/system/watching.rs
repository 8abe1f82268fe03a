//! Observability of an order: its trace through function and relay, and its metrics.

use std::{fs, sync::Arc};

use libtest_mimic::Trial;
use serde_json::{Value, json};
use sijang_cloud::stack::STACK_NAME;
use sijang_domain::metric::{self, CATALOGUE, Metric};
use sijang_edge::metrics::NAMESPACE;
use sijang_testkit::http::{Shop, order, text};
use ulid::Ulid;

use crate::{
    stored::PIPELINE,
    world::{World, eventually, named},
};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        named!(trial, world, one_trace_leads_from_a_request_to_its_message),
        named!(trial, world, metrics_have_the_names_of_the_catalogue),
    ]
}

/// The logs of a function.
fn log(shop: &Shop, function: &str) -> Vec<Value> {
    let log = fs::read_to_string(shop.stack().state().log(function)).unwrap_or_default();
    // The last line may still be on its way.
    log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Waits until a worker has a line for a batch with this trace.
async fn worked_off(shop: &Shop, worker: &str, trace: &str) {
    let named = |line: &Value| line["traces"].as_str().is_some_and(|traces| traces.split(' ').any(|one| one == trace));
    eventually(&format!("{trace} at {worker}"), PIPELINE, async || log(shop, worker).iter().any(named).then_some(()))
        .await;
}

async fn one_trace_leads_from_a_request_to_its_message(shop: Shop) {
    let (product, customer) = (shop.product(1_000, 10).await, shop.customer_with(10_000).await);
    let chosen = format!("1-6740a000-{:024x}", Ulid::generate().random());
    let header = format!("Root={chosen};Parent=53995c3f42cd8ad8;Sampled=1");
    let with = customer.order(&order(&product, 1)).header("x-amzn-trace-id", &header).await.value(201);
    let without = customer.order(&order(&product, 1)).await.value(201);
    for (placed, expected) in [(with, Some(&chosen)), (without, None)] {
        let id = text(&placed["order_id"]);
        let line = eventually("the line of the order", PIPELINE, async || {
            log(&shop, "place-order").into_iter().find(|line| line["order_id"] == *id)
        })
        .await;
        assert_eq!((&line["message"], &line["route"]), (&json!("request"), &json!("POST /v1/orders")));
        assert_eq!((&line["status"], &line["outcome"]), (&json!(201), &json!("ok")));
        assert!(
            line["milliseconds"].is_u64() && line["customer"].is_string() && line["timestamp"].is_string(),
            "{line}"
        );
        assert!(line["span"]["request_id"].is_string() && line["span"]["id"].is_string(), "{line}");
        let trace = text(&line["span"]["trace_id"]);
        assert!(expected.is_none_or(|expected| *expected == trace), "{line}");
        // MiniStack loses what goes beside the messages of a batch: the processes' trace test covers the rest of the
        // way.
        worked_off(&shop, "publish-order-events", &trace).await;
    }
}

/// The sum of what the functions have written of a metric.
fn total(shop: &Shop, metric: &Metric, value: Option<&str>) -> f64 {
    let functions = shop.stack().template().functions().iter();
    let lines = functions.flat_map(|function| log(shop, &function.name)).filter(|line| line["_aws"].is_object());
    let of_value = lines.filter(|line| metric.dimension.is_none_or(|dimension| line[dimension].as_str() == value));
    let sum = |written: &Value| match written {
        Value::Array(values) => values.iter().filter_map(Value::as_f64).sum(),
        written => written.as_f64().unwrap_or_default(),
    };
    of_value.map(|line| sum(&line[metric.name])).sum()
}

async fn metrics_have_the_names_of_the_catalogue(shop: Shop) {
    let (product, customer) = (shop.product(6_000, 10).await, shop.customer_with(10_000).await);
    let counted = [
        (&metric::COMMANDS, Some("place-order")),
        (&metric::COMMANDS, Some("deposit-balance")),
        (&metric::REPLAYS, None),
        (&metric::REJECTIONS, Some("insufficient-balance")),
        (&metric::RELAYED, None),
        (&metric::RELAY_LAG, None),
        (&metric::FACTS, None),
        (&metric::CONSUMER_LAG, None),
        (&metric::AGGREGATION_RUNS, None),
    ];
    let before = counted.map(|(metric, value)| total(&shop, metric, value));
    let key = Ulid::generate().to_string();
    customer.deposit(1_000).await;
    for _ in 0..2 {
        customer.post("/v1/orders").key(&key).json(&order(&product, 1)).await.value(201);
    }
    customer.order(&order(&product, 1)).await.problem(409, "insufficient-balance");
    let event = json!({"scheduled_time": "2026-11-21T00:10:00+09:00"});
    assert_eq!(shop.stack().invoke("aggregate-daily-stats", &event).await.unwrap().error, None);
    for ((metric, value), before) in counted.into_iter().zip(before) {
        let grown = async || (total(&shop, metric, value) > before).then_some(());
        eventually(&format!("{} of {value:?}", metric.name), PIPELINE, grown).await;
    }

    let mut lines = 0;
    for function in shop.stack().template().functions() {
        for line in log(&shop, &function.name).iter().filter(|line| line["_aws"].is_object()) {
            is_of_the_catalogue(line);
            lines += 1;
        }
    }
    assert!(lines >= counted.len(), "{lines} lines");
}

/// A line of metrics as `CloudWatch` understands it, with the names, units and dimensions that alarms look at.
fn is_of_the_catalogue(line: &Value) {
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!((&directive["Namespace"], &line["Stack"]), (&json!(NAMESPACE), &json!(STACK_NAME)));
    for written in directive["Metrics"].as_array().unwrap() {
        let metric = CATALOGUE.iter().find(|metric| written["Name"] == metric.name);
        let metric = metric.unwrap_or_else(|| panic!("{written} is in no catalogue"));
        assert_eq!(written["Unit"], format!("{:?}", metric.unit), "{line}");
        let dimensions: Vec<&str> = ["Stack"].into_iter().chain(metric.dimension).collect();
        assert_eq!(directive["Dimensions"], json!([dimensions]), "{line}");
        assert!(dimensions.iter().all(|dimension| line[*dimension].is_string()) && !line[metric.name].is_null());
    }
}
