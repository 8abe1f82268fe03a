//! `template.yaml` against the code and the design: every function is deployed, and no role permits more than it needs.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use regex_lite::Regex;
use serde_json::{Value, json};
use sijang_cloud::template::{Function, Route, Template};
use sijang_platform::Table;

fn template() -> Template {
    Template::load(&crate::root().join("template.yaml")).unwrap()
}

/// The files of `functions/src` in a folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = crate::root().join("functions/src").join(folder);
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The source file of each function, by the function's name: `functions/src/AREA/NAME.rs`.
fn function_sources() -> BTreeMap<String, PathBuf> {
    let areas = files("").into_iter().filter(|area| area.is_dir()).map(|area| stem(&area));
    let areas = areas.filter(|area| !["bin", "openapi"].contains(&area.as_str()));
    areas.flat_map(|area| files(&area)).map(|file| (stem(&file).replace('_', "-"), file)).collect()
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
fn functions_match_the_binaries_one_to_one() {
    let deployed: BTreeSet<String> = template().functions().iter().map(|function| function.name.clone()).collect();
    let written: BTreeSet<String> = function_sources().into_keys().collect();
    assert_eq!(deployed, written);
    assert_eq!(deployed, files("bin").iter().map(|file| stem(file)).collect());
}

#[test]
fn a_binary_starts_the_function_of_its_name() {
    let sources = function_sources();
    for binary in files("bin") {
        let name = stem(&binary);
        let source = &sources[&name];
        let (area, module) = (stem(source.parent().unwrap()), stem(source));
        let expected = format!(
            "//! Starts the function `{name}`.\n\nfn main() -> Result<(), sijang_edge::Error> {{\n    \
             sijang_functions::start(sijang_functions::{area}::{module}::run())\n}}\n"
        );
        assert_eq!(fs::read_to_string(&binary).unwrap(), expected, "{}", binary.display());
    }
}

#[test]
fn functions_name_their_route_in_their_first_line() {
    let sources = function_sources();
    for function in template().functions() {
        let source = fs::read_to_string(&sources[&function.name]).unwrap();
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
fn routes_need_a_token_with_a_scope_unless_public() {
    let template = template();
    let mut public = BTreeSet::new();
    for route in template.functions().iter().flat_map(|function| &function.routes) {
        match route.scopes.as_deref() {
            None => drop(public.insert(format!("{} {}", route.method, route.path))),
            Some(scopes) if route.path.starts_with("/v1/admin/") => assert_eq!(scopes, ["shop/admin"]),
            Some(scopes) => assert_eq!(scopes, ["shop/customer"]),
        }
    }
    let expected = [
        "/v1/coupons",
        "/v1/coupons/{coupon_id}",
        "/v1/health",
        "/v1/products",
        "/v1/products/popular",
        "/v1/products/{product_id}",
    ];
    assert_eq!(public, expected.map(|path| format!("GET {path}")).into());
    let auth = &resource(&template, "Api")["Properties"]["Auth"];
    assert_eq!(auth["DefaultAuthorizer"], "Token", "a route without an authorizer of its own needs a token");
}

#[test]
fn public_routes_answer_head_beside_get_and_others_do_not() {
    for function in template().functions() {
        let public = function.routes.iter().filter(|route| route.scopes.is_none());
        let expected: Vec<Route> = public.map(|route| Route { method: "HEAD".to_owned(), ..route.clone() }).collect();
        assert_eq!(function.heads, expected, "{}", function.name);
    }
}

#[test]
fn health_is_answered_without_a_table_or_a_queue() {
    let template = template();
    let health = template.function("get-health").unwrap();
    assert_eq!(
        (health.permissions.as_slice(), health.environment.keys().any(|name| name.ends_with("_TABLE"))),
        (&[][..], false)
    );
}

#[test]
fn routes_are_behind_the_authorizer_of_staff_or_of_customers() {
    let template = template();
    for function in template.functions().iter().filter(|function| !function.routes.is_empty()) {
        let route = trigger(&template, &function.logical_id, "HttpApi");
        let expected = match (&function.routes[0].scopes, route["Path"].as_str().unwrap()) {
            (None, _) => json!("NONE"),
            (_, path) if path.starts_with("/v1/admin/") => json!("Staff"),
            // The default.
            _ => Value::Null,
        };
        assert_eq!(route["Auth"]["Authorizer"], expected, "{}", function.name);
    }
}

#[test]
fn authorizers_accept_the_clients_of_one_pool_or_one_audience() {
    let template = template();
    let authorizers = &resource(&template, "Api")["Properties"]["Auth"]["Authorizers"];
    assert_eq!(authorizers.as_object().unwrap().len(), 2);
    let expected = [
        ("Token", "UserPool", json!([{"Ref": "StorefrontClient"}]), "JwtAudience"),
        ("Staff", "StaffPool", json!([{"Ref": "StaffClient"}, {"Ref": "MachineClient"}]), "StaffAudience"),
    ];
    for (name, pool, clients, audience) in expected {
        let own = format!("https://cognito-idp.${{AWS::Region}}.amazonaws.com/${{{pool}}}");
        let issuer = json!({"Fn::If": ["MakeUserPool", {"Fn::Sub": own}, {"Ref": "JwtIssuer"}]});
        let audience = json!({"Fn::If": ["MakeUserPool", clients, [{"Ref": audience}]]});
        assert_eq!(authorizers[name]["JwtConfiguration"], json!({"issuer": issuer, "audience": audience}), "{name}");
        assert_eq!(authorizers[name]["IdentitySource"], "$request.header.Authorization", "{name}");
    }
}

#[test]
fn an_own_issuer_needs_both_audiences_and_ses_needs_a_sender() {
    let rules = &template().document()["Rules"].clone();
    let given = |parameter: &str| json!({"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]});
    for (rule, when, needed) in [
        ("OwnIssuerHasAudiences", "JwtIssuer", &["JwtAudience", "StaffAudience"][..]),
        ("SesIdentityHasSender", "SesIdentityArn", &["EmailSender"]),
    ] {
        assert_eq!(rules[rule]["RuleCondition"], given(when), "{rule}");
        let asserted = rules[rule]["Assertions"].as_array().unwrap().iter().map(|one| one["Assert"].clone());
        assert_eq!(asserted.collect::<Vec<_>>(), needed.iter().map(|name| given(name)).collect::<Vec<_>>(), "{rule}");
    }
}

/// The identity resources, all of which exist only without an issuer of one's own.
fn identity<'a>(template: &'a Template, id: &str) -> &'a Value {
    let resource = resource(template, id);
    assert_eq!(resource["Condition"], "MakeUserPool", "{id}");
    &resource["Properties"]
}

#[test]
fn customers_sign_up_themselves_and_staff_are_created_with_mfa() {
    let template = template();
    let (customers, staff) = (identity(&template, "UserPool"), identity(&template, "StaffPool"));
    assert_eq!(customers["AdminCreateUserConfig"], Value::Null, "customers sign themselves up");
    assert_eq!(staff["AdminCreateUserConfig"], json!({"AllowAdminCreateUserOnly": true}));
    assert_eq!((&staff["MfaConfiguration"], &staff["EnabledMfas"]), (&json!("ON"), &json!(["SOFTWARE_TOKEN_MFA"])));
    let recovery = |pool: &Value| pool["AccountRecoverySetting"]["RecoveryMechanisms"][0]["Name"].clone();
    assert_eq!([recovery(customers), recovery(staff)], ["verified_email", "admin_only"]);
    for (id, pool) in [("UserPool", customers), ("StaffPool", staff)] {
        assert_eq!(pool["UsernameAttributes"], json!(["email"]), "{id}");
        assert_eq!(pool["UsernameConfiguration"], json!({"CaseSensitive": false}), "{id}");
        assert_eq!(resource(&template, id)["UpdateReplacePolicy"], "Retain", "{id}");
        let ses = json!({
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": {"Ref": "SesIdentityArn"},
            "From": {"Ref": "EmailSender"},
        });
        let mail = json!({"Fn::If": ["SendMailBySes", ses, {"EmailSendingAccount": "COGNITO_DEFAULT"}]});
        assert_eq!(pool["EmailConfiguration"], mail, "{id}");
    }
}

#[test]
fn a_pool_has_only_the_scope_of_its_people() {
    let template = template();
    for (id, pool, scope) in [("UserPoolScopes", "UserPool", "customer"), ("StaffPoolScopes", "StaffPool", "admin")] {
        let server = identity(&template, id);
        assert_eq!((&server["UserPoolId"], &server["Identifier"]), (&json!({"Ref": pool}), &json!("shop")), "{id}");
        let scopes = server["Scopes"].as_array().unwrap();
        assert_eq!(scopes.iter().map(|scope| &scope["ScopeName"]).collect::<Vec<_>>(), [scope], "{id}");
    }
    let clients = template.document()["Resources"].as_object().unwrap().iter();
    let clients = clients.filter(|(_, resource)| resource["Type"] == "AWS::Cognito::UserPoolClient");
    assert_eq!(clients.count(), 3, "every client is in the tests below");
}

#[test]
fn people_sign_in_with_public_clients_by_code_only() {
    let template = template();
    let expected = [
        ("StorefrontClient", "UserPool", "shop/customer", "CallbackUrls", "LogoutUrls"),
        ("StaffClient", "StaffPool", "shop/admin", "StaffCallbackUrls", "StaffLogoutUrls"),
    ];
    for (id, pool, scope, callback, logout) in expected {
        let client = identity(&template, id);
        assert_eq!(client["UserPoolId"], json!({"Ref": pool}), "{id}");
        assert_eq!(client["GenerateSecret"], false, "{id}: a browser keeps no secret");
        assert_eq!(client["AllowedOAuthFlows"], json!(["code"]), "{id}");
        assert_eq!(client["AllowedOAuthScopes"], json!(["openid", scope]), "{id}");
        assert_eq!(client["ExplicitAuthFlows"], json!(["ALLOW_REFRESH_TOKEN_AUTH"]), "{id}: no password flow");
        assert_eq!(client["CallbackURLs"], json!({"Ref": callback}), "{id}");
        assert_eq!(client["LogoutURLs"], json!({"Ref": logout}), "{id}");
        assert_eq!(client["EnableTokenRevocation"], true, "{id}");
        assert_eq!(client["TokenValidityUnits"]["AccessToken"], "minutes", "{id}");
    }
    let minutes = &template.document()["Parameters"]["AccessTokenMinutes"];
    assert_eq!(identity(&template, "StorefrontClient")["AccessTokenValidity"], json!({"Ref": "AccessTokenMinutes"}));
    assert_eq!((&minutes["Default"], &minutes["MaxValue"]), (&json!(60), &json!(1_440)));
    assert_eq!(identity(&template, "StaffClient")["AccessTokenValidity"], 60);
}

#[test]
fn machines_have_a_client_with_a_secret_in_the_staff_pool() {
    let template = template();
    let client = identity(&template, "MachineClient");
    assert_eq!(client["UserPoolId"], json!({"Ref": "StaffPool"}));
    assert_eq!(client["GenerateSecret"], true);
    assert_eq!(client["AllowedOAuthFlows"], json!(["client_credentials"]));
    assert_eq!(client["AllowedOAuthScopes"], json!(["shop/admin"]));
    assert_eq!(client["AccessTokenValidity"], 60);
}

#[test]
fn outputs_name_everything_that_a_client_needs_to_sign_in() {
    let template = template();
    let outputs = &template.document()["Outputs"];
    for (output, domain) in [("SignInUrl", "UserPoolDomain"), ("StaffSignInUrl", "StaffPoolDomain")] {
        let url = format!("https://${{{domain}}}.auth.${{AWS::Region}}.amazoncognito.com");
        assert_eq!(outputs[output]["Value"], json!({"Fn::Sub": url}));
        assert_eq!(outputs[output]["Condition"], "MakeUserPool");
    }
    for client in ["StorefrontClient", "StaffClient", "MachineClient"] {
        assert_eq!(outputs[format!("{client}Id")]["Value"], json!({"Ref": client}));
    }
    let authorizers = &resource(&template, "Api")["Properties"]["Auth"]["Authorizers"];
    for (output, authorizer) in [("Issuer", "Token"), ("StaffIssuer", "Staff")] {
        assert_eq!(outputs[output]["Value"], authorizers[authorizer]["JwtConfiguration"]["issuer"]);
    }
}

/// Tables by the variable that names them.
const TABLES: [(&str, &str); 8] = [
    ("BALANCES_TABLE", "Balances"),
    ("PRODUCTS_TABLE", "Products"),
    ("COUPONS_TABLE", "Coupons"),
    ("USER_COUPONS_TABLE", "UserCoupons"),
    ("ORDERS_TABLE", "Orders"),
    ("EVENTS_TABLE", "Events"),
    ("SALES_TABLE", "Sales"),
    ("STAFF_ACTIONS_TABLE", "StaffActions"),
];

/// A permission of a role: action and resource.
fn permissions(function: &Function) -> impl Iterator<Item = (&str, &str)> {
    let statements = function.permissions.iter();
    statements
        .flat_map(|statement| statement.actions.iter().map(|action| (action.as_str(), statement.resource.as_str())))
}

#[test]
fn roles_name_exactly_the_tables_of_the_environment() {
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
fn roles_have_no_wildcards_and_never_scan_or_delete() {
    for function in template().functions() {
        for (action, resource) in permissions(function) {
            // An object is named by its key: all of a bucket's are allowed by one pattern.
            let named = action.strip_prefix("s3:").and(resource.strip_suffix("/*")).unwrap_or(resource);
            assert!(!action.contains('*') && !named.contains('*'), "{}: {action} on {resource}", function.name);
            for never in ["Scan", "DeleteItem", "DeleteTable", "PartiQL", "PurgeQueue"] {
                assert!(!action.contains(never), "{}: {action}", function.name);
            }
        }
    }
}

#[test]
fn tables_are_written_only_by_their_commands() {
    let mut writers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for function in template().functions() {
        for (action, resource) in permissions(function) {
            if ["PutItem", "UpdateItem", "BatchWriteItem"].iter().any(|write| action.ends_with(write)) {
                writers.entry(resource.to_owned()).or_default().insert(function.name.clone());
            }
        }
    }
    let commands = "adjust-balance adjust-stock cancel-customer-order cancel-order create-coupon create-product \
                    deposit-balance end-coupon place-order reshard-coupon reshard-stock update-product void-coupon";
    let of_staff = "adjust-balance adjust-stock cancel-customer-order create-coupon create-product end-coupon \
                    reshard-coupon reshard-stock update-product void-coupon";
    let expected = [
        ("Balances", "adjust-balance cancel-customer-order cancel-order deposit-balance place-order"),
        (
            "Products",
            "adjust-stock cancel-customer-order cancel-order create-product finish-commands place-order reshard-stock \
             update-product",
        ),
        ("Coupons", "create-coupon end-coupon finish-commands issue-coupon reshard-coupon void-coupon"),
        ("UserCoupons", "cancel-customer-order cancel-order issue-coupon place-order"),
        ("Orders", "cancel-customer-order cancel-order place-order"),
        ("Events", commands),
        ("Sales", "aggregate-daily-stats reconcile-day record-sales"),
        ("StaffActions", of_staff),
    ];
    let names = |names: &str| names.split(' ').map(ToOwned::to_owned).collect();
    let expected = expected.map(|(table, functions)| (table.to_owned(), names(functions)));
    assert_eq!(writers, BTreeMap::from(expected));
}

/// Functions that write shards outside transactions.
const ROLLING_OUT: [&str; 7] = [
    "adjust-stock",
    "end-coupon",
    "finish-commands",
    "reshard-coupon",
    "reshard-stock",
    "update-product",
    "void-coupon",
];

#[test]
fn money_stock_and_coupons_are_written_in_transactions_only() {
    let mut limited = 0;
    for function in template().functions() {
        for statement in function.permissions.iter().filter(|statement| statement.resource != "Sales") {
            // A rejection is stored by a single put under its key.
            if statement.resource == "Events" && statement.actions == ["dynamodb:PutItem"] {
                continue;
            }
            let writes = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"];
            // Commands of staff bring their change to one shard after the other, each by an update of its own.
            let rolls_out = ROLLING_OUT.contains(&function.name.as_str());
            let is_owner = ["Products", "Coupons"].contains(&statement.resource.as_str());
            if rolls_out && is_owner && statement.within.is_empty() {
                assert!(!statement.actions.contains(&"dynamodb:PutItem".to_owned()), "{}", function.name);
                continue;
            }
            if statement.actions.iter().any(|action| writes.contains(&action.as_str())) {
                assert_eq!(statement.within, ["TransactWriteItems"], "{}: {statement:?}", function.name);
                limited += 1;
            }
        }
    }
    assert!(limited > 0);
}

#[test]
fn order_events_outlast_their_consumer_and_move_to_the_dlq_after_ten() {
    let template = template();
    let consumer = template.function("record-sales").unwrap().timeout.as_secs();
    let queue = &resource(&template, "OrderEvents")["Properties"];
    assert!(queue["VisibilityTimeout"].as_u64().unwrap() >= 6 * consumer);
    assert_eq!(queue["RedrivePolicy"]["maxReceiveCount"], 10);
    assert_eq!(queue["RedrivePolicy"]["deadLetterTargetArn"], json!({"Fn::GetAtt": ["OrderEventsDlq", "Arn"]}));
}

#[test]
fn workers_report_partial_failures_and_relay_only_order_events() {
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
fn daily_aggregation_runs_at_ten_past_midnight_in_seoul() {
    let schedule = trigger(&template(), "AggregateDailyStats", "ScheduleV2");
    assert_eq!(schedule["ScheduleExpression"], "cron(10 0 * * ? *)");
    assert_eq!(schedule["ScheduleExpressionTimezone"], "Asia/Seoul");
    let input: Value = serde_json::from_str(schedule["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"scheduled_time": "<aws.scheduler.scheduled-time>"}));
}

#[test]
fn reconciliation_runs_every_quarter_hour_and_writes_only_its_progress() {
    let template = template();
    let schedule = trigger(&template, "ReconcileDay", "ScheduleV2");
    assert_eq!(schedule["ScheduleExpression"], "cron(0/15 1-4 * * ? *)");
    assert_eq!(schedule["ScheduleExpressionTimezone"], "Asia/Seoul");
    let reconciler = template.function("reconcile-day").unwrap();
    let writes = permissions(reconciler);
    let writes = writes.filter(|(action, _)| !["dynamodb:Query", "dynamodb:BatchGetItem"].contains(action));
    assert_eq!(writes.collect::<Vec<_>>(), [("dynamodb:PutItem", "Sales"), ("sqs:SendMessage", "ScheduleDlq")]);
    let marks = reconciler.permissions.iter().find(|statement| statement.actions == ["dynamodb:PutItem"]).unwrap();
    assert_eq!(marks.keys, ["BOOKS", "BOOKS#STOCK"]);
}

#[test]
fn the_export_runs_after_the_aggregation_and_writes_only_files() {
    let template = template();
    let schedule = trigger(&template, "ExportDay", "ScheduleV2");
    assert_eq!(schedule["ScheduleExpression"], "cron(30 1-4 * * ? *)");
    assert_eq!(schedule["ScheduleExpressionTimezone"], "Asia/Seoul");
    let permissions: Vec<_> = permissions(template.function("export-day").unwrap()).collect();
    let expected = [
        ("dynamodb:Query", "Sales"),
        ("s3:GetObject", "PlatformBucket/*"),
        ("s3:PutObject", "PlatformBucket/*"),
        ("s3:ListBucket", "PlatformBucket"),
        ("sqs:SendMessage", "ScheduleDlq"),
    ];
    assert_eq!(permissions, expected);
    let others = template.functions().iter().filter(|function| function.name != "export-day");
    let reads = |function: &Function| function.permissions.iter().any(|one| one.resource.starts_with("PlatformBucket"));
    assert!(!others.into_iter().any(reads), "no other function reads or writes a file");
}

#[test]
fn glue_tables_have_the_columns_of_the_files() {
    let template = template();
    let column = Regex::new(r"(?m)^  (?:REQUIRED|OPTIONAL) (\w+) (\w+)(.*);$").unwrap();
    for (table, id) in Table::ALL.into_iter().zip(["OrdersTable", "OrderLinesTable", "ProductDaysTable"]) {
        let input = &resource(&template, id)["Properties"]["TableInput"];
        assert_eq!(input["Name"], table.name());
        assert_eq!(input["PartitionKeys"], json!([{"Name": "day", "Type": "date"}]), "{id}");
        let location = format!("s3://${{PlatformBucket}}/{}/", table.name());
        assert_eq!(input["StorageDescriptor"]["Location"]["Fn::Sub"], location);
        let parameters = &input["Parameters"];
        assert_eq!(parameters["storage.location.template"]["Fn::Sub"], format!("{location}day=${{!day}}"));
        let kind = |physical: &str, logical: &str| match (physical, logical) {
            ("INT64", "") => "bigint",
            ("INT64", _) => "timestamp",
            _ => "string",
        };
        let columns = column.captures_iter(table.schema());
        let columns = columns.map(|found| json!({"Name": &found[2], "Type": kind(&found[1], &found[3])}));
        assert_eq!(input["StorageDescriptor"]["Columns"], Value::Array(columns.collect()), "{id}");
    }
}

#[test]
fn schedules_keep_the_runs_that_fail_in_every_attempt() {
    let template = template();
    let scheduled = [
        ("AggregateDailyStats", "aggregate-daily-stats"),
        ("ReconcileDay", "reconcile-day"),
        ("ExportDay", "export-day"),
    ];
    for (id, name) in scheduled {
        let invocation = &resource(&template, id)["Properties"]["EventInvokeConfig"];
        let queue = json!({"Fn::GetAtt": ["ScheduleDlq", "Arn"]});
        let failure = json!({"OnFailure": {"Type": "SQS", "Destination": queue}});
        assert_eq!(invocation["DestinationConfig"], failure, "{name}");
        assert_eq!(invocation["MaximumRetryAttempts"], 2, "{name}");
        assert_eq!(trigger(&template, id, "ScheduleV2")["DeadLetterConfig"], json!({"Arn": queue}), "{name}");
        let sends = permissions(template.function(name).unwrap()).any(|one| one == ("sqs:SendMessage", "ScheduleDlq"));
        assert!(sends, "{name}: Lambda sends with the permission of the function's role");
    }
    let functions = template.functions().iter().filter(|function| {
        let events = &resource(&template, &function.logical_id)["Properties"]["Events"];
        events.as_object().into_iter().flatten().any(|(_, event)| event["Type"] == "ScheduleV2")
    });
    assert_eq!(functions.count(), scheduled.len(), "every schedule is listed here");
}

#[test]
fn the_catalogue_index_projects_what_a_list_shows() {
    let template = template();
    let index = |table: &str| template.table(table).unwrap().indexes[0].clone();
    assert_eq!(
        index("products").included,
        Some(["name", "price", "details"].map(str::to_owned).to_vec()),
        "descriptions can be long"
    );
    assert_eq!(index("coupons").included, None, "a list of campaigns shows all of a campaign");
}

#[test]
fn stack_names_of_38_characters_leave_room_for_every_name() {
    let template = template();
    let document = template.document();
    let longest = "s".repeat(38);
    let limits = [
        ("AWS::Serverless::Function", "FunctionName", 64),
        ("AWS::SQS::Queue", "QueueName", 80),
        ("AWS::DynamoDB::Table", "TableName", 255),
        ("AWS::Cognito::UserPoolDomain", "Domain", 63),
        ("AWS::SNS::Topic", "TopicName", 256),
    ];
    let mut checked = 0;
    for (id, resource) in document["Resources"].as_object().unwrap() {
        for (_, property, limit) in limits.iter().filter(|(kind, ..)| resource["Type"] == *kind) {
            let name = resource["Properties"][property]["Fn::Sub"].as_str().unwrap();
            let name = name.replace("${AWS::StackName}", &longest).replace("${AWS::AccountId}", "123456789012");
            assert!(!name.contains("${") && name.len() <= *limit, "{id}: {name}");
            checked += 1;
        }
    }
    for id in ["AggregateDailyStats", "ReconcileDay"] {
        let name = trigger(&template, id, "ScheduleV2")["Name"]["Fn::Sub"].as_str().unwrap().to_owned();
        assert!(name.replace("${AWS::StackName}", &longest).len() <= 64, "{id}: {name}");
    }
    assert!(checked > 30, "{checked}");
}

#[test]
fn tables_are_encrypted_recoverable_and_retained_by_default() {
    let template = template();
    assert_eq!(template.tables().len(), 8);
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
fn functions_run_on_arm_and_time_out_before_the_gateway() {
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
fn functions_are_published_by_release_and_invoked_by_alias() {
    let template = template();
    let globals = &template.document()["Globals"]["Function"];
    assert_eq!(globals["AutoPublishAlias"], "live");
    for function in template.functions() {
        let properties = &resource(&template, &function.logical_id)["Properties"];
        // SAM would not publish a function of which only a parameter has changed.
        assert_eq!(properties["AutoPublishCodeSha256"], json!({"Ref": "Release"}), "{}", function.name);
    }
    // With another release, CloudFormation changes every function, and so resolves the secret again.
    assert_eq!(globals["Environment"]["Variables"]["RELEASE"], json!({"Ref": "Release"}));
    let policies = resource(&template, "AggregationScheduleRole")["Properties"]["Policies"].to_string();
    assert!(policies.contains(r#"{"Ref":"AggregateDailyStats.Alias"}"#), "{policies}");
}

#[test]
fn routed_functions_deploy_gradually_and_workers_at_once() {
    let template = template();
    let gradually = &template.document()["Globals"]["Function"]["DeploymentPreference"];
    assert_eq!(gradually["Enabled"], json!({"Ref": "GradualDeployment"}));
    assert_eq!(gradually["Type"], "Canary10Percent5Minutes");
    let alarms = ["ServerErrorsAlarm", "LatencyAlarm"].map(|id| &resource(&template, id)["Properties"]["AlarmName"]);
    assert_eq!(gradually["Alarms"], json!(alarms));
    for function in template.functions() {
        let own = &resource(&template, &function.logical_id)["Properties"]["DeploymentPreference"];
        let at_once = if function.routes.is_empty() { json!({"Enabled": false}) } else { Value::Null };
        assert_eq!(*own, at_once, "{}", function.name);
    }
}

#[test]
fn routes_have_the_throttling_of_their_class() {
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
fn queues_reject_requests_without_tls() {
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
fn roles_may_use_the_data_key_and_senders_generate_data_keys() {
    let template = template();
    let roles = template.document()["Resources"].as_object().unwrap().iter();
    let roles = roles.filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role");
    let sends = |role: &Value| role["Properties"]["Policies"].to_string().contains("sqs:SendMessage");
    let (mut all, mut senders) = (BTreeSet::new(), BTreeSet::new());
    for (id, role) in roles {
        all.insert(id.as_str());
        senders.extend(sends(role).then_some(id.as_str()));
    }
    // These touch no data.
    assert!(all.remove("ReleaseRole") && all.remove("GetHealthRole"));
    for (policy, roles) in [("UseDataKey", all), ("SendWithDataKey", senders)] {
        let policy = resource(&template, policy);
        assert_eq!(policy["Condition"], "HasDataKey");
        let named = policy["Properties"]["Roles"].as_array().unwrap().iter().map(|role| role["Ref"].as_str().unwrap());
        assert_eq!(named.collect::<BTreeSet<_>>(), roles);
        assert_eq!(policy["Properties"]["PolicyDocument"]["Statement"][0]["Resource"], json!({"Ref": "DataKeyArn"}));
    }
}

#[test]
fn concurrency_is_reserved_only_by_parameter() {
    let template = template();
    let reserved = [
        ("issue-coupon", "ReserveForFlashSale", "FlashSaleConcurrency"),
        ("publish-order-events", "ReserveForWorkers", "WorkerConcurrency"),
        ("finish-commands", "ReserveForWorkers", "WorkerConcurrency"),
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
    let parameters = &template.document()["Parameters"];
    assert_eq!(parameters["FlashSaleConcurrency"]["Default"], 0, "a new account has none to reserve");
    let workers = &parameters["WorkerConcurrency"];
    assert_eq!(workers["Default"], "0", "a new account has none to reserve");
    // Lambda rejects a reservation below the maximum of the queue's trigger.
    let maximum = &trigger(&template, "RecordSales", "SQS")["ScalingConfig"]["MaximumConcurrency"];
    let allowed = Regex::new(workers["AllowedPattern"].as_str().unwrap()).unwrap();
    for value in 0..200_u64 {
        let accepted = value == 0 || value >= maximum.as_u64().unwrap();
        assert_eq!(allowed.is_match(&value.to_string()), accepted, "{value}");
    }
}
