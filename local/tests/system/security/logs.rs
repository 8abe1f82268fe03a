//! The logs of the functions: JSON lines, without anything of a request that would be worth stealing. Asked of a shop at the
//! most talkative level that the template has.

use std::{fs, sync::Arc};

use libtest_mimic::Completion;
use serde_json::{Value, json};
use sijang_cloud::{ministack::user_pool::ADMIN, stack::StackOptions};
use ulid::Ulid;

use super::routes::routes;
use sijang_testkit::http::{Shop, krw, order, text};

use crate::{stored::Stored, world::World};

/// Found in whatever a client can put it into.
const CANARY: &str = "kanarienvogel";
/// Found in a balance.
const AMOUNT: i64 = 987_653;

pub async fn nothing_of_a_request_is_in_the_logs(world: Arc<World>) -> Completion {
    let mut options = StackOptions::isolated(world.state_folder());
    options.parameters.insert("LogLevel".to_owned(), "debug".to_owned());
    let shop = world.start(options).await.unwrap();
    let secrets = live(&shop).await;
    Stored::once_counted(&shop).await;
    let event = json!({"scheduled_time": "2026-11-21T00:10:00+09:00"});
    for function in ["aggregate-daily-stats", "reconcile-day", "export-day"] {
        assert_eq!(shop.stack().invoke(function, &event).await.unwrap().error, None, "{function}");
    }
    // No command needed to be finished, perhaps: a process starts with its first invocation.
    assert_eq!(shop.stack().invoke("finish-commands", &json!({"Records": []})).await.unwrap().error, None);
    let mut lines = 0;
    for function in shop.stack().template().functions() {
        let log = fs::read_to_string(shop.stack().state().log(&function.name)).unwrap();
        assert!(!log.trim().is_empty(), "{} has logged nothing", function.name);
        for line in log.lines() {
            lines += 1;
            assert!(
                serde_json::from_str::<Value>(line)
                    .is_ok_and(|line| line["level"].is_string() || line["_aws"].is_object()),
                "no JSON: {line}"
            );
            for secret in &secrets {
                assert!(!line.contains(secret.as_str()), "{} logs {secret}: {line}", function.name);
            }
        }
        if !function.routes.is_empty() {
            let request = log.lines().any(|line| line.contains("\"outcome\""));
            assert!(request, "{} does not say how a request ended", function.name);
        }
    }
    eprintln!("security: {lines} lines of log without any of {} secrets", secrets.len());
    shop.close().await;
    Completion::Completed
}

/// Does everything that there is to do, with canaries everywhere; what must not be in the logs.
async fn live(shop: &Shop) -> Vec<String> {
    let name = format!("{CANARY}-{}", Ulid::generate());
    let [customer, staff] = [shop.customer_named(name.clone()), shop.staff_named(name.clone())];
    let person = &customer;
    let product = shop.product(1_000, 100).await;
    let key = |what: &str| format!("{CANARY}-{what}");
    person.post("/v1/me/balance/deposits").key(&key("deposit")).json(&krw(AMOUNT)).await.value(201);
    let placed = person.post("/v1/orders").key(&key("order")).json(&order(&product, 1)).await.value(201);
    let path = format!("/v1/orders/{}/cancel", text(&placed["order_id"]));
    person.post(&path).key(&key("cancel")).await.value(200);
    person.order(&order(&product, 1)).await.value(201);
    let page = person.get("/v1/orders?limit=1").await.value(200);
    let cursor = text(&page["next_cursor"]);
    person.get(&format!("/v1/orders?limit=1&cursor={cursor}")).await.value(200);
    for route in routes() {
        let person = if route.scope.as_deref() == Some(ADMIN) { &staff } else { &customer };
        let dressed = |request: sijang_testkit::http::Request| {
            request.header("user-agent", CANARY).header("x-canary", CANARY).header("accept-language", CANARY)
        };
        let request = person.request(route.method.clone(), &route.path_to(&Ulid::generate().to_string()));
        dressed(request.key(&key(&route.function)).json(&json!({CANARY: CANARY}))).await;
        let path = route.path_to(CANARY);
        let separator = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{separator}{CANARY}={CANARY}&cursor={CANARY}");
        dressed(person.request(route.method.clone(), &path).key(&format!("{CANARY} {CANARY}"))).await;
        dressed(route.request(person, &product)).await;
    }
    let tokens = [customer, staff].map(|person| person.token().unwrap().to_owned());
    let parts = tokens.iter().flat_map(|token| token.split('.').map(ToOwned::to_owned));
    let pseudonym = pseudonym(&name);
    let log = fs::read_to_string(shop.stack().state().log("place-order")).unwrap();
    assert!(log.contains(&pseudonym), "an operator can find a customer's requests");
    let amounts = [AMOUNT, AMOUNT - 1_000].map(|amount| amount.to_string());
    parts.chain(amounts).chain([CANARY.to_owned(), cursor, name, "Bearer".to_owned()]).collect()
}

/// As the documentation tells an operator to make it.
fn pseudonym(name: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
    let first: [u8; 8] = digest.as_ref()[..8].try_into().unwrap();
    format!("{:016x}", u64::from_be_bytes(first))
}
