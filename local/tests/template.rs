//! `template.yaml` against the code and the design: what is deployed is what was written, and nothing more is permitted.

#![allow(clippy::unwrap_used)] // a test may fail

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use sijang_local::template::{Function, Template};

fn template() -> Template {
    Template::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap()
}

fn functions_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions")
}

fn resource<'a>(template: &'a Template, id: &str) -> &'a Value {
    let resource = &template.document()["Resources"][id];
    assert!(resource.is_object(), "no resource {id}");
    resource
}

/// The properties of the one event of this kind that triggers a function.
fn trigger(template: &Template, id: &str, kind: &str) -> Value {
    let events = resource(template, id)["Properties"]["Events"].as_object().unwrap();
    events.values().find(|event| event["Type"] == kind).unwrap()["Properties"].clone()
}

#[test]
fn every_binary_is_a_function_and_every_function_a_binary() {
    let deployed: BTreeSet<String> = template().functions().iter().map(|function| function.name.clone()).collect();
    let written: BTreeSet<String> = fs::read_dir(functions_folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".rs").map(ToOwned::to_owned))
        .collect();
    assert_eq!(deployed, written);
    assert_eq!(deployed.len(), 21);
}

#[test]
fn every_function_names_its_one_route_in_its_first_line() {
    for function in template().functions() {
        let source = fs::read_to_string(functions_folder().join(format!("{}.rs", function.name))).unwrap();
        let first = source.lines().next().unwrap();
        assert!(function.routes.len() <= 1, "{}", function.name);
        for route in &function.routes {
            let said = format!("`{} {}", route.method, route.path);
            let ends = |rest: &str| rest.starts_with('`') || rest.starts_with('?');
            let said = first.split_once(&said).is_some_and(|(_, rest)| ends(rest));
            assert!(said, "{}: {route:?}", function.name);
        }
    }
}

#[test]
fn every_route_but_the_public_catalogue_needs_a_token_with_a_scope() {
    let template = template();
    let mut public = BTreeSet::new();
    for route in template.functions().iter().flat_map(|function| &function.routes) {
        match route.scopes.as_deref() {
            None => drop(public.insert(format!("{} {}", route.method, route.path))),
            Some(scopes) if route.path.starts_with("/v1/admin/") => assert_eq!(scopes, ["shop/admin"]),
            Some(scopes) => assert_eq!(scopes, ["shop/customer"]),
        }
    }
    let catalogue = ["/v1/coupons", "/v1/products", "/v1/products/popular", "/v1/products/{product_id}"];
    assert_eq!(public, catalogue.map(|path| format!("GET {path}")).into());
    let auth = &resource(&template, "Api")["Properties"]["Auth"];
    assert_eq!(auth["DefaultAuthorizer"], "Token", "a route that says nothing is closed");
}

/// Tables by the variable that names them.
const TABLES: [(&str, &str); 7] = [
    ("BALANCES_TABLE", "Balances"),
    ("PRODUCTS_TABLE", "Products"),
    ("COUPONS_TABLE", "Coupons"),
    ("USER_COUPONS_TABLE", "UserCoupons"),
    ("ORDERS_TABLE", "Orders"),
    ("EVENTS_TABLE", "Events"),
    ("SALES_TABLE", "Sales"),
];

/// What a role permits: action and resource.
fn permissions(function: &Function) -> impl Iterator<Item = (&str, &str)> {
    let statements = function.permissions.iter();
    statements
        .flat_map(|statement| statement.actions.iter().map(|action| (action.as_str(), statement.resource.as_str())))
}

#[test]
fn a_role_names_the_tables_that_its_function_is_told_of_and_no_others() {
    for function in template().functions() {
        let told = TABLES.into_iter().filter(|(variable, _)| function.environment.contains_key(*variable));
        let told: BTreeSet<&str> = told.map(|(_, table)| table).collect();
        let permitted: BTreeSet<&str> = permissions(function)
            .filter(|(action, resource)| action.starts_with("dynamodb:") && !resource.ends_with("/stream"))
            .map(|(_, resource)| resource.split('/').next().unwrap())
            .collect();
        assert_eq!(told, permitted, "{}", function.name);
    }
}

#[test]
fn nothing_is_permitted_by_a_wildcard_and_nothing_can_scan_or_delete() {
    for function in template().functions() {
        for (action, resource) in permissions(function) {
            assert!(!action.contains('*') && !resource.contains('*'), "{}: {action} on {resource}", function.name);
            for never in ["Scan", "DeleteItem", "DeleteTable", "PartiQL", "PurgeQueue"] {
                assert!(!action.contains(never), "{}: {action}", function.name);
            }
        }
    }
}

#[test]
fn each_table_is_written_by_the_functions_of_its_commands_only() {
    let mut writers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for function in template().functions() {
        for (action, resource) in permissions(function) {
            if ["PutItem", "UpdateItem", "BatchWriteItem"].iter().any(|write| action.ends_with(write)) {
                writers.entry(resource.to_owned()).or_default().insert(function.name.clone());
            }
        }
    }
    let commands = "adjust-stock cancel-order create-coupon create-product deposit-balance place-order update-product";
    let expected = [
        ("Balances", "cancel-order deposit-balance place-order"),
        ("Products", "adjust-stock cancel-order create-product place-order update-product"),
        ("Coupons", "create-coupon issue-coupon"),
        ("UserCoupons", "cancel-order issue-coupon place-order"),
        ("Orders", "cancel-order place-order"),
        ("Events", commands),
        ("Sales", "aggregate-daily-stats record-sales"),
    ];
    let names = |names: &str| names.split(' ').map(ToOwned::to_owned).collect();
    let expected = expected.map(|(table, functions)| (table.to_owned(), names(functions)));
    assert_eq!(writers, BTreeMap::from(expected));
}

#[test]
fn a_message_is_hidden_six_times_as_long_as_its_consumer_may_take_and_dies_after_three() {
    let template = template();
    let consumer = template.function("record-sales").unwrap().timeout.as_secs();
    let queue = &resource(&template, "OrderEvents")["Properties"];
    assert!(queue["VisibilityTimeout"].as_u64().unwrap() >= 6 * consumer);
    assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], 3);
    assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"], json!({"Fn::GetAtt": ["OrderEventsDlq", "Arn"]}));
}

#[test]
fn both_workers_report_what_failed_and_only_order_events_are_relayed() {
    let template = template();
    let stream = trigger(&template, "PublishOrderEvents", "DynamoDB");
    let queue = trigger(&template, "RecordSales", "SQS");
    for worker in [&stream, &queue] {
        assert_eq!(worker["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    }
    let pattern = stream["FilterCriteria"]["Filters"][0]["Pattern"].as_str().unwrap();
    let relayed = json!({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"type": {"S": [{"prefix": "order."}]}}}});
    assert_eq!(serde_json::from_str::<Value>(pattern).unwrap(), relayed);
    assert_eq!(stream["StartingPosition"], "TRIM_HORIZON", "events from before the mapping are relayed too");
}

#[test]
fn the_statistics_are_counted_at_ten_past_midnight_in_seoul() {
    let schedule = trigger(&template(), "AggregateDailyStats", "ScheduleV2");
    assert_eq!(schedule["ScheduleExpression"], "cron(10 0 * * ? *)");
    assert_eq!(schedule["ScheduleExpressionTimezone"], "Asia/Seoul");
    let input: Value = serde_json::from_str(schedule["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"scheduled_time": "<aws.scheduler.scheduled-time>"}));
}

#[test]
fn every_table_is_encrypted_recoverable_and_kept_unless_a_parameter_says_otherwise() {
    let template = template();
    assert_eq!(template.tables().len(), 7);
    for table in template.tables() {
        let whole = resource(&template, &table.logical_id);
        let properties = &whole["Properties"];
        assert_eq!(whole["UpdateReplacePolicy"], "Retain", "{}", table.name);
        assert_eq!(properties["BillingMode"], "PAY_PER_REQUEST", "{}", table.name);
        assert_eq!(properties["SSESpecification"]["SSEEnabled"], true, "{}", table.name);
        assert_eq!(properties["DeletionProtectionEnabled"], json!({"Ref": "DeletionProtection"}), "{}", table.name);
        let recovery = &properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
        assert_eq!(*recovery, json!({"Ref": "PointInTimeRecovery"}), "{}", table.name);
    }
    for parameter in ["DeletionProtection", "PointInTimeRecovery"] {
        assert_eq!(template.document()["Parameters"][parameter]["Default"], "true");
    }
}

#[test]
fn every_function_runs_on_arm_and_answers_before_the_gateway_gives_up() {
    let template = template();
    let globals = &template.document()["Globals"]["Function"];
    assert_eq!(globals["Architectures"], json!(["arm64"]));
    assert_eq!(globals["Runtime"], "provided.al2023");
    for function in template.functions().iter().filter(|function| !function.routes.is_empty()) {
        assert!(function.timeout.as_secs() < 30, "{}: API Gateway gives up after 30 seconds", function.name);
    }
}
