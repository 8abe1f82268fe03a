//! Questions of staff while a customer is on the phone: each question is one request, and costs the shop no write.
//!
//! The handlers are those that are deployed, over the engine in the test process. They take the time from the wall clock,
//! and so does the shop here.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use sijang_cloud::faults::{Call, Consumed, Faults, Plan, Proxy};
use sijang_domain::{CampaignDraft, Day, Order, ProductPatch, ProductStatus, Timestamp};
use sijang_edge::Event;
use sijang_functions::in_process;
use sijang_storage::{OrderEvents, Store};
use sijang_testkit::{
    engine::client_at,
    services,
    shop::{Shop, after, fixed, name, welcome},
};

use crate::reconciliation::deliver;

/// The handlers, on the tables of a shop.
pub struct Handlers {
    shop: in_process::Shop,
    faults: Faults,
    _proxy: Proxy,
}

impl Handlers {
    pub async fn of(shop: &Shop) -> Self {
        let faults = Faults::none();
        faults.measure();
        let proxy = Proxy::start(&shop.database.endpoint, &faults).await.unwrap();
        let store = Store::new(client_at(&proxy.endpoint()), shop.database.tables());
        // No operation of staff sends a message.
        let sqs = services::sqs("http://127.0.0.1:1", Duration::from_secs(1));
        let queue = OrderEvents::new(sqs, "http://127.0.0.1:1/queue".to_owned(), "http://127.0.0.1:1/dlq".to_owned());
        let shop = in_process::Shop::new(store, queue, "a key that only the tests have").unwrap();
        Self { shop, faults, _proxy: proxy }
    }

    /// The status and the body of the answer to somebody with this scope.
    async fn answer(&self, (user, scope): (&str, &str), operation: &str, path: &Value, query: &str) -> (u16, Value) {
        let claims = json!({"sub": user, "scope": scope});
        let event = json!({
            "rawQueryString": query, "pathParameters": path, "headers": {},
            "requestContext": {"requestId": "support", "authorizer": {"jwt": {"claims": claims}}},
        });
        self.answer_to(operation, event).await
    }

    /// The status and the body of the answer to an event of the gateway.
    pub async fn answer_to(&self, operation: &str, event: Value) -> (u16, Value) {
        let event: Event = serde_json::from_value(event).unwrap();
        let response = self.shop.answer(operation, event).await.unwrap();
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    async fn to_staff(&self, operation: &str, path: &Value, query: &str) -> (u16, Value) {
        self.answer(("agent", "shop/admin"), operation, path, query).await
    }

    async fn to_customer(&self, customer: &str, operation: &str, query: &str) -> (u16, Value) {
        self.answer((customer, "shop/customer"), operation, &json!({}), query).await
    }
}

fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap()).unwrap()
}

pub async fn shop_of_today() -> Shop {
    Shop::open_at(wall_clock()).await
}

/// A campaign of 10 coupons that opens and closes in so many hours.
fn campaign(title: &str, opens: i64, closes: i64) -> CampaignDraft {
    let at = |hours: i64| after(wall_clock(), hours * 3_600);
    CampaignDraft { name: name(title), terms: fixed(3_000), opens_at: at(opens), closes_at: at(closes), ..welcome() }
}

/// The operations of the customer and of staff that give the same answers.
const SAME: [(&str, &str, &str); 5] = [
    ("get-balance", "get-customer-balance", ""),
    ("list-balance-transactions", "list-customer-ledger", "limit=1"),
    ("list-my-coupons", "list-customer-coupons", "limit=1"),
    ("list-orders", "list-customer-orders", "limit=1"),
    ("list-orders", "list-customer-orders", "limit=1&status=PAID"),
];

/// Customers with two of everything that is listed.
async fn shop_of_two() -> Shop {
    let shop = shop_of_today().await;
    let tea = shop.product(5_000, 100).await;
    let coupons = [shop.campaign_of(campaign("a", -1, 1)).await, shop.campaign_of(campaign("b", -1, 1)).await];
    for user in ["alice", "bob"] {
        let customer = shop.customer(user).with_balance(20_000).await;
        for coupon in coupons {
            customer.issue(coupon).done().await;
            customer.order([(tea, 1)]).done().await;
        }
    }
    shop
}

#[tokio::test]
async fn staff_answers_are_those_of_the_customer() {
    let handlers = Handlers::of(&shop_of_two().await).await;
    for (own, by_staff, query) in SAME {
        let (status, seen) = handlers.to_customer("alice", own, query).await;
        assert_eq!(status, 200, "{own}: {seen}");
        assert_eq!(handlers.to_staff(by_staff, &json!({"user_id": "alice"}), query).await, (200, seen), "{by_staff}");
        let (status, of_nobody) = handlers.to_staff(by_staff, &json!({"user_id": "nobody"}), query).await;
        let nothing = match by_staff {
            "get-customer-balance" => json!({"balance": {"amount": 0, "currency": "KRW"}}),
            _ => json!({"data": [], "next_cursor": null}),
        };
        assert_eq!((status, of_nobody), (200, nothing), "{by_staff}");
    }
}

#[tokio::test]
async fn cursors_of_a_customer_do_not_open_the_lists_of_another() {
    let handlers = Handlers::of(&shop_of_two().await).await;
    for (_, list, query) in SAME.into_iter().filter(|(_, list, _)| list.starts_with("list-")) {
        let (_, page) = handlers.to_staff(list, &json!({"user_id": "alice"}), query).await;
        let next = format!("{query}&cursor={}", page["next_cursor"].as_str().unwrap());
        assert_eq!(handlers.to_staff(list, &json!({"user_id": "alice"}), &next).await.0, 200, "{list}");
        let (status, problem) = handlers.to_staff(list, &json!({"user_id": "bob"}), &next).await;
        assert_eq!((status, &problem["code"]), (400, &json!("invalid-cursor")), "{list}");
    }
}

/// Alice bought tea and coffee with a coupon, and tea again, which was cancelled. Then staff voided a campaign, changed the
/// price of the tea, and took the coffee off sale.
struct Scene {
    shop: Shop,
    tea: String,
    coffee: String,
    kept: Order,
    cancelled: Order,
    open: CampaignDraft,
    voided_at: Timestamp,
    day: Day,
}

impl Scene {
    async fn set() -> Self {
        let shop = shop_of_today().await;
        let (tea, coffee) = (shop.named_product("Tea", 5_000, 50).await, shop.named_product("Coffee", 7_000, 8).await);
        let alice = shop.customer("alice").with_balance(50_000).await;
        let open = campaign("open", -1, 2);
        let coupon = shop.campaign_of(open.clone()).await;
        let unused = shop.campaign_of(campaign("unused", -1, 3)).await;
        shop.campaign_of(campaign("upcoming", 1, 2)).await;
        let closed = shop.campaign_of(campaign("closed", -2, -1)).await;
        let alice = alice.with_coupon(coupon).await.with_coupon(unused).await;
        let kept = alice.order([(tea, 2), (coffee, 1)]).with(coupon).done().await;
        let cancelled = alice.order([(tea, 1)]).done().await;
        alice.cancel(&cancelled).done().await;
        let voided_at = shop.now();
        shop.void_campaign(closed).at(voided_at).done().await;
        shop.reprice(tea, 5_500).done().await;
        let inactive = ProductPatch { status: Some(ProductStatus::Inactive), ..ProductPatch::default() };
        shop.update(coffee, inactive).done().await;
        deliver(&shop).await;
        let day = Day::of(kept.paid_at);
        shop.store.recount(day, shop.now()).await.unwrap();
        let [tea, coffee] = [tea, coffee].map(|product| product.to_string());
        Self { shop, tea, coffee, kept, cancelled, open, voided_at, day }
    }

    /// Questions about Alice.
    fn about_the_customer(&self) -> Vec<Question> {
        let Self { coffee, kept, cancelled, .. } = self;
        let (balance, ledger) = (of_alice("get-customer-balance", ""), of_alice("list-customer-ledger", ""));
        let (last, paid) =
            (of_alice("list-customer-orders", "limit=1"), of_alice("list-customer-orders", "status=PAID"));
        let cancellations = of_alice("list-customer-orders", "status=CANCELLED");
        let find = ("find-order", json!({"order_id": kept.order_id}), String::new());
        let usable = of_alice("list-customer-coupons", "status=USABLE");
        let used = of_alice("list-customer-coupons", "status=USED");
        vec![
            ("what does the customer have?", balance, "/balance", krw(36_000)),
            ("why does the customer have this much?", ledger.clone(), "/data/0/balance", krw(36_000)),
            ("was the cancelled order refunded?", ledger.clone(), "/data/0/type", json!("REFUND")),
            ("which order was refunded?", ledger.clone(), "/data/0/order_id", json!(cancelled.order_id)),
            ("did the deposit arrive?", ledger, "/data/3/amount", krw(50_000)),
            ("how is the last order?", last, "/data/0/status", json!("CANCELLED")),
            ("which orders were cancelled?", cancellations, "/data/0/order_id", json!(cancelled.order_id)),
            ("what was bought?", paid.clone(), "/data/0/lines/1/product_id", json!(coffee)),
            ("what was paid for it?", paid.clone(), "/data/0/paid_price", krw(14_000)),
            ("which coupon did the order use?", paid, "/data/0/coupon_id", json!(kept.coupon_id)),
            ("which coupons are left?", usable, "/data/0/name", json!("unused")),
            ("whose order is this?", find.clone(), "/user_id", json!("alice")),
            ("where is my order?", find, "/status", json!("PAID")),
            ("which order used the coupon?", used, "/data/0/order_id", json!(kept.order_id)),
        ]
    }

    /// Questions about products, campaigns and sales.
    fn about_the_shop(&self) -> Vec<Question> {
        let Self { tea, coffee, kept, cancelled, open, voided_at, day, .. } = self;
        let product = |id: &str| ("get-product", json!({"product_id": id}), String::new());
        let list = |operation, query: &str| (operation, json!({}), query.to_owned());
        let by_name = list("list-products-by-status", "status=INACTIVE&name_prefix=coff");
        let inactive = list("list-products-by-status", "status=INACTIVE");
        let campaigns = |state: &str| list("list-campaigns", &format!("state={state}"));
        let of_the_day = list("get-daily-stats", &format!("date={day}"));
        let orders_of_the_day = list("list-day-orders", &format!("date={day}&status=CANCELLED"));
        let coupon = kept.coupon_id.unwrap();
        let orders_with_coupon = list("list-day-orders", &format!("date={day}&coupon_id={coupon}"));
        let actions = list("list-staff-actions", &format!("date={day}"));
        let two_days = list("list-daily-totals", &format!("from={}&to={day}", day.plus(-1)));
        vec![
            ("why is the product not found?", by_name, "/data/0/product_id", json!(coffee)),
            ("how many units are in stock that are not sold?", inactive, "/data/0/stock", json!(7)),
            ("what does the product cost?", product(tea), "/price", krw(5_500)),
            ("is the product on sale?", product(coffee), "/status", json!("INACTIVE")),
            ("which product was changed last?", actions.clone(), "/data/0/product_id", json!(coffee)),
            ("how was it changed?", actions.clone(), "/data/0/changes/0/after", json!("INACTIVE")),
            ("who changed this price?", actions.clone(), "/data/1/staff_id", json!("admin")),
            ("what was the price before?", actions.clone(), "/data/1/changes/0/before", json!("5000")),
            ("who voided the coupons?", actions, "/data/2/staff_id", json!("admin")),
            ("which campaign is next?", campaigns("UPCOMING"), "/data/0/name", json!("upcoming")),
            ("until when are there coupons?", campaigns("OPEN"), "/data/0/closes_at", json!(open.closes_at)),
            ("how many coupons were given out?", campaigns("OPEN"), "/data/0/issued", json!(1)),
            ("is this campaign still running?", campaigns("OPEN"), "/data/0/state", json!("OPEN")),
            ("which campaign is over?", campaigns("CLOSED"), "/data/0/name", json!("closed")),
            ("were its coupons voided?", campaigns("CLOSED"), "/data/0/voided_at", json!(voided_at)),
            ("which orders used this coupon?", orders_with_coupon, "/data/0/order_id", json!(kept.order_id)),
            ("how many units of the product were sold that day?", of_the_day, "/data/0/units_sold", json!(2)),
            (
                "which orders of the day were cancelled?",
                orders_of_the_day,
                "/data/0/order_id",
                json!(cancelled.order_id),
            ),
            ("how much did the shop sell that day?", two_days.clone(), "/data/1/revenue", krw(17_000)),
            ("how many orders came the day before?", two_days, "/data/0/orders", json!(0)),
        ]
    }
}

fn krw(amount: i64) -> Value {
    json!({"amount": amount, "currency": "KRW"})
}

fn of_alice(operation: &'static str, query: &str) -> Lookup {
    (operation, json!({"user_id": "alice"}), query.to_owned())
}

/// Operation, path parameters, query.
type Lookup = (&'static str, Value, String);

/// The question, the request that answers it, a JSON pointer into the answer, and the fact that is there.
type Question = (&'static str, Lookup, &'static str, Value);

#[tokio::test]
async fn every_support_question_is_answered_by_one_request_without_a_write() {
    let scene = Scene::set().await;
    let handlers = Handlers::of(&scene.shop).await;
    let budget = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../lab/BUDGET.md")).unwrap();
    let questions = [scene.about_the_customer(), scene.about_the_shop()].concat();
    assert!(questions.len() >= 20, "{}", questions.len());
    for (question, (operation, path, query), pointer, fact) in questions {
        handlers.faults.plan(Plan::none());
        let (status, answer) = handlers.to_staff(operation, &path, &query).await;
        assert_eq!((status, answer.pointer(pointer)), (200, Some(&fact)), "{question} {answer}");
        let calls = handlers.faults.calls();
        let cost: Consumed = calls.iter().map(|Call { consumed, .. }| *consumed).sum();
        assert_eq!((cost.writes, cost.writes_at_most), (0, 0), "{question}");
        assert!(budget.contains(&format!("\n| {operation} | ")), "{operation} has no row in BUDGET.md");
    }
}
