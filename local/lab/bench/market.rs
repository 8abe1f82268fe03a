//! A shop that never runs out, and the requests that customers send to it: the same for all candidates.

use serde_json::{Value, json};
use sijang_domain::{CampaignDraft, CouponId, ProductId};
use sijang_testkit::{
    engine::Database,
    shop::{Shop, at, welcome},
};

use sijang_testkit::lambda::events::Request;

use crate::{candidate::Operation, store::Store};

/// Price of each order: the customer's balance is good for as many as anybody will send.
const PRICE: i64 = 10;
pub const CUSTOMER: &str = "customer";

/// The shop, its store, and how many requests there were.
pub struct Market {
    pub shop: Shop,
    pub store: Store,
    pub product: ProductId,
    coupon: CouponId,
    requests: usize,
}

impl Market {
    /// A shop in a store of its own.
    pub async fn open() -> Self {
        let store = Store::start().await;
        let shop = Shop::on(Database::at(&store.endpoint).await, at("2026-11-21T03:00:00Z"));
        let product = shop.product(PRICE, 1_000_000).await;
        let coupon = campaign(&shop, 100_000).await;
        shop.customer(CUSTOMER).with_balance(1_000_000).await;
        Self { shop, store, product, coupon, requests: 0 }
    }

    /// A request that has not been sent before.
    pub fn request(&mut self, operation: Operation) -> Value {
        self.requests += 1;
        let number = self.requests;
        match operation {
            Operation::PlaceOrder => order(self.product, number),
            Operation::IssueCoupon => issue(self.coupon, &format!("customer-{number}")),
            Operation::Work => unreachable!("nobody requests it"),
        }
    }

    /// A function's environment variables, with its tables behind `endpoint`.
    pub fn variables(&self, endpoint: &str) -> Vec<(String, String)> {
        let tables = self.shop.database.tables();
        let tables = [
            ("BALANCES_TABLE", tables.balances),
            ("PRODUCTS_TABLE", tables.products),
            ("COUPONS_TABLE", tables.coupons),
            ("USER_COUPONS_TABLE", tables.user_coupons),
            ("ORDERS_TABLE", tables.orders),
            ("EVENTS_TABLE", tables.events),
        ];
        let mut variables = lambda_variables(endpoint);
        variables.extend(tables.map(|(name, value)| (name.to_owned(), value)));
        variables
    }
}

/// A campaign of so many coupons that is open at any time this is run.
pub async fn campaign(shop: &Shop, total: u32) -> CouponId {
    let (opens_at, closes_at) = (at("2026-01-01T00:00:00Z"), at("2035-12-31T00:00:00Z"));
    shop.campaign_of(CampaignDraft { total, opens_at, closes_at, ..welcome() }).await
}

/// The variables that Lambda sets for every function, and where its tables are.
pub fn lambda_variables(endpoint: &str) -> Vec<(String, String)> {
    let given = [
        ("PATH", "/usr/bin:/bin"),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_REGION", "ap-northeast-2"),
        ("AWS_DEFAULT_REGION", "ap-northeast-2"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("RUST_LOG", "info"),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
    ];
    given.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// An order of one line that quotes its price: one call even of an environment that knows nothing.
pub fn order(product: ProductId, number: usize) -> Value {
    let price = json!({"amount": PRICE, "currency": "KRW"});
    let body = json!({"lines": [{"product_id": product, "quantity": 1, "unit_price": price}]});
    let request = Request {
        route: "POST /v1/orders",
        parameters: vec![],
        user: CUSTOMER,
        scope: "shop/customer",
        key: "",
        body: Some(body),
    };
    let mut event = request.event();
    event["headers"]["idempotency-key"] = format!("order-{number}").into();
    event
}

/// A customer asks for a coupon.
pub fn issue(coupon: CouponId, customer: &str) -> Value {
    let request = Request {
        route: "POST /v1/coupons/{coupon_id}/issues",
        parameters: vec![("coupon_id", coupon.to_string())],
        user: "",
        scope: "shop/customer",
        key: "",
        body: None,
    };
    let mut event = request.event();
    event["headers"].as_object_mut().unwrap().remove("idempotency-key");
    event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = customer.into();
    event
}
