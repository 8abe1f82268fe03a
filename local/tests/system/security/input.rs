//! Hostile input: rejected with a problem of a fixed code, never repeated, and without a word of how it was read.

use serde_json::{Value, json};
use ulid::Ulid;

use super::{
    routes::{Route, routes},
    tokens::anybody,
};
use sijang_testkit::http::{Answer, Person, Request, Shop};

use crate::stored;

/// In every input, and in no answer.
const CANARY: &str = "kanarienvogel";

/// Texts that would reveal the code behind an answer: Rust types, messages of parsers.
const TELLTALES: [&str; 24] = [
    "::",
    "struct ",
    "enum ",
    "variant",
    "expected",
    "invalid type",
    "invalid value",
    "at line",
    "column",
    "serde",
    "sijang_",
    "u8",
    "u32",
    "u64",
    "usize",
    "i64",
    "f64",
    "alloc",
    "Option<",
    "Vec<",
    "Result<",
    "panicked",
    "recursion",
    "EOF",
];

/// Values that no field takes, whatever its type.
fn values() -> Vec<String> {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut values: Vec<String> = [
        "null",
        "true",
        "1.5",
        "1.0",
        "1e2",
        "1E400",
        "-0",
        "-0.0",
        "0x10",
        "01",
        "+1",
        "NaN",
        "Infinity",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "99999999999999999999999999999999",
        "{}",
        "[]",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\x\"",
        "\"",
        "'x'",
        "\"\u{0}\"",
    ]
    .map(str::to_owned)
    .into();
    values.extend([
        format!("\"{CANARY}\\u0000\""),
        format!("\"{CANARY}\\u001b[31m\""),
        format!("\"{CANARY}\\u0085\""),
        format!("\"{}\"", CANARY.repeat(200)),
        format!("{{\"{CANARY}\":1}}"),
        format!("[\"{CANARY}\"]"),
        CANARY.to_owned(),
        nested(100),
        nested(5_000),
        format!("{{\"{CANARY}\":{}}}", nested(1_000)),
    ]);
    values
}

/// Names that no object has.
fn names() -> [String; 6] {
    [
        CANARY,
        &format!("{CANARY}/x"),
        &format!("a/{CANARY}~1"),
        &format!("`{CANARY}`"),
        &format!("{CANARY}가\\u0000"),
        "__proto__",
    ]
    .map(str::to_owned)
}

const HERE: &str = "\"@here@\"";

/// The document with `"@here@"` in place of each value in it, one at a time; with `"@here@":0` added to each object.
fn places(document: &Value) -> (Vec<String>, Vec<(String, String)>) {
    let (mut values, mut objects) = (Vec::new(), Vec::new());
    let mut pending = vec![String::new()];
    while let Some(pointer) = pending.pop() {
        let found = document.pointer(&pointer).unwrap();
        let mut with = document.clone();
        match found {
            Value::Object(members) => {
                pending.extend(members.keys().map(|name| format!("{pointer}/{name}")));
                with.pointer_mut(&pointer).unwrap()["@here@"] = json!(0);
                let (name, value) = members.iter().next().unwrap();
                objects.push((with.to_string(), format!("\"{name}\":{value}")));
            }
            Value::Array(elements) => pending.extend((0..elements.len()).map(|index| format!("{pointer}/{index}"))),
            _ => {
                *with.pointer_mut(&pointer).unwrap() = json!("@here@");
                values.push(with.to_string());
            }
        }
    }
    (values, objects)
}

/// Bodies that are no request for this function, whatever it is.
fn bodies(example: &Value) -> Vec<Vec<u8>> {
    let good = example.to_string();
    let (in_values, in_objects) = places(example);
    let mut bodies = Vec::new();
    for place in in_values {
        bodies.extend(values().iter().map(|value| place.replace(HERE, value).into_bytes()));
    }
    for (place, repeated) in in_objects {
        let member = format!("{HERE}:0");
        bodies.extend(names().iter().map(|name| place.replace(&member, &format!("\"{name}\":0")).into_bytes()));
        bodies.push(place.replace(&member, &repeated).into_bytes());
    }
    let whole = [
        String::new(),
        " ".to_owned(),
        "7".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        format!("[{good}]"),
        format!("\"{CANARY}\""),
        format!("\u{feff}\u{feff}{good}"),
        format!("{good}{good}"),
        format!("{good} {CANARY}"),
        format!("{good}\u{0}"),
        format!("// {CANARY}\n{good}"),
        format!("amount=1&{CANARY}=2"),
        format!("<x>{CANARY}</x>"),
        good[..good.rfind(':').unwrap()].to_owned(),
        format!("{good}{}", " ".repeat(17 * 1024)),
        format!("{{\"{}\":0}}", CANARY.repeat(1_200)),
    ];
    bodies.extend(whole.map(String::into_bytes));
    bodies.push([b"\xff\xfe", good.as_bytes()].concat());
    bodies.push(good.encode_utf16().flat_map(u16::to_le_bytes).collect());
    bodies
}

pub async fn hostile_input_is_rejected_and_never_repeated(shop: Shop) {
    let people = anybody(&shop);
    let mut tally = Tally::default();
    for route in routes() {
        let person = people.for_route(&route);
        if let Some(example) = &route.body {
            for body in bodies(example) {
                let request = || route_to(&route, person).new_key();
                tally.rejected(&request().text(body.clone()).await);
                // Without a type, the gateway hands it over in base64.
                tally.rejected(&request().typed("", body).await);
            }
        }
        parameters(&mut tally, &route, person).await;
        headers(&mut tally, &route, person).await;
        raw_queries(&mut tally, &shop, &route).await;
    }
    eprintln!("security: {} hostile inputs over {} routes rejected", tally.rejected, routes().len());
    assert!(tally.wrong.is_empty(), "{} of them: {:#?}", tally.wrong.len(), &tally.wrong[..tally.wrong.len().min(20)]);
    assert!(!stored::mentions(&shop, people.customer.name()).await, "a rejected request left a trace");
    assert!(!stored::mentions(&shop, CANARY).await, "a rejected request left a trace");
}

fn route_to(route: &Route, person: &Person) -> Request {
    person.request(route.method.clone(), &route.path_to(&Ulid::generate().to_string()))
}

async fn parameters(tally: &mut Tally, route: &Route, person: &Person) {
    let path = route.path_to(&Ulid::generate().to_string());
    let asking = |query: &str| {
        let separator = if path.contains('?') { '&' } else { '?' };
        person.request(route.method.clone(), &format!("{path}{separator}{query}"))
    };
    for query in
        [&format!("a={CANARY}"), &format!("limi%74={CANARY}"), "user_id=1", "limit[]=1", "=", "Limit=1", "%3Cscript%3E"]
    {
        let known = query.starts_with("limi%74") && route.query.iter().any(|name| name == "limit");
        let answer = asking(query).await;
        tally.rejected(&answer);
        if !known && answer.code().as_deref() != Some("invalid-request") {
            tally.wrong.push(format!("{} ?{query}: {}", route.name(), answer.body));
        }
    }
    for name in &route.query {
        tally.rejected(&asking(&format!("{name}=1&{name}=2")).await);
        for value in
            [CANARY.repeat(300), format!("%00{CANARY}"), format!("%0D%0A{CANARY}%1b"), format!("%ff%00{CANARY}")]
        {
            tally.rejected(&asking(&format!("{name}={value}")).await);
        }
    }
    if route.path.contains('{') {
        for id in [
            CANARY,
            "%00",
            "..%2f..%2fetc",
            "%ED%A0%80",
            "%E0%80%80",
            "a%20b%3Cc%3E%22",
            "%F0%9F%92%A9",
            &CANARY.repeat(300),
        ] {
            // Whatever can be the subject of a token is a customer, and what staff add to a balance stays.
            if route.function == "adjust-balance" {
                continue;
            }
            let answer = route.request(person, id).await;
            if route.path.contains("{user_id}") {
                tally.about_nobody(&answer);
            } else {
                tally.absent(&answer);
            }
        }
    }
}

/// Absurd headers: the idempotency key is rejected; the others change nothing, and break nothing.
async fn headers(tally: &mut Tally, route: &Route, person: &Person) {
    let long = CANARY.repeat(400);
    let absurd: [&[u8]; 5] = [long.as_bytes(), b"\xff\xfe\x80", "가나다".as_bytes(), b"{\"a\":[1,2]}\t;;,,\"", b" "];
    for value in absurd {
        if route.is_command {
            let request = route_to(route, person).raw_header("idempotency-key", value);
            tally.rejected(&match &route.body {
                Some(body) => request.json(body).await,
                None => request.await,
            });
        }
        for name in [
            "accept-language",
            "if-none-match",
            "user-agent",
            "x-forwarded-proto",
            "x-forwarded-host",
            "content-language",
        ] {
            let answer = route_to(route, person).raw_header(name, value).await;
            tally.no_failure(&answer);
        }
    }
}

/// Requests that no client library would send, and a socket can: characters in a query that belong in no address.
async fn raw_queries(tally: &mut Tally, shop: &Shop, route: &Route) {
    for query in ["<script>=1", "a={\"b\"}|^`\\", "a=\u{0}\u{7f}", "가=나", "%=%zz&&==&", "a b"] {
        let mut event = route.event("somebody", &route.claims("somebody"));
        event["rawQueryString"] = json!(query);
        let invocation = shop.stack().invoke(&route.function, &event).await.unwrap();
        if invocation.error.is_some() || invocation.payload["statusCode"] != 400 {
            tally.wrong.push(format!("{} ?{query}: {}", route.name(), invocation.payload));
        }
        tally.rejected += 1;
    }
}

/// The results.
#[derive(Default)]
struct Tally {
    rejected: usize,
    wrong: Vec<String>,
}

impl Tally {
    /// Rejected for what was asked.
    fn rejected(&mut self, answer: &Answer) {
        const CODES: [&str; 6] = [
            "malformed-json",
            "body-too-large",
            "invalid-request",
            "invalid-cursor",
            "idempotency-key-invalid",
            "unsupported-media-type",
        ];
        let code = answer.code().unwrap_or_default();
        self.check(answer, answer.status == 400 && CODES.contains(&code.as_str()));
    }

    /// Not there, by the gateway or by the function.
    fn absent(&mut self, answer: &Answer) {
        self.check(answer, answer.status == 404);
    }

    /// Staff's read of a customer whom no token names: nothing, or not at all.
    fn about_nobody(&mut self, answer: &Answer) {
        self.check(answer, [200, 400, 404].contains(&answer.status.as_u16()));
    }

    fn no_failure(&mut self, answer: &Answer) {
        self.check(answer, !answer.status.is_server_error());
    }

    fn check(&mut self, answer: &Answer, good: bool) {
        // The request's name is random, and may look like anything.
        let mut body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        body.as_object_mut().and_then(|members| members.remove("request_id"));
        let said = body.to_string();
        let told = said.contains(CANARY) || TELLTALES.iter().any(|telltale| said.contains(telltale));
        let told = told && !answer.status.is_success();
        if good && !told {
            self.rejected += 1;
        } else {
            self.wrong.push(format!("{answer:?}").chars().take(600).collect());
        }
    }
}
