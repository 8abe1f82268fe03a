//! The alarms and the dashboard of `template.yaml` against the metrics that the code writes: an alarm on a metric that does not
//! exist never goes on, and a metric that is shown nowhere only costs money.

use std::{collections::BTreeSet, path::Path};

use regex_lite::Regex;
use serde_json::{Map, Value, json};
use sijang_cloud::template::Template;
use sijang_domain::metric::{CATALOGUE, Metric, Unit};
use sijang_edge::metrics::NAMESPACE;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn resources() -> Map<String, Value> {
    let template = Template::load(&root().join("template.yaml")).unwrap();
    template.document()["Resources"].as_object().unwrap().clone()
}

/// The properties of all alarms, by logical id.
fn alarms() -> Vec<(String, Value)> {
    let of_type = |(id, resource): (String, Value)| {
        (resource["Type"] == "AWS::CloudWatch::Alarm").then(|| (id, resource["Properties"].clone()))
    };
    let alarms: Vec<_> = resources().into_iter().filter_map(of_type).collect();
    assert!(alarms.len() > 10, "there are alarms");
    alarms
}

fn catalogued(name: &str) -> &'static Metric {
    let found = CATALOGUE.iter().find(|metric| metric.name == name);
    found.unwrap_or_else(|| panic!("{name} is not in the catalogue: no code writes it"))
}

/// The dimensions with which a metric is written.
fn dimensions(metric: &Metric) -> Vec<&'static str> {
    ["Stack"].into_iter().chain(metric.dimension).collect()
}

/// Whether a statistic makes sense for a metric. A sum of durations does not.
fn suits(metric: &Metric, statistic: &str) -> bool {
    match metric.unit {
        Unit::Count => ["Sum", "Maximum"].contains(&statistic),
        Unit::Milliseconds => statistic == "Maximum" || statistic.starts_with('p'),
    }
}

#[test]
fn alarms_watch_metrics_that_exist() {
    let (mut own, mut others) = (0, 0);
    for (id, alarm) in alarms() {
        if alarm["Namespace"] != NAMESPACE {
            assert!(alarm["Namespace"].as_str().unwrap().starts_with("AWS/"), "{id}");
            others += 1;
            continue;
        }
        let metric = catalogued(alarm["MetricName"].as_str().unwrap());
        let named: Vec<&str> = alarm["Dimensions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dimension| dimension["Name"].as_str().unwrap())
            .collect();
        assert_eq!(named, dimensions(metric), "{id}");
        assert_eq!(alarm["Dimensions"][0]["Value"], json!({"Ref": "AWS::StackName"}), "{id}");
        assert!(suits(metric, alarm["Statistic"].as_str().unwrap()), "{id}");
        own += 1;
    }
    assert!(own > 3 && others > 3);
}

#[test]
fn alarms_are_named_after_their_runbook_and_notify_the_topic() {
    let runbook = Regex::new(r"[.)] Runbook - local/ops/runbooks/([a-z-]+)\.md$").unwrap();
    let capital = Regex::new("[A-Z]").unwrap();
    for (id, alarm) in alarms() {
        let name = capital.replace_all(id.strip_suffix("Alarm").unwrap(), |found: &regex_lite::Captures| {
            format!("-{}", found[0].to_lowercase())
        });
        assert_eq!(alarm["AlarmName"], json!({"Fn::Sub": format!("${{AWS::StackName}}{name}")}), "{id}");
        let described = runbook.captures(alarm["AlarmDescription"].as_str().unwrap());
        let named = described.unwrap_or_else(|| panic!("{id} names no runbook"))[1].to_owned();
        // Errors of relay and consumer share a runbook.
        let workers = ["relay-errors", "unfinished-commands", "consumer-errors"];
        let shared = workers.contains(&&name[1..]).then_some("worker-errors");
        assert_eq!(named, shared.unwrap_or(&name[1..]), "{id}");
        for whom in ["AlarmActions", "OKActions"] {
            assert_eq!(alarm[whom], json!([{"Ref": "Alarms"}]), "{id}");
        }
    }
}

#[test]
fn daily_jobs_raise_an_alarm_when_no_run_is_recorded() {
    for (id, metric) in
        [("DailyAggregationMissedAlarm", "AggregationRuns"), ("ReconciliationMissedAlarm", "ReconciliationRuns")]
    {
        let alarm = &resources()[id]["Properties"];
        assert_eq!((&alarm["MetricName"], &alarm["TreatMissingData"]), (&json!(metric), &json!("breaching")), "{id}");
        let hours = alarm["Period"].as_u64().unwrap() * alarm["EvaluationPeriods"].as_u64().unwrap() / 3_600;
        assert_eq!(hours, 26, "{id}: a day, and two hours of tolerance");
    }
}

#[test]
fn failure_queues_have_an_alarm_on_the_first_message() {
    let of_failures = resources().into_iter().filter(|(id, resource)| {
        resource["Type"] == "AWS::SQS::Queue" && (id.ends_with("Dlq") || id.ends_with("Failures"))
    });
    let mut queues = 0;
    for (queue, _) in of_failures {
        queues += 1;
        let on_it = json!([{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]);
        let watched = alarms().into_iter().any(|(_, alarm)| {
            alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
                && alarm["Dimensions"] == on_it
                && alarm["Threshold"] == 0
                && alarm["ComparisonOperator"] == "GreaterThanThreshold"
        });
        assert!(watched, "{queue} has no alarm");
    }
    assert_eq!(queues, 3);
}

/// The metrics of the dashboard: namespace, name, dimensions, options. A metric of a search expression is one of them.
fn shown() -> Vec<(String, String, Vec<String>, Value)> {
    let body = resources()["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"].as_str().unwrap().to_owned();
    let body: Value = serde_json::from_str(&body).unwrap();
    let search = Regex::new(r#"^SEARCH\('\{([^}]*)\} MetricName="(\w+)""#).unwrap();
    let metrics =
        body["widgets"].as_array().unwrap().iter().filter_map(|widget| widget["properties"]["metrics"].as_array());
    let shown = metrics.flatten().map(|metric| {
        let parts = metric.as_array().unwrap();
        let (options, parts) = parts.split_last().unwrap();
        if let Some(expression) = options["expression"].as_str() {
            let found = search.captures(expression).unwrap();
            let mut schema = found[1].split(',').map(str::to_owned);
            let (namespace, dimensions) = (schema.next().unwrap(), schema.collect());
            let statistic = if expression.contains("'Sum'") { json!({"stat": "Sum"}) } else { Value::Null };
            return (namespace, found[2].to_owned(), dimensions, statistic);
        }
        let text = |part: &Value| part.as_str().unwrap().to_owned();
        let dimensions = parts[2..].iter().step_by(2).map(text).collect();
        (text(&parts[0]), text(&parts[1]), dimensions, options.clone())
    });
    shown.collect()
}

#[test]
fn dashboard_shows_every_metric_and_no_unknown_one() {
    let mut own = BTreeSet::new();
    for (namespace, name, named, options) in shown() {
        if namespace != NAMESPACE {
            assert!(namespace.starts_with("AWS/"), "{namespace}");
            continue;
        }
        let metric = catalogued(&name);
        assert_eq!(named, dimensions(metric), "{name}");
        assert!(suits(metric, options["stat"].as_str().unwrap()), "{name}");
        own.insert(metric.name);
    }
    assert_eq!(own, CATALOGUE.iter().map(|metric| metric.name).collect());
}

#[test]
fn dashboard_shows_the_state_of_every_alarm() {
    let body = resources()["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"].as_str().unwrap().to_owned();
    let body: Value = serde_json::from_str(&body).unwrap();
    let named: BTreeSet<&str> = body["widgets"][0]["properties"]["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arn| arn.as_str().unwrap())
        .collect();
    let all: Vec<String> = alarms().into_iter().map(|(id, _)| format!("${{{id}.Arn}}")).collect();
    assert_eq!(named, all.iter().map(String::as_str).collect());
}

#[test]
fn dashboard_names_existing_operations_and_codes() {
    let template = Template::load(&root().join("template.yaml")).unwrap();
    let body = resources()["Dashboard"]["Properties"]["DashboardBody"].to_string();
    let named = |dimension: &str| {
        let named = Regex::new(&format!(r#"\\"{dimension}\\", \\"([a-z-]+)\\""#)).unwrap();
        named.captures_iter(&body).map(|found| found[1].to_owned()).collect::<BTreeSet<_>>()
    };
    let (operations, codes) = (named("Operation"), named("Code"));
    assert!(operations.len() >= 4 && codes.len() == 2, "{operations:?} {codes:?}");
    for operation in operations {
        assert!(template.function(&operation).is_some(), "{operation}");
    }
    for code in codes {
        assert!(sijang_edge::CATALOGUE.iter().any(|kind| kind.code == code), "{code}");
    }
}
