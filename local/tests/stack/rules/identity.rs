//! Who may do what: the token's subject and scopes, and nothing else.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use libtest_mimic::Trial;
use reqwest::Method;
use serde_json::{Value, json};
use sijang_local::issuer::{ADMIN, CUSTOMER, Issuer};
use tempfile::NamedTempFile;
use ulid::Ulid;

use crate::{
    shop::{Shop, order, text},
    world::{World, trial},
};

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![
        trial(world, "rules::identity::without_a_token_only_the_catalogue_is_open", without_a_token),
        trial(world, "rules::identity::a_token_must_be_valid_in_every_respect", invalid_tokens),
        trial(world, "rules::identity::each_route_needs_its_scope", scopes),
        trial(world, "rules::identity::the_function_asks_for_identity_and_scope_again", past_the_gateway),
        trial(world, "rules::identity::a_subject_that_nobody_can_have_is_nobody", impossible_subject),
        trial(world, "rules::identity::another_customers_order_is_not_there", anothers_order),
    ]
}

const NO_ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

fn customer_routes() -> Vec<(Method, String)> {
    vec![
        (Method::GET, "/v1/me/balance".to_owned()),
        (Method::POST, "/v1/me/balance/deposits".to_owned()),
        (Method::GET, "/v1/me/balance/transactions".to_owned()),
        (Method::GET, "/v1/me/coupons".to_owned()),
        (Method::POST, format!("/v1/coupons/{NO_ID}/issues")),
        (Method::POST, "/v1/orders".to_owned()),
        (Method::GET, "/v1/orders".to_owned()),
        (Method::GET, format!("/v1/orders/{NO_ID}")),
        (Method::POST, format!("/v1/orders/{NO_ID}/cancel")),
    ]
}

fn admin_routes() -> Vec<(Method, String)> {
    vec![
        (Method::POST, "/v1/admin/products".to_owned()),
        (Method::PATCH, format!("/v1/admin/products/{NO_ID}")),
        (Method::POST, format!("/v1/admin/products/{NO_ID}/stock-adjustments")),
        (Method::POST, "/v1/admin/coupons".to_owned()),
        (Method::GET, "/v1/admin/stats/daily?date=2026-01-01".to_owned()),
    ]
}

async fn without_a_token(shop: Shop) {
    let nobody = shop.nobody();
    for (method, path) in customer_routes().into_iter().chain(admin_routes()) {
        nobody.request(method, &path).await.stopped_at_the_gateway(401);
    }
    let product = shop.product(100, 1).await;
    for path in ["/v1/products", "/v1/products/popular", "/v1/coupons", &format!("/v1/products/{product}")] {
        nobody.get(path).await.value(200);
    }
    nobody.get("/v1/nothing-of-the-kind").await.stopped_at_the_gateway(404);
}

async fn invalid_tokens(shop: Shop) {
    let issuer = shop.stack().issuer();
    let now = Timestamp::now().as_second();
    let with = |name: &str, value: Value| {
        let mut claims = issuer.claims("customer-with-a-bad-token", &[CUSTOMER], now);
        claims[name] = value;
        issuer.sign(&claims).unwrap()
    };
    let good = with("jti", json!("a good one"));
    let parts: Vec<&str> = good.split('.').collect();
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());

    // An issuer with another key that says that it is ours.
    let key = NamedTempFile::new().unwrap();
    std::fs::remove_file(key.path()).unwrap();
    let foreign = Issuer::open(key.path(), issuer.url()).unwrap();
    let foreign = foreign.sign(&issuer.claims("customer", &[CUSTOMER], now)).unwrap();
    let richer = encoded(&issuer.claims("someone-else", &[CUSTOMER, ADMIN], now));

    let bad = [
        ("expired", with("exp", json!(now - 3_600))),
        ("not good yet", with("nbf", json!(now + 3_600))),
        ("for another audience", with("aud", json!("another-shop"))),
        ("by another issuer", with("iss", json!("https://example.com"))),
        ("signed with another key", foreign.clone()),
        (
            "signed with another key, under our key's name",
            format!("{}.{}", parts[0], foreign.split_once('.').unwrap().1),
        ),
        ("with changed claims", format!("{}.{richer}.{}", parts[0], parts[2])),
        ("not signed", format!("{}.{}.", encoded(&json!({"alg": "none", "typ": "JWT"})), parts[1])),
        ("not signed, with a signature", format!("{}.{}.{}", encoded(&json!({"alg": "none"})), parts[1], parts[2])),
        ("cut off", good[..good.len() - 20].to_owned()),
        ("not a token", "opensesame".to_owned()),
    ];
    shop.bearer(&good).get("/v1/me/balance").await.value(200);
    for (what, token) in bad {
        let answer = shop.bearer(token).get("/v1/me/balance").await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.body);
        answer.stopped_at_the_gateway(401);
    }
}

async fn scopes(shop: Shop) {
    let name = || format!("scoped-{}", Ulid::generate());
    let customer = shop.person(name(), &[CUSTOMER]);
    for (method, path) in admin_routes() {
        customer.request(method, &path).await.stopped_at_the_gateway(403);
    }
    for nobody in [shop.person(name(), &[ADMIN]), shop.person(name(), &[]), shop.person(name(), &["shop/customers"])] {
        for (method, path) in customer_routes() {
            nobody.request(method, &path).await.stopped_at_the_gateway(403);
        }
    }
    let both = shop.person(name(), &[CUSTOMER, ADMIN]);
    both.get("/v1/me/balance").await.value(200);
    both.post("/v1/admin/products").new_key().text("{}").await.invalid("/name");
}

/// A gateway that was set up wrongly must not open the functions.
async fn past_the_gateway(shop: Shop) {
    let claims = |scope: &str| json!({"jwt": {"claims": {"sub": "intruder", "scope": scope}, "scopes": null}});
    for (authorizer, status, code) in [
        (json!(null), 401, "unauthenticated"),
        (json!({"jwt": {"claims": {"scope": ADMIN}, "scopes": null}}), 401, "unauthenticated"),
        (claims(CUSTOMER), 403, "forbidden"),
        (claims(""), 403, "forbidden"),
        (claims("shop/administrator"), 403, "forbidden"),
        (claims(ADMIN), 400, "malformed-json"),
    ] {
        let answer = invoke(&shop, &authorizer).await;
        assert_eq!(answer["statusCode"], status, "{answer}");
        let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)));
        crate::shop::PROVOKED.lock().unwrap().insert(code.to_owned());
        if status == 401 {
            assert_eq!(answer["headers"]["www-authenticate"], "Bearer");
        }
    }
}

async fn invoke(shop: &Shop, authorizer: &Value) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": "POST /v1/admin/products",
        "rawPath": "/v1/admin/products",
        "rawQueryString": "",
        "headers": {"host": "shop", "content-type": "application/json"},
        "requestContext": {
            "accountId": "000000000000", "apiId": "shop", "domainName": "shop", "domainPrefix": "shop",
            "http": {"method": "POST", "path": "/v1/admin/products", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test"},
            "requestId": "past-the-gateway", "routeKey": "POST /v1/admin/products", "stage": "$default",
            "time": "21/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_219_200_000_i64,
        },
        "isBase64Encoded": false,
    });
    if !authorizer.is_null() {
        event["requestContext"]["authorizer"] = authorizer.clone();
    }
    let invocation = shop.stack().invoke("create-product", &event).await.unwrap();
    assert_eq!(invocation.error, None, "{}", invocation.payload);
    invocation.payload
}

async fn impossible_subject(shop: Shop) {
    for name in ["사용자", "two words", ""] {
        let answer = shop.person(name.to_owned(), &[CUSTOMER]).get("/v1/me/balance").await;
        answer.problem(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
}

async fn anothers_order(shop: Shop) {
    let product = shop.product(100, 10).await;
    let (owner, other) = (shop.customer_with(1_000).await, shop.customer());
    let order = text(&owner.order(&order(&product, 1)).await.value(201)["order_id"]);
    owner.get(&format!("/v1/orders/{order}")).await.value(200);
    let problem = async |id: &str| {
        let answer = other.get(&format!("/v1/orders/{id}")).await;
        let mut problem = answer.problem(404, "order-not-found");
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    let anothers = problem(&order).await;
    assert_eq!(anothers, problem(NO_ID).await);
    assert_eq!(anothers, problem("no-id-at-all").await);
    assert!(other.all("/v1/orders", 10).await.is_empty());
}
