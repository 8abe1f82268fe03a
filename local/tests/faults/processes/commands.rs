//! The commands, as clients send them.

use serde_json::{Value, json};
use sijang_domain::{CampaignDraft, CouponId, CouponTerms, ProductId};
use sijang_testkit::{
    lambda::{events::Request, trigger::Trigger},
    pipeline::Stage,
    shop::{Shop, at, fixed, percent, welcome},
};

use crate::processes::scenario::{Prepared, Scenario};

const ALICE: (&str, &str) = ("alice", "shop/customer");
const ADMIN: (&str, &str) = ("admin", "shop/admin");

pub fn all() -> Vec<Scenario> {
    let mut all = customers();
    all.extend(administrators());
    all
}

fn customers() -> Vec<Scenario> {
    vec![
        Scenario::new(("deposit-balance", "the first"), async |shop: Shop| {
            command(&shop, request("POST /v1/me/balance/deposits", ALICE, Some(krw(5_000)))).await
        }),
        Scenario::new(("deposit-balance", "onto a balance"), async |shop: Shop| {
            shop.customer("alice").with_balance(3_000).await;
            command(&shop, request("POST /v1/me/balance/deposits", ALICE, Some(krw(5_000)))).await
        }),
        Scenario::new(("issue-coupon", "the last one"), async |shop: Shop| {
            let coupon = campaign(&shop, fixed(500)).await;
            let issue = request("POST /v1/coupons/{coupon_id}/issues", ALICE, None);
            command(&shop, Request { parameters: vec![("coupon_id", coupon.to_string())], ..issue }).await
        }),
        Scenario::new(("place-order", "one line"), async |shop: Shop| {
            let tea = shop.product(1_000, 2).await;
            shop.customer("alice").with_balance(2_000).await;
            command(&shop, order(&[(tea, 2)], None)).await
        }),
        Scenario::new(("place-order", "three lines and a coupon"), async |shop: Shop| {
            let (tea, milk, jam) =
                (shop.product(1_000, 2).await, shop.product(300, 1).await, shop.product(50, 9).await);
            let coupon = campaign(&shop, percent(10)).await;
            shop.customer("alice").with_balance(3_000).await.with_coupon(coupon).await;
            command(&shop, order(&[(tea, 2), (milk, 1), (jam, 3)], Some(coupon))).await
        }),
        Scenario::new(("place-order", "from several shards"), async |shop: Shop| {
            let tea = shop.split_product(1_000, 4, 4).await;
            shop.customer("alice").with_balance(3_000).await;
            command(&shop, order(&[(tea, 3)], None)).await
        }),
        Scenario::new(("place-order", "short balance"), async |shop: Shop| {
            let tea = shop.product(1_000, 2).await;
            shop.customer("alice").with_balance(1_999).await;
            command(&shop, order(&[(tea, 2)], None)).await
        }),
        Scenario::new(("cancel-order", "two lines and a coupon"), async |shop: Shop| {
            let (tea, milk) = (shop.product(1_000, 2).await, shop.product(300, 1).await);
            let coupon = campaign(&shop, fixed(500)).await;
            let alice = shop.customer("alice").with_balance(3_000).await.with_coupon(coupon).await;
            let order = alice.order([(tea, 1), (milk, 1)]).with(coupon).done().await;
            let cancel = request("POST /v1/orders/{order_id}/cancel", ALICE, None);
            command(&shop, Request { parameters: vec![("order_id", order.order_id.to_string())], ..cancel }).await
        }),
    ]
}

fn administrators() -> Vec<Scenario> {
    vec![
        Scenario::new(("create-product", "with stock"), async |shop: Shop| {
            let body = json!({"name": "jam", "price": krw(700), "stock": 5});
            command(&shop, request("POST /v1/admin/products", ADMIN, Some(body))).await
        }),
        Scenario::new(("update-product", "name and price"), async |shop: Shop| {
            let body = json!({"name": "new", "price": krw(1_200)});
            let update = request("PATCH /v1/admin/products/{product_id}", ADMIN, Some(body));
            command(&shop, of_product(&shop, update).await).await
        }),
        Scenario::new(("adjust-stock", "all that there is"), async |shop: Shop| {
            let body = json!({"delta": -2, "reason": "inventory"});
            let adjust = request("POST /v1/admin/products/{product_id}/stock-adjustments", ADMIN, Some(body));
            command(&shop, of_product(&shop, adjust).await).await
        }),
        Scenario::new(("reshard-stock", "from one to three"), async |shop: Shop| {
            let reshard = request("POST /v1/admin/products/{product_id}/shards", ADMIN, Some(json!({"shards": 3})));
            command(&shop, of_product(&shop, reshard).await).await
        }),
        Scenario::new(("reshard-stock", "from four to two"), async |shop: Shop| {
            let tea = shop.split_product(1_000, 5, 4).await;
            let reshard = request("POST /v1/admin/products/{product_id}/shards", ADMIN, Some(json!({"shards": 2})));
            command(&shop, Request { parameters: vec![("product_id", tea.to_string())], ..reshard }).await
        }),
        Scenario::new(("reshard-coupon", "from one to three"), async |shop: Shop| {
            let coupon = campaign(&shop, fixed(500)).await;
            let reshard = request("POST /v1/admin/coupons/{coupon_id}/shards", ADMIN, Some(json!({"shards": 3})));
            command(&shop, Request { parameters: vec![("coupon_id", coupon.to_string())], ..reshard }).await
        }),
        Scenario::new(("end-coupon", "one shard"), async |shop: Shop| {
            let coupon = campaign(&shop, fixed(500)).await;
            let end = request("POST /v1/admin/coupons/{coupon_id}/end", ADMIN, Some(json!({"reason": "wrong"})));
            command(&shop, Request { parameters: vec![("coupon_id", coupon.to_string())], ..end }).await
        }),
        Scenario::new(("void-coupon", "one shard"), async |shop: Shop| {
            let coupon = campaign(&shop, fixed(500)).await;
            let void = request("POST /v1/admin/coupons/{coupon_id}/void", ADMIN, Some(json!({"reason": "wrong"})));
            command(&shop, Request { parameters: vec![("coupon_id", coupon.to_string())], ..void }).await
        }),
        Scenario::new(("adjust-balance", "taken"), async |shop: Shop| {
            shop.customer("alice").with_balance(3_000).await;
            let body = json!({"amount": -500, "currency": "KRW", "reason": "correction"});
            let route = "POST /v1/admin/customers/{user_id}/balance-adjustments";
            let parameters = vec![("user_id", "alice".to_owned())];
            command(&shop, Request { parameters, ..request(route, ADMIN, Some(body)) }).await
        }),
        Scenario::new(("cancel-customer-order", "two lines and a coupon"), async |shop: Shop| {
            let (tea, milk) = (shop.product(1_000, 2).await, shop.product(300, 1).await);
            let coupon = campaign(&shop, fixed(500)).await;
            let alice = shop.customer("alice").with_balance(3_000).await.with_coupon(coupon).await;
            let order = alice.order([(tea, 1), (milk, 1)]).with(coupon).done().await;
            let route = "POST /v1/admin/customers/{user_id}/orders/{order_id}/cancel";
            let cancel = request(route, ADMIN, Some(json!({"reason": "complaint"})));
            let parameters = vec![("user_id", "alice".to_owned()), ("order_id", order.order_id.to_string())];
            command(&shop, Request { parameters, ..cancel }).await
        }),
        Scenario::new(("create-coupon", "a campaign"), async |shop: Shop| {
            let body = json!({
                "name": "welcome", "discount": {"type": "FIXED", "amount": krw(3_000)}, "total": 10,
                "opens_at": "2020-01-01T00:00:00Z", "closes_at": "2199-01-01T00:00:00Z", "valid_days": 30,
            });
            command(&shop, request("POST /v1/admin/coupons", ADMIN, Some(body))).await
        }),
    ]
}

async fn command(shop: &Shop, request: Request) -> Prepared {
    Prepared::new(shop, Trigger::Client(request), Stage::InStream).await
}

fn request(route: &'static str, (user, scope): (&'static str, &'static str), body: Option<Value>) -> Request {
    Request { route, parameters: Vec::new(), user, scope, key: "the-key", body }
}

fn krw(amount: i64) -> Value {
    json!({"amount": amount, "currency": "KRW"})
}

pub fn order(lines: &[(ProductId, i64)], coupon: Option<CouponId>) -> Request {
    let line = |(product, quantity): &(ProductId, i64)| json!({"product_id": product, "quantity": quantity});
    let mut body = json!({"lines": lines.iter().map(line).collect::<Value>()});
    if let Some(coupon) = coupon {
        body["coupon_id"] = coupon.to_string().into();
    }
    request("POST /v1/orders", ALICE, Some(body))
}

/// The request, for a product of which there are two.
async fn of_product(shop: &Shop, request: Request) -> Request {
    let tea = shop.product(1_000, 2).await;
    Request { parameters: vec![("product_id", tea.to_string())], ..request }
}

/// A campaign of one coupon that is open whenever the test is run.
async fn campaign(shop: &Shop, terms: CouponTerms) -> CouponId {
    let (opens_at, closes_at) = (at("2020-01-01T00:00:00Z"), at("2199-01-01T00:00:00Z"));
    shop.campaign_of(CampaignDraft { total: 1, terms, opens_at, closes_at, ..welcome() }).await
}
