//! Metrics: counted with the `metrics` facade, and written to the log after each invocation in `CloudWatch`'s embedded
//! metric format. `CloudWatch` makes metrics of such lines, so that a function makes no call and waits for nothing.
//!
//! [`sijang_domain::metric`] lists the metrics. A count is lost when the process ends before it is written. An alarm is
//! about many requests and can bear that.

use std::{
    env,
    io::{Write, stdout},
    sync::OnceLock,
};

use ::metrics::{counter, describe_counter, histogram};
use metrics_cloudwatch_embedded::{Builder, Collector};
use sijang_domain::metric::{self, CATALOGUE, Metric};

/// The namespace of all metrics. Stacks in one account are told apart by the dimension `Stack`.
pub const NAMESPACE: &str = "Sijang";

/// The collector of this process, and the operation that commands are counted under.
struct Meter {
    collector: &'static Collector,
    operation: String,
}

static METER: OnceLock<Option<Meter>> = OnceLock::new();

/// Starts counting. Counts from before are lost.
pub(crate) fn start() {
    METER.get_or_init(|| {
        let named = |variable: &str| env::var(variable).unwrap_or_default();
        let (stack, function) = (named("STACK_NAME"), named("AWS_LAMBDA_FUNCTION_NAME"));
        let operation = function.strip_prefix(&format!("{stack}-")).unwrap_or(&function).to_owned();
        let builder = Builder::new().cloudwatch_namespace(NAMESPACE).with_dimension("Stack", stack);
        let collector = builder.init().inspect_err(|error| tracing::error!(%error, "nothing will be counted")).ok()?;
        for Metric { name, unit, meaning, .. } in CATALOGUE {
            let unit = match unit {
                metric::Unit::Count => ::metrics::Unit::Count,
                metric::Unit::Milliseconds => ::metrics::Unit::Milliseconds,
            };
            describe_counter!(*name, unit, *meaning);
        }
        Some(Meter { collector, operation })
    });
}

fn meter() -> Option<&'static Meter> {
    METER.get()?.as_ref()
}

/// Adds to a counter.
pub fn count(metric: &Metric, more: usize) {
    counter!(metric.name).increment(more as u64);
}

/// Records a value, also when it is zero.
#[allow(clippy::cast_precision_loss)] // CloudWatch has floats only
pub fn measure(metric: &Metric, value: u64) {
    histogram!(metric.name).record(value as f64);
}

/// Counts a command, or the repetition of its answer.
pub(crate) fn command(replayed: bool) {
    if replayed {
        count(&metric::REPLAYS, 1);
    } else {
        let operation = meter().map_or("", |meter| &meter.operation);
        count_by(&metric::COMMANDS, operation);
    }
}

/// Counts a request that was answered with the problem of this code.
pub(crate) fn rejection(code: &'static str) {
    count_by(&metric::REJECTIONS, code);
}

fn count_by(metric: &Metric, value: &'static str) {
    let Some(dimension) = metric.dimension else { return };
    counter!(metric.name, dimension => value).increment(1);
}

/// Writes the counts since the last time.
pub(crate) fn flush() {
    // In one write, so that no other line comes in between. Counts that cannot be written are lost.
    let _ = stdout().write_all(&lines());
}

fn lines() -> Vec<u8> {
    let mut lines = Vec::new();
    if let Some(meter) = meter() {
        // A write into memory does not fail.
        let _ = meter.collector.flush(&mut lines);
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn counts_become_embedded_metric_format_lines_once() {
        start();
        count(&metric::RELAYED, 2);
        count(&metric::RELAYED, 3);
        measure(&metric::RECONCILIATION_FINDINGS, 0);
        rejection("coupon-sold-out");
        let lines = String::from_utf8(lines()).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let find = |name: &str| lines.iter().find(|line| line.get(name).is_some()).unwrap();
        let definition = |line: &Value| line["_aws"]["CloudWatchMetrics"][0].clone();

        let plain = find("EventsRelayed");
        assert_eq!((&plain["EventsRelayed"], &plain["ReconciliationFindings"]), (&json!(5), &json!([0.0])));
        assert_eq!(definition(plain)["Namespace"], "Sijang");
        assert_eq!(definition(plain)["Dimensions"], json!([["Stack"]]));
        assert!(plain["_aws"]["Timestamp"].is_u64() && plain["Stack"].is_string());
        let metrics = definition(plain)["Metrics"].clone();
        assert!(metrics.as_array().unwrap().contains(&json!({"Name": "EventsRelayed", "Unit": "Count"})), "{metrics}");

        let sold_out = lines.iter().find(|line| line["Code"] == "coupon-sold-out").unwrap();
        assert_eq!(sold_out["Rejections"], 1);
        assert_eq!(definition(sold_out)["Dimensions"], json!([["Stack", "Code"]]));
        assert!(!String::from_utf8(super::lines()).unwrap().contains("EventsRelayed"), "counted twice");
    }
}
