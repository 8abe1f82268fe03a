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
    assert_eq!(deployed.len(), 24);
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
    let commands = "adjust-stock cancel-order create-coupon create-product deposit-balance place-order reshard-coupon \
                    reshard-stock update-product";
    let expected = [
        ("Balances", "cancel-order deposit-balance place-order"),
        ("Products", "adjust-stock cancel-order create-product place-order reshard-stock update-product"),
        ("Coupons", "create-coupon issue-coupon reshard-coupon"),
        ("UserCoupons", "cancel-order issue-coupon place-order"),
        ("Orders", "cancel-order place-order"),
        ("Events", commands),
        ("Sales", "aggregate-daily-stats reconcile-books record-sales"),
    ];
    let names = |names: &str| names.split(' ').map(ToOwned::to_owned).collect();
    let expected = expected.map(|(table, functions)| (table.to_owned(), names(functions)));
    assert_eq!(writers, BTreeMap::from(expected));
}

#[test]
fn money_stock_and_coupons_are_written_within_transactions_only() {
    let mut limited = 0;
    for function in template().functions() {
        for statement in function.permissions.iter().filter(|statement| statement.resource != "Sales") {
            let writes = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"];
            if statement.actions.iter().any(|action| writes.contains(&action.as_str())) {
                assert_eq!(statement.within, ["TransactWriteItems"], "{}: {statement:?}", function.name);
                limited += 1;
            }
        }
    }
    assert!(limited > 0);
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
fn the_books_are_reconciled_every_quarter_of_an_hour_after_the_statistics_and_nothing_is_written_but_marks() {
    let template = template();
    let schedule = trigger(&template, "ReconcileBooks", "ScheduleV2");
    assert_eq!(schedule["ScheduleExpression"], "cron(0/15 1-4 * * ? *)");
    assert_eq!(schedule["ScheduleExpressionTimezone"], "Asia/Seoul");
    let reconciler = template.function("reconcile-books").unwrap();
    let writes = permissions(reconciler);
    let writes = writes.filter(|(action, _)| !["dynamodb:Query", "dynamodb:BatchGetItem"].contains(action));
    assert_eq!(writes.collect::<Vec<_>>(), [("dynamodb:PutItem", "Sales")]);
    let marks = reconciler.permissions.iter().find(|statement| statement.actions == ["dynamodb:PutItem"]).unwrap();
    assert_eq!(marks.keys, ["BOOKS", "BOOKS#STOCK"]);
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
        let own_key = json!({"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "DataKeyArn"}});
        let encryption = json!({"Fn::If": ["HasDataKey", own_key, {"SSEEnabled": true}]});
        assert_eq!(properties["SSESpecification"], encryption, "{}", table.name);
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
    assert_eq!(globals["Architectures"], json!([{"Ref": "Architecture"}]));
    assert_eq!(template.document()["Parameters"]["Architecture"]["Default"], "arm64");
    assert_eq!(globals["Runtime"], "provided.al2023");
    for function in template.functions().iter().filter(|function| !function.routes.is_empty()) {
        assert!(function.timeout.as_secs() < 30, "{}: API Gateway gives up after 30 seconds", function.name);
    }
}

#[test]
fn every_function_is_published_with_its_release_and_called_by_its_alias() {
    let template = template();
    let globals = &template.document()["Globals"]["Function"];
    assert_eq!(globals["AutoPublishAlias"], "live");
    for function in template.functions() {
        let properties = &resource(&template, &function.logical_id)["Properties"];
        // SAM by itself would not publish a function of which only a parameter is new.
        assert_eq!(properties["AutoPublishCodeSha256"], json!({"Ref": "Release"}), "{}", function.name);
    }
    let nightly = resource(&template, "NightlyRole")["Properties"]["Policies"].to_string();
    assert!(nightly.contains(r#"{"Ref":"AggregateDailyStats.Alias"}"#), "{nightly}");
}

#[test]
fn functions_with_a_route_are_deployed_gradually_and_workers_at_once() {
    let template = template();
    let gradually = &template.document()["Globals"]["Function"]["DeploymentPreference"];
    assert_eq!(gradually["Enabled"], json!({"Ref": "GradualDeployment"}));
    assert_eq!(gradually["Type"], "Canary10Percent5Minutes");
    let judges = ["ServerErrorsAlarm", "LatencyAlarm"].map(|id| &resource(&template, id)["Properties"]["AlarmName"]);
    assert_eq!(gradually["Alarms"], json!(judges));
    for function in template.functions() {
        let own = &resource(&template, &function.logical_id)["Properties"]["DeploymentPreference"];
        let at_once = if function.routes.is_empty() { json!({"Enabled": false}) } else { Value::Null };
        assert_eq!(*own, at_once, "{}", function.name);
    }
}

#[test]
fn every_route_has_the_limits_of_its_class() {
    let template = template();
    let api = &resource(&template, "Api")["Properties"];
    let limits = |class: &str| {
        let parameter = |what: &str| json!({"Ref": format!("{class}Throttle{what}")});
        json!({"ThrottlingRateLimit": parameter("Rate"), "ThrottlingBurstLimit": parameter("Burst")})
    };
    let mut expected = serde_json::Map::new();
    for route in template.functions().iter().flat_map(|function| &function.routes) {
        let class = match route.method.as_str() {
            _ if route.path.starts_with("/v1/admin/") => "Admin",
            "GET" => continue,
            _ => "Command",
        };
        expected.insert(format!("{} {}", route.method, route.path), limits(class));
    }
    assert_eq!(api["RouteSettings"], Value::Object(expected));
    assert_eq!(api["DefaultRouteSettings"], limits(""), "what reads has the limits of the stage");
}

#[test]
fn every_queue_refuses_what_comes_without_tls() {
    let template = template();
    for (name, id) in template.stores().unwrap().iter().filter(|(name, _)| template.table(name).is_none()) {
        let policy = &resource(&template, &format!("{id}Policy"))["Properties"];
        assert_eq!(policy["Queues"], json!([{"Ref": id}]), "{name}");
        let denial = json!([{
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": {"Fn::GetAtt": [id, "Arn"]},
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }]);
        assert_eq!(policy["PolicyDocument"]["Statement"], denial, "{name}");
    }
}

#[test]
fn every_role_may_use_the_data_key_and_senders_may_have_keys_made() {
    let template = template();
    let roles = template.document()["Resources"].as_object().unwrap().iter();
    let roles = roles.filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role");
    let sends = |role: &Value| role["Properties"]["Policies"].to_string().contains("sqs:SendMessage");
    let (mut all, mut senders) = (BTreeSet::new(), BTreeSet::new());
    for (id, role) in roles {
        all.insert(id.as_str());
        senders.extend(sends(role).then_some(id.as_str()));
    }
    // It moves aliases, and touches no data.
    assert!(all.remove("ReleaseRole"));
    for (policy, roles) in [("UseDataKey", all), ("SendWithDataKey", senders)] {
        let policy = resource(&template, policy);
        assert_eq!(policy["Condition"], "HasDataKey");
        let named = policy["Properties"]["Roles"].as_array().unwrap().iter().map(|role| role["Ref"].as_str().unwrap());
        assert_eq!(named.collect::<BTreeSet<_>>(), roles);
        assert_eq!(policy["Properties"]["PolicyDocument"]["Statement"][0]["Resource"], json!({"Ref": "DataKeyArn"}));
    }
}

#[test]
fn concurrency_is_reserved_only_when_asked_for() {
    let template = template();
    let reserved = [
        ("issue-coupon", "ReserveForFlashSale", "FlashSaleConcurrency"),
        ("publish-order-events", "ReserveForWorkers", "WorkerConcurrency"),
        ("record-sales", "ReserveForWorkers", "WorkerConcurrency"),
        ("aggregate-daily-stats", "ReserveForWorkers", "WorkerConcurrency"),
    ];
    for function in template.functions() {
        let properties = &resource(&template, &function.logical_id)["Properties"];
        let expected = reserved
            .iter()
            .find(|(name, ..)| *name == function.name)
            .map_or(Value::Null, |(_, when, most)| json!({"Fn::If": [when, {"Ref": most}, {"Ref": "AWS::NoValue"}]}));
        assert_eq!(properties["ReservedConcurrentExecutions"], expected, "{}", function.name);
    }
    for parameter in ["FlashSaleConcurrency", "WorkerConcurrency"] {
        assert_eq!(template.document()["Parameters"][parameter]["Default"], 0, "a new account has none to spare");
    }
}
