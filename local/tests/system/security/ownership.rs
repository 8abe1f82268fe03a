//! Two customers, and everything that is the one's in the hands of the other: it is answered like what does not exist,
//! and nothing of it changes.
//!
//! Every route of the contract has a row in [`attack`]; a new one without a row fails the test.

use serde_json::{Value, json};
use sijang_cloud::ministack::user_pool::{ADMIN, CUSTOMER};
use ulid::Ulid;

use super::routes::{Route, routes};
use sijang_testkit::http::{Answer, Person, Request, Shop, krw, order, order_with, text};

const PRICE: i64 = 5_000;

/// The owner's order, coupon and keys.
struct Belongings {
    product: String,
    orders: Vec<String>,
    /// A coupon that is not used yet, the last one of its campaign.
    coupon: String,
    /// Cursors of all of the owner's lists.
    cursors: Vec<String>,
    /// The keys of the owner's requests, with what was asked.
    ordered: Value,
    deposited: Value,
}

/// The customer whose things are reached for, and the one who reaches.
struct Two {
    owner: Person,
    other: Person,
    /// The owner's requests had this key.
    key: String,
    things: Belongings,
}

pub async fn what_belongs_to_another_is_not_there(shop: Shop) {
    let two = Two::meet(&shop).await;
    let before = two.seen_by_owner().await;
    let mut attempts = 0;
    for route in routes() {
        attempts += attack(&shop, &two, &route).await;
    }
    assert_eq!(two.seen_by_owner().await, before, "nothing of the owner's has changed");
    eprintln!("security: {attempts} attempts at another's things over {} routes came to nothing", routes().len());
}

impl Two {
    async fn meet(shop: &Shop) -> Self {
        let key = format!("key-{}", Ulid::generate());
        let (owner, other) = (shop.customer_with(20_000).await, shop.customer());
        let (product, coupon) = (shop.product(PRICE, 100).await, shop.coupon(json!({"total": 1})).await);
        let used = shop.coupon(json!({})).await;
        let (ordered, deposited) = (order(&product, 1), krw(1_000));
        owner.post("/v1/me/balance/deposits").key(&key).json(&deposited).await.value(201);
        owner.issue(&coupon).key(&key).await.value(201);
        owner.issue(&used).await.value(201);
        let first = owner.post("/v1/orders").key(&key).json(&ordered).await.value(201);
        let second = owner.order(&order_with(&product, 1, &used)).await.value(201);
        let third = owner.order(&ordered).await.value(201);
        let orders = [&first, &second, &third].map(|order| text(&order["order_id"]));
        for cancelled in &orders[..2] {
            owner.post(&format!("/v1/orders/{cancelled}/cancel")).key(&format!("{key}{cancelled}")).await.value(200);
        }
        owner.order(&ordered).await.value(201);
        let mut cursors = Vec::new();
        for list in ["/v1/me/balance/transactions", "/v1/me/coupons", "/v1/orders"] {
            cursors.push(first_cursor(&owner, list).await);
        }
        for status in ["PAID", "CANCELLED"] {
            cursors.push(first_cursor(&owner, &format!("/v1/orders?status={status}")).await);
        }
        let things = Belongings { product, orders: orders.into(), coupon, cursors, ordered, deposited };
        Self { owner, other, key, things }
    }

    /// Everything of the owner's that the owner sees.
    async fn seen_by_owner(&self) -> Vec<Value> {
        let mut seen = vec![self.owner.get("/v1/me/balance").await.value(200)];
        for list in ["/v1/me/balance/transactions", "/v1/me/coupons", "/v1/orders"] {
            seen.extend(self.owner.all(list, 100).await);
        }
        seen
    }

    /// Whether an answer names anything of the owner's.
    fn gives_away(&self, answer: &Answer) -> bool {
        let ids = self.things.orders.iter().chain(&self.things.cursors).map(String::as_str);
        ids.chain([self.owner.name()]).any(|id| answer.body.contains(id))
    }
}

async fn first_cursor(person: &Person, list: &str) -> String {
    let separator = if list.contains('?') { '&' } else { '?' };
    text(&person.get(&format!("{list}{separator}limit=1")).await.value(200)["next_cursor"])
}

/// Reaches for the owner's things by this route, in every way that it has; how many they were.
async fn attack(shop: &Shop, two: &Two, route: &Route) -> usize {
    let Two { other, things, key, .. } = two;
    let absent = Ulid::generate().to_string();
    let mut attempts = 0;
    match route.function.as_str() {
        "get-order" | "cancel-order" => {
            for id in &things.orders {
                let asked = [route.request(other, id), route.request(other, &absent)];
                same(two, asked, 404, "order-not-found").await;
                attempts += 1;
            }
            if route.is_command {
                // The key by which the owner cancelled it gets no replay, either.
                let cancelled = &things.orders[0];
                let again = other.post(&route.path_to(cancelled)).key(&format!("{key}{cancelled}"));
                same(two, [again, route.request(other, &absent)], 404, "order-not-found").await;
                attempts += 1;
            }
        }
        "find-order" => {
            // Staff find it; a customer does not learn whether it is there.
            for id in [&things.orders[0], &absent] {
                route.request(other, id).await.stopped_at_the_gateway(401);
            }
            attempts += 2;
        }
        "place-order" => {
            let with = |coupon: &str| other.order(&order_with(&things.product, 1, coupon));
            same(two, [with(&things.coupon), with(&absent)], 422, "unknown-coupon").await;
            let with_key = |key: &str| other.post(&route.path).key(key).json(&things.ordered);
            same(two, [with_key(key), with_key(&absent)], 409, "insufficient-balance").await;
            attempts += 2;
        }
        "issue-coupon" => {
            let with_key = |key: &str| other.issue(&things.coupon).key(key);
            same(two, [with_key(key), with_key(&absent)], 409, "coupon-sold-out").await;
            attempts += 1;
        }
        "deposit-balance" => {
            let answer = other.post(&route.path).key(key).json(&things.deposited).await;
            assert!(!answer.is_replay() && answer.value(201)["balance"] == things.deposited, "{}", answer.body);
            assert!(!two.gives_away(&answer));
            attempts += 1;
        }
        "get-balance" => {
            assert_ne!(route.request(other, "").await.value(200), two.owner.get(&route.path).await.value(200));
            attempts += 1;
        }
        "list-balance-transactions"
        | "list-my-coupons"
        | "list-orders"
        | "list-campaigns"
        | "list-products"
        | "list-products-by-status"
        | "list-coupons"
        | "list-day-orders"
        | "list-staff-actions"
        | "get-daily-stats" => {
            let person = match route.scope.as_deref() {
                Some(ADMIN) => shop.admin(),
                Some(CUSTOMER) => other.clone(),
                _ => shop.nobody(),
            };
            let with = |cursor: &str| {
                let path = route.path_to("");
                let separator = if path.contains('?') { '&' } else { '?' };
                person.get(&format!("{path}{separator}cursor={cursor}"))
            };
            for cursor in &things.cursors {
                same(two, [with(cursor), with("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")], 400, "invalid-cursor").await;
                attempts += 1;
            }
            if route.scope.as_deref() == Some(CUSTOMER) {
                assert!(!two.gives_away(&person.get(&route.path_to("")).await), "{}", route.name());
            }
        }
        "get-customer-balance" | "list-customer-coupons" | "list-customer-ledger" | "list-customer-orders" => {
            attempts += reads_of_a_customer(shop, two, route).await;
        }
        "list-daily-totals" => {
            route.request(other, "").await.stopped_at_the_gateway(401);
            assert!(!two.gives_away(&route.request(&shop.admin(), "").await), "{}", route.name());
            attempts += 1;
        }
        "get-coupon" | "get-health" | "get-product" | "list-popular-products" => {
            assert!(!two.gives_away(&route.request(other, &things.product).await), "{}", route.name());
            attempts += 1;
        }
        "adjust-balance" | "cancel-customer-order" => attempts += attack_on_a_customer(shop, two, route).await,
        "create-product" | "update-product" | "adjust-stock" | "create-coupon" | "reshard-stock" | "reshard-coupon"
        | "end-coupon" | "void-coupon" => attempts += attack_on_the_shop(shop, two, route).await,
        other => panic!("the route of {other} has no row here: whose is what it gives?"),
    }
    attempts
}

/// By a route of staff, a customer reads nobody's things, not even the own ones.
async fn reads_of_a_customer(shop: &Shop, two: &Two, route: &Route) -> usize {
    let Two { other, things, .. } = two;
    for person in [other, &two.owner] {
        route.request(person, two.owner.name()).await.stopped_at_the_gateway(401);
    }
    let staff = shop.admin();
    assert!(!two.gives_away(&staff.get(&route.path_to(other.name())).await), "{}", route.name());
    if route.function != "get-customer-balance" {
        let with = |cursor: &str| staff.get(&format!("{}?cursor={cursor}", route.path_to(other.name())));
        for cursor in &things.cursors {
            same(two, [with(cursor), with("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")], 400, "invalid-cursor").await;
        }
    }
    2 + things.cursors.len()
}

/// By a route of staff, a customer changes nobody's things, not even the own ones.
async fn attack_on_a_customer(shop: &Shop, two: &Two, route: &Route) -> usize {
    let Two { other, things, .. } = two;
    let path = |customer: &Person| {
        let path = route.path.replace("{user_id}", customer.name());
        path.replace("{order_id}", things.orders.last().unwrap())
    };
    for person in [other, &two.owner] {
        let request = person.post(&path(&two.owner)).new_key().json(route.body.as_ref().unwrap());
        request.await.stopped_at_the_gateway(401);
    }
    // Staff who name the wrong customer do not reach the order.
    if route.function == "cancel-customer-order" {
        let request = shop.admin().post(&path(other)).new_key().json(route.body.as_ref().unwrap());
        request.await.problem(404, "order-not-found");
    }
    3
}

/// A customer learns nothing of the shop's things; and one administrator's key is not another's.
async fn attack_on_the_shop(shop: &Shop, two: &Two, route: &Route) -> usize {
    let Two { other, things, key, .. } = two;
    let absent = Ulid::generate().to_string();
    for id in [&things.product, &absent] {
        route.request(other, id).await.stopped_at_the_gateway(401);
    }
    for admin in [shop.admin(), shop.admin()] {
        let id = if route.path.contains("coupon_id") {
            shop.coupon(json!({})).await
        } else {
            shop.product(PRICE, 100).await
        };
        let (path, body) = (route.path_to(&id), route.body.as_ref().unwrap());
        let answer = admin.request(route.method.clone(), &path).key(key).json(body).await;
        assert!(answer.status.is_success() && !answer.is_replay(), "{}: {}", route.name(), answer.body);
    }
    3
}

/// Another's data and absent data are answered alike, but for the name of the request.
async fn same(two: &Two, asked: [Request; 2], status: u16, code: &str) {
    let [anothers, absent] = asked;
    let (anothers, absent) = (anothers.await, absent.await);
    assert!(!two.gives_away(&anothers), "{}", anothers.body);
    let without_name = |answer: &Answer| {
        let mut problem = answer.problem(status, code);
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    assert_eq!(without_name(&anothers), without_name(&absent));
    for header in ["etag", "location", "idempotent-replayed", "cache-control"] {
        assert_eq!(anothers.header(header), absent.header(header), "{header}");
    }
}
