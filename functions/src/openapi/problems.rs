//! How an operation fails: the problems that its annotation names, and those that follow from its shape.
//!
//! A type of problem is a schema of its own, made from an example that the edge renders: what it says beyond the base is
//! there with its type. A status with several of them is told apart by `code`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use sijang_edge::{ProblemType, problem_examples};

use super::tidy;

/// The members that every problem has.
const BASE: [&str; 7] = ["type", "title", "status", "detail", "code", "request_id", "errors"];

/// Describes the failures of every operation, and the schemas of the problems.
pub(crate) fn describe(document: &mut Value) {
    let catalogue = problem_examples::problems();
    for operation in tidy::operations(document) {
        operation_fails(operation, &catalogue);
        operation_succeeds(operation);
    }
    let schemas = &mut document["components"]["schemas"];
    schemas["GatewayError"] = gateway_error();
    schemas["FieldError"] = field_error();
    schemas["Problem"] = base();
    for (kind, example) in &catalogue {
        schemas[schema_name(kind.code)] = schema(kind, example);
    }
    let examples = catalogue
        .iter()
        .map(|(kind, example)| (kind.code.to_owned(), json!({"summary": example["title"], "value": example})));
    document["components"]["examples"] = examples.collect::<Map<_, _>>().into();
    share_equal_responses(document);
    document["components"]["parameters"]["AcceptLanguage"] = json!({
        "name": "Accept-Language", "in": "header", "required": false,
        "description": "`ko` or `en`: the language of problems. English where neither is asked for.",
        "schema": {"type": "string"}, "example": "ko",
    });
}

/// A failure that is the same everywhere is described once.
fn share_equal_responses(document: &mut Value) {
    let names = [
        ("401", "Unauthenticated"),
        ("403", "Forbidden"),
        ("429", "TooManyRequests"),
        ("500", "InternalError"),
        ("503", "Busy"),
    ];
    let mut shared = Map::new();
    for operation in tidy::operations(document) {
        for (status, name) in names {
            let Some(response) = operation["responses"].get_mut(status) else { continue };
            let first = shared.entry(name.to_owned()).or_insert_with(|| response.clone());
            if first == response {
                *response = json!({"$ref": format!("#/components/responses/{name}")});
            }
        }
    }
    document["components"]["responses"] = shared.into();
}

/// The headers of a successful answer, and the 304 of a conditional read.
fn operation_succeeds(operation: &mut Value) {
    let has = |name: &str| parameter(operation, name).is_some();
    let text = |said: &str| json!({"description": said, "schema": {"type": "string"}});
    let mut headers = Map::new();
    if has("Idempotency-Key") {
        headers
            .insert("Idempotent-Replayed".into(), text("`true` when an earlier request with this key got the answer"));
    }
    let conditional = has("If-None-Match");
    if conditional {
        headers.insert("ETag".into(), text("Names this state of the answer"));
        headers.insert("Cache-Control".into(), text("For how many seconds it may be shown again"));
    }
    if operation["operationId"] == "place-order" {
        headers.insert("Location".into(), text("The order"));
    }
    let responses = &mut operation["responses"];
    if conditional {
        responses["304"] = json!({"description": "You have it: nothing has changed since `If-None-Match`", "headers": headers.clone()});
    }
    let success = responses.as_object_mut().into_iter().flatten().find(|(status, _)| status.starts_with('2'));
    if let Some((_, success)) = success.filter(|_| !headers.is_empty()) {
        success["headers"] = headers.into();
    }
    let parameters =
        operation.as_object_mut().map(|operation| operation.entry("parameters").or_insert_with(|| json!([])));
    if let Some(Value::Array(parameters)) = parameters {
        parameters.push(json!({"$ref": "#/components/parameters/AcceptLanguage"}));
    }
}

fn operation_fails(operation: &mut Value, catalogue: &[(&ProblemType, Value)]) {
    let codes = codes(operation);
    let mut by_status: BTreeMap<u16, Vec<&(&ProblemType, Value)>> = BTreeMap::new();
    for code in &codes {
        let found = catalogue.iter().find(|(kind, _)| kind.code == code);
        let found =
            found.unwrap_or_else(|| panic!("{} names a problem {code}, which there is not", operation["operationId"]));
        by_status.entry(found.0.status).or_default().push(found);
    }
    let mut responses: BTreeMap<u16, Value> =
        by_status.into_iter().map(|(status, problems)| (status, response(status, &problems))).collect();
    for (status, said) in gateway_answers(operation) {
        let response = responses.entry(status).or_insert_with(|| json!({"description": said}));
        response["content"]["application/json"] = json!({"schema": {"$ref": "#/components/schemas/GatewayError"}});
    }
    for (status, response) in responses {
        operation["responses"][status.to_string()] = response;
    }
    operation["x-problems"] = json!(codes);
}

/// The codes that the annotation names, and those that follow from parameters, body and security.
fn codes(operation: &Value) -> BTreeSet<String> {
    let named = operation["x-problems"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut codes: BTreeSet<String> = named.map(str::to_owned).collect();
    let mut also = |more: &[&str]| codes.extend(more.iter().map(|code| (*code).to_owned()));
    // A query parameter that is not known is rejected everywhere.
    also(&["internal-error", "busy", "invalid-request"]);
    if is_secured(operation) {
        also(&["unauthenticated", "forbidden"]);
    }
    if operation.get("requestBody").is_some() {
        also(&["malformed-json", "body-too-large", "unsupported-media-type"]);
    }
    if let Some(key) = parameter(operation, "Idempotency-Key") {
        also(&["idempotency-key-invalid"]);
        if key["required"] == true {
            also(&["idempotency-key-required", "idempotency-key-reused"]);
        }
    }
    if parameter(operation, "cursor").is_some() {
        also(&["invalid-cursor"]);
    }
    codes
}

/// The answers of API Gateway itself, before or after the function.
fn gateway_answers(operation: &Value) -> Vec<(u16, &'static str)> {
    let mut answers = vec![
        (429, "More requests than the API lets through"),
        (500, "Something went wrong on our side"),
        (503, "Busy; try again"),
    ];
    if is_secured(operation) {
        answers.extend([(401, "The token is missing or not valid"), (403, "The token lacks the scope")]);
    }
    if operation.get("requestBody").is_some() {
        answers.push((413, "The body is larger than API Gateway takes"));
    }
    if parameters(operation).any(|parameter| parameter["in"] == "path") {
        // A path segment that is empty or has a slash in it belongs to no route.
        answers.push((404, "There is no such route"));
    }
    answers
}

fn is_secured(operation: &Value) -> bool {
    operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty())
}

fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten()
}

fn parameter<'a>(operation: &'a Value, name: &str) -> Option<&'a Value> {
    parameters(operation).find(|parameter| parameter["name"] == name)
}

/// The response of one status, with an example of every problem that it can be.
fn response(status: u16, problems: &[&(&ProblemType, Value)]) -> Value {
    let reference = |code: &str| json!(format!("#/components/schemas/{}", schema_name(code)));
    let schema = match problems {
        [(kind, _)] => json!({"$ref": reference(kind.code)}),
        several => {
            let forms: Vec<Value> = several.iter().map(|(kind, _)| json!({"$ref": reference(kind.code)})).collect();
            let mapping: Map<String, Value> =
                several.iter().map(|(kind, _)| (kind.code.to_owned(), reference(kind.code))).collect();
            json!({"oneOf": forms, "discriminator": {"propertyName": "code", "mapping": mapping}})
        }
    };
    let examples: Map<String, Value> = problems
        .iter()
        .map(|(kind, _)| (kind.code.to_owned(), json!({"$ref": format!("#/components/examples/{}", kind.code)})))
        .collect();
    let said: Vec<String> = problems
        .iter()
        .map(|(kind, example)| format!("- `{}`: {}", kind.code, example["title"].as_str().unwrap_or_default()))
        .collect();
    let mut response = json!({
        "description": said.join("\n"),
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
        "headers": {"Content-Language": {"description": "`en` or `ko`", "schema": {"type": "string", "enum": ["en", "ko"]}}},
    });
    if status == 503 {
        response["headers"]["Retry-After"] =
            json!({"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 0}});
    }
    response
}

/// `insufficient-stock` is `InsufficientStockProblem`.
fn schema_name(code: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    format!("{}Problem", code.split('-').map(word).collect::<String>())
}

/// One type of problem: the base, its code, and what it says beyond.
fn schema(kind: &ProblemType, example: &Value) -> Value {
    let mut properties = base()["properties"].as_object().cloned().unwrap_or_default();
    properties.insert("type".into(), json!({"type": "string", "const": example["type"]}));
    properties.insert("code".into(), json!({"type": "string", "const": kind.code}));
    properties.insert("status".into(), json!({"type": "integer", "const": kind.status}));
    let mut required: Vec<&str> = BASE[..6].to_vec();
    if example.get("errors").is_none() {
        properties.remove("errors");
    } else {
        required.push("errors");
    }
    for (name, value) in example.as_object().into_iter().flatten().filter(|(name, _)| !BASE.contains(&name.as_str())) {
        properties.insert(name.clone(), member(name, value));
        required.push(name);
    }
    json!({"type": "object", "description": example["title"], "properties": properties, "required": required})
}

/// The schema of a member that only some problems have.
fn member(name: &str, value: &Value) -> Value {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    match (name, value) {
        ("products", _) => json!({"type": "array", "items": reference("ProductId")}),
        ("shortages", _) => json!({"type": "array", "items": reference("Shortage")}),
        ("changes", _) => json!({"type": "array", "items": reference("PriceChange")}),
        ("coupon", _) => reference("IssuedCoupon"),
        ("expired_at" | "ended_at" | "opens_at" | "closed_at" | "voided_at", Value::String(_)) => {
            reference("Timestamp")
        }
        (_, Value::Object(money)) if money.contains_key("currency") => reference("Money"),
        (_, Value::Number(_)) => json!({"type": "integer", "format": "int64"}),
        _ => panic!("the contract has no schema for the member {name} of a problem"),
    }
}

fn base() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457 problem details. Every type of problem has at least these members.",
        "properties": {
            "type": {"type": "string", "format": "uri-reference", "description": "`/problems/<code>`"},
            "title": {"type": "string", "description": "What it is, in Korean or English"},
            "status": {"type": "integer", "description": "The HTTP status"},
            "detail": {"type": "string", "description": "What happened this time, in Korean or English"},
            "code": {"type": "string", "description": "The type's stable name"},
            "request_id": {"type": "string", "description": "Names this request in the logs"},
            "errors": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/FieldError"}},
        },
        "required": &BASE[..6],
    })
}

fn field_error() -> Value {
    json!({
        "type": "object",
        "description": "What is wrong with one field.",
        "properties": {
            "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the body"},
            "parameter": {"type": "string", "description": "Name of the query or path parameter; of one that is not known at most 40 characters, with `_` for all but letters, digits, `.`, `-`, `[` and `]`"},
            "detail": {"type": "string", "description": "What is wrong, in Korean or English"},
        },
        "required": ["detail"],
        "oneOf": [{"required": ["pointer"]}, {"required": ["parameter"]}],
    })
}

fn gateway_error() -> Value {
    json!({
        "type": "object",
        "description": "An answer of API Gateway itself.",
        "properties": {"message": {"type": ["string", "null"]}},
        "required": ["message"],
    })
}
