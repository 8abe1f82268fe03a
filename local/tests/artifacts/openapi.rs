//! The contract against the code: the checked-in documents are what the code generates, they fit the template and the
//! problems, and no client of the last release is broken. `UPDATE_EXPECT=1 cargo test -p sijang-tests --test artifacts
//! openapi` rewrites the documents; on a release, `openapi.json` is copied to `openapi-released.json`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use serde_json::{Value, json};
use sijang_cloud::template::Template;
use sijang_domain::{CancellationPeriod, CloudEvent, Description, Name, Order, OrderEvent, Timestamp};
use sijang_edge::CATALOGUE;
use sijang_functions::openapi::{compatibility, document, events};

fn folder() -> PathBuf {
    crate::root().join("functions/openapi")
}

fn read(name: &str) -> Value {
    let file = folder().join(name);
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap()
}

fn template() -> Template {
    Template::load(&crate::root().join("template.yaml")).unwrap()
}

/// `(method, path, operation)` of every operation.
fn operations(document: &Value) -> Vec<(String, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
        })
        .collect()
}

#[test]
fn the_checked_in_documents_are_what_the_code_generates() {
    let write = std::env::var_os("UPDATE_EXPECT").is_some();
    let documents = events::documents().into_iter().chain([("openapi.json".to_owned(), document())]);
    for (name, generated) in documents {
        if write {
            fs::write(folder().join(&name), format!("{generated:#}\n")).unwrap();
        }
        assert!(read(&name) == generated, "{name} is not what the code generates: see the head of this file");
    }
}

#[test]
fn the_operations_are_the_routes_of_the_template_and_its_functions() {
    let document = read("openapi.json");
    let described: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(method, path, operation)| {
            (method, path.to_owned(), operation["operationId"].as_str().unwrap().to_owned())
        })
        .collect();
    let template = template();
    let routes = template.functions().iter().flat_map(|function| {
        function.routes.iter().map(|route| (route.method.clone(), route.path.clone(), function.name.clone()))
    });
    assert_eq!(described, routes.collect());
}

/// The targets of all `$ref` members.
fn references(value: &Value) -> Vec<&str> {
    let nested: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let own = value.get("$ref").and_then(Value::as_str);
    own.into_iter().chain(nested.into_iter().flat_map(references)).collect()
}

#[test]
fn every_reference_of_the_document_leads_to_a_component() {
    let document = document();
    let references = references(&document);
    let missing = |target: &&&str| target.strip_prefix('#').and_then(|pointer| document.pointer(pointer)).is_none();
    assert_eq!(references.iter().filter(missing).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(references.len() > 100, "references are found");
}

#[test]
fn an_operation_wants_the_scopes_that_its_route_wants() {
    let document = read("openapi.json");
    let described: BTreeMap<String, Value> = operations(&document)
        .into_iter()
        .map(|(method, path, operation)| (format!("{method} {path}"), operation["security"][0]["token"].clone()))
        .collect();
    let template = template();
    let routes = template.functions().iter().flat_map(|function| &function.routes);
    let wanted = routes.map(|route| (format!("{} {}", route.method, route.path), json!(route.scopes)));
    assert_eq!(described, wanted.collect());
}

#[test]
fn problem_types_and_answers_of_operations_are_the_same_set() {
    let document = document();
    let described: BTreeSet<&str> = operations(&document)
        .into_iter()
        .flat_map(|(_, _, operation)| {
            operation["x-problems"].as_array().unwrap().iter().map(|code| code.as_str().unwrap())
        })
        .collect();
    assert_eq!(described, CATALOGUE.iter().map(|kind| kind.code).collect());
}

#[test]
fn deposits_are_described_with_the_limits_that_the_template_sets() {
    let (document, template) = (document(), template());
    let amount = &document["components"]["schemas"]["DepositRequest"]["properties"]["amount"];
    for (limit, parameter) in [("minimum", "DepositMin"), ("maximum", "DepositMax")] {
        assert_eq!(amount[limit], template.document()["Parameters"][parameter]["Default"], "{limit}");
    }
}

/// Characters around every class that the rules for text tell apart.
fn characters() -> impl Iterator<Item = char> {
    let ranges = [0..0x3200, 0xd7a0..0xd800, 0xe000..0xe010, 0xf8f0..0x1_0000, 0x1_10a0..0x1_10d0, 0x1_3420..0x1_3460];
    let others = [0x1_bc90..0x1_bcb0, 0x1_d160..0x1_d190, 0x1_f34a..0x1_f34b, 0xd_fff0..0xe_1010, 0x10_fff0..0x11_0000];
    ranges.into_iter().chain(others).flatten().filter_map(char::from_u32)
}

#[test]
fn text_patterns_are_what_names_and_descriptions_take() {
    let schemas = &document()["components"]["schemas"];
    let (name, description) = (validator(&schemas["Name"]), validator(&schemas["Description"]));
    let wrong: Vec<char> = characters()
        .filter(|character| {
            let (alone, between) = (character.to_string(), format!("a{character}b"));
            name.is_valid(&json!(alone)) != Name::parse(&alone).is_ok()
                || name.is_valid(&json!(between)) != Name::parse(&between).is_ok()
                || description.is_valid(&json!(alone)) != Description::parse(&alone).is_ok()
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn time_pattern_is_what_times_take() {
    let validator = validator(&document()["components"]["schemas"]["Timestamp"]);
    let offsets =
        ["Z", "+00:00", "+23:59", "-23:59", "+24:00", "-24:00", "+09:60", "+0900", "z", "", "+9:00", "+09:00 "];
    let times = ["2026-11-28T00:00:00", "2026-11-28T23:59:59.123456789", "2026-11-28T24:00:00", "2026-11-28T00:00:60"];
    let others = [
        "1969-12-31T23:00:00",
        "2200-01-01T12:00:00",
        "2026-13-01T00:00:00",
        "2026-11-28T00:00:00.",
        "2026-11-28 00:00:00",
    ];
    for time in times.into_iter().chain(others) {
        for offset in offsets {
            let text = format!("{time}{offset}");
            assert_eq!(text.parse::<Timestamp>().is_ok(), validator.is_valid(&json!(text)), "{text}");
        }
    }
}

#[test]
fn every_example_is_valid_against_its_schema() {
    let document = document();
    let mut checked = 0;
    for (method, path, operation) in operations(&document) {
        let bodies = operation["responses"]
            .as_object()
            .unwrap()
            .values()
            .map(|response| resolved(&document, response))
            .chain(operation.get("requestBody"));
        let contents = bodies.filter_map(|body| body["content"].as_object()).flatten().map(|(_, content)| content);
        for content in contents {
            let named = content["examples"].as_object().into_iter().flatten();
            let named = named.map(|(code, _)| &document["components"]["examples"][code]["value"]);
            let schema = json!({"components": document["components"], "allOf": [content["schema"]]});
            let validator = validator(&schema);
            for example in named.chain(content.get("example")) {
                let wrong: Vec<_> = validator.iter_errors(example).map(|error| error.to_string()).collect();
                assert!(wrong.is_empty(), "{method} {path}: {example}: {wrong:?}");
                checked += 1;
            }
        }
        let success = operation["responses"].as_object().unwrap().iter().find(|(status, _)| status.starts_with('2'));
        assert!(success.unwrap().1["content"]["application/json"]["example"].is_object(), "{path} has no example");
    }
    assert!(checked > 150, "{checked} examples");
}

/// Values in answers that the last release did not have. A client meets them only where staff have used the commands
/// that bring them: the correction of a balance, the void of a campaign.
const ADDED_VALUES: [&str; 2] = ["ADJUSTMENT", "VOIDED"];

#[test]
fn nothing_breaks_the_clients_of_the_last_release() {
    let mut breaking = compatibility::breaking_changes(&read("openapi-released.json"), &document());
    let added = |change: &str| ADDED_VALUES.iter().any(|value| change.contains(&format!("has the value \"{value}\"")));
    breaking.retain(|change| !added(change));
    assert!(breaking.is_empty(), "without a new major version: {breaking:#?}");
}

#[test]
fn an_event_of_each_type_is_valid_against_its_schema_and_no_other() {
    let example =
        document()["paths"]["/v1/orders"]["post"]["responses"]["201"]["content"]["application/json"]["example"].clone();
    let paid: Order = serde_json::from_value(example).unwrap();
    let at = "2026-11-21T02:10:44.030Z".parse().unwrap();
    let cancelled = paid.clone().cancelled(at, CancellationPeriod::of_days(0)).unwrap();
    let event = |order| {
        let user_id = serde_json::from_value(json!("auth0|5f7c8ec7c33c6c004bbafe82")).unwrap();
        serde_json::to_value(CloudEvent::of(OrderEvent { user_id, order }, at)).unwrap()
    };
    let (paid, cancelled) = (event(paid), event(cancelled));
    let (of_paid, of_cancelled) = (read("order.paid.v1.json"), read("order.cancelled.v1.json"));
    for (schema, good, bad) in [(&of_paid, &paid, &cancelled), (&of_cancelled, &cancelled, &paid)] {
        let validator = validator(schema);
        let wrong: Vec<_> = validator.iter_errors(good).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(!validator.is_valid(bad));
        for field in ["id", "type", "time", "data"] {
            let mut spoiled = good.clone();
            spoiled[field] = json!("spoiled");
            assert!(!validator.is_valid(&spoiled), "{field}");
        }
    }
}

fn resolved<'a>(document: &'a Value, response: &'a Value) -> &'a Value {
    response["$ref"].as_str().map_or(response, |reference| document.pointer(&reference[1..]).unwrap())
}

fn validator(schema: &Value) -> jsonschema::Validator {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
    options.build(schema).unwrap()
}
