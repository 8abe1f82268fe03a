//! Odd events of the gateway through the runtime loop of the built functions: no event ends in the gateway's bare 500,
//! and each has the status and the problem code that stand here.
//!
//! The expectations were recorded with the reader of events that the edge had before it stood on `lambda_http`. Where
//! that reader failed, the expectation is the problem that the rest of the event deserves.

use std::collections::BTreeMap;

use axum::{Json, Router};
use serde_json::{Value, json};
use sijang_testkit::lambda::{Environment, Failure, PLENTY, RuntimeApi, functions};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinSet};

/// One event for a function, and the answer to it: `201`, or `400 malformed-json`.
struct Case {
    name: String,
    function: &'static str,
    event: Value,
    expected: &'static str,
}

/// A deposit, which looks at the token, at headers and at the body.
fn deposit() -> Value {
    let mut event: Value = serde_json::from_str(include_str!("../../../fixtures/events/place-order.json")).unwrap();
    event["routeKey"] = "POST /v1/me/balance/deposits".into();
    event["rawPath"] = "/v1/me/balance/deposits".into();
    event["requestContext"]["routeKey"] = event["routeKey"].clone();
    event["pathParameters"] = json!({"unused": "x"});
    event["body"] = json!({"amount": 1_000, "currency": "KRW"}).to_string().into();
    event["headers"]["x-forwarded-proto"] = "https".into();
    event
}

/// The event with another value at this place.
fn with(mut event: Value, place: &str, value: Value) -> Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = value;
    event
}

/// The event without the member at this place.
fn without(mut event: Value, place: &str) -> Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
    event
}

/// The places of all members, those of members in them too.
fn places(value: &Value, at: &str) -> Vec<String> {
    let members = value.as_object().into_iter().flatten();
    members
        .flat_map(|(name, member)| {
            let place = format!("{at}/{name}");
            let below = places(member, &place);
            [vec![place], below].concat()
        })
        .collect()
}

/// The answer to a deposit without a usable value at this place.
fn without_use_of(place: &str) -> &'static str {
    match place {
        "/requestContext"
        | "/requestContext/authorizer"
        | "/requestContext/authorizer/jwt"
        | "/requestContext/authorizer/jwt/claims"
        | "/requestContext/authorizer/jwt/claims/sub" => "401 unauthenticated",
        "/requestContext/authorizer/jwt/claims/scope" => "403 forbidden",
        "/headers" | "/headers/idempotency-key" => "400 idempotency-key-required",
        "/body" => "400 malformed-json",
        _ => "201",
    }
}

/// Each character in each text that a client chooses.
fn characters() -> Vec<Case> {
    let case = |place: &str, c: char, function, event, expected| {
        let name = format!("U+{:04X} in {place}", u32::from(c));
        Case { name, function, event, expected }
    };
    let products = |query: String| with(deposit(), "/rawQueryString", query.into());
    let all = '\u{0}'..='\u{ff}';
    all.flat_map(|c| {
        let is_name = !c.is_control();
        let is_key = c.is_ascii_alphanumeric() || "._:-".contains(c);
        [
            case(
                "a filter",
                c,
                "list-products",
                products(format!("name_prefix=a{c}")),
                if is_name { "200" } else { "400 invalid-request" },
            ),
            case("a limit", c, "list-products", products(format!("limit={c}x")), "400 invalid-request"),
            case("the name of a parameter", c, "list-products", products(format!("x{c}")), "400 invalid-request"),
            case("the path", c, "deposit-balance", with(deposit(), "/rawPath", format!("/v1/{c}").into()), "201"),
            case("the whole path", c, "deposit-balance", with(deposit(), "/rawPath", c.to_string().into()), "201"),
            case("the host", c, "deposit-balance", with(deposit(), "/headers/host", format!("a{c}b").into()), "201"),
            case(
                "the scheme",
                c,
                "deposit-balance",
                with(deposit(), "/headers/x-forwarded-proto", format!("h{c}").into()),
                "201",
            ),
            case(
                "the domain name",
                c,
                "deposit-balance",
                without(with(deposit(), "/requestContext/domainName", format!("a{c}b").into()), "/headers/host"),
                "201",
            ),
            case(
                "a header",
                c,
                "deposit-balance",
                with(deposit(), "/headers/idempotency-key", format!("k{c}").into()),
                if is_key { "201" } else { "400 idempotency-key-invalid" },
            ),
            case(
                "the name of a header",
                c,
                "deposit-balance",
                with(deposit(), &format!("/headers/x{}", if c == '/' { 'y' } else { c }), "a".into()),
                "201",
            ),
            case(
                "a path parameter",
                c,
                "get-product",
                with(deposit(), "/pathParameters", json!({"product_id": format!("a{c}")})),
                "404 product-not-found",
            ),
        ]
    })
    // A soft hyphen is for the domain to decide on.
    .filter(|case: &Case| case.name != "U+00AD in a filter")
    .collect()
}

/// Each member missing, and of each other type.
fn members() -> Vec<Case> {
    let mut cases = Vec::new();
    for place in places(&deposit(), "") {
        let expected = without_use_of(&place);
        let mut push = |what: String, event| {
            cases.push(Case { name: format!("{place} {what}"), function: "deposit-balance", event, expected });
        };
        push("missing".to_owned(), without(deposit(), &place));
        for odd in [json!(null), json!(7), json!(true), json!([7]), json!({"x": 7}), json!(1e300)] {
            if place == "/isBase64Encoded" && odd == json!(true) {
                continue;
            }
            push(format!("is {odd}"), with(deposit(), &place, odd));
        }
    }
    cases
}

/// Bodies that are said to be base64, and path parameters that are no text.
fn others() -> Vec<Case> {
    let body = |body: &str| {
        let event = with(deposit(), "/isBase64Encoded", true.into());
        with(event, "/body", body.into())
    };
    let mut cases = Vec::new();
    for text in ["{", "e30", "e30=\n", "가", "\u{0}", "{\"amount\":1000,\"currency\":\"KRW\"}", "====", "e3 0="] {
        let name = format!("a false base64 {text:?}");
        cases.push(Case { name, function: "deposit-balance", event: body(text), expected: "400 malformed-json" });
    }
    let good = "eyJhbW91bnQiOjEwMDAsImN1cnJlbmN5IjoiS1JXIn0=";
    cases.push(Case { name: "base64".to_owned(), function: "deposit-balance", event: body(good), expected: "201" });
    for odd in [json!(null), json!(7), json!([7]), json!({})] {
        let event = with(deposit(), "/pathParameters", json!({"product_id": odd}));
        let name = format!("a path parameter {odd}");
        cases.push(Case { name, function: "get-product", event, expected: "404 product-not-found" });
    }
    for (event, name) in [(json!({}), "{}"), (json!([]), "[]"), (json!(null), "null"), (json!("x"), "text")] {
        let name = format!("{name} as event");
        cases.push(Case { name, function: "deposit-balance", event, expected: "401 unauthenticated" });
    }
    let deep = (0..120).fold(json!(0), |below, _| json!([below]));
    let event = with(deposit(), "/headers/x", deep);
    cases.push(Case { name: "a deep header".to_owned(), function: "deposit-balance", event, expected: "201" });
    cases
}

/// `201`, `400 malformed-json`, or what became of the event without an answer.
fn shown(answer: Result<Value, Failure>) -> String {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return format!("bare 500: {failure:?}"),
    };
    let status = answer["statusCode"].as_u64().unwrap_or_default();
    let body: Value = answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    match body["code"].as_str() {
        Some(code) => format!("{status} {code}"),
        None => status.to_string(),
    }
}

/// A service that answers every call with nothing.
async fn empty_service(tasks: &mut JoinSet<std::io::Result<()>>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(async || Json(json!({})));
    tasks.spawn(async move { axum::serve(listener, router).await });
    endpoint
}

async fn start(function: &'static str, api: &RuntimeApi, endpoint: &str, folder: &TempDir) -> Environment {
    let session = api.open();
    let mut program = functions::bare(function, &session.address, folder.path());
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("CURSOR_KEY", "a key of the tests"),
        ("DEPOSIT_MIN", "100"),
        ("DEPOSIT_MAX", "1000000"),
        ("BALANCE_MAX", "10000000"),
        ("CANCELLATION_DAYS", "7"),
    ];
    program.environment.extend(variables.map(|(name, value)| (name.into(), value.into())));
    let tables = ["BALANCES", "PRODUCTS", "COUPONS", "USER_COUPONS", "ORDERS", "EVENTS", "SALES"];
    program.environment.extend(tables.map(|table| (format!("{table}_TABLE").into(), table.to_lowercase().into())));
    Environment::start(function, &program, session).await
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_events_are_answered_and_none_with_a_bare_500() {
    functions::build().await;
    let mut tasks = JoinSet::new();
    let endpoint = empty_service(&mut tasks).await;
    let api = RuntimeApi::start().await.unwrap();
    let folder = tempfile::Builder::new().prefix("odd-").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let cases = [characters(), members(), others()].into_iter().flatten().collect::<Vec<_>>();
    assert!(cases.len() >= 200);

    let mut environments: BTreeMap<&str, Environment> = BTreeMap::new();
    let (mut wrong, count) = (Vec::new(), cases.len());
    for Case { name, function, event, expected } in cases {
        let mut environment = match environments.remove(function) {
            Some(environment) => environment,
            None => start(function, &api, &endpoint, &folder).await,
        };
        let answer = environment.invoke(event, PLENTY).await;
        // A process that has ended cannot answer the next event.
        if !matches!(answer, Err(Failure::Exited | Failure::CutOff)) {
            environments.insert(function, environment);
        }
        let answer = shown(answer);
        if answer != expected {
            wrong.push(format!("{function}, {name}: {answer}, not {expected}"));
        }
    }
    for environment in environments.into_values() {
        environment.kill().await;
    }
    eprintln!("odd events: {count} answered, {} of them otherwise than expected", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
