//! Fills an empty shop through the admin API, as a merchant would. Everything is fixed, and so are the idempotency keys:
//! seeding twice makes nothing twice.

mod catalogue;

use std::fs;

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use sijang_cloud::digest::sha256;

use crate::shop::LocalShop;

/// The products and campaigns of the seed.
#[derive(Debug, Clone, Copy)]
pub struct Seeded {
    /// Number of products.
    pub products: usize,
    /// Number of coupon campaigns.
    pub coupons: usize,
}

/// Seeds a stack, unless that was done before with the same goods.
pub async fn seed(shop: &LocalShop) -> Result<Seeded> {
    let (products, coupons) = (catalogue::products()?, coupons());
    let seeded = Seeded { products: products.len(), coupons: coupons.len() };
    let digest = short_digest(&json!([products, coupons]));
    let note = shop.stack().state().seeded();
    let api = AdminApi::new(shop)?;
    if fs::read_to_string(&note).is_ok_and(|text| text == digest) && api.has_products().await? {
        return Ok(seeded);
    }
    let products = products.iter().map(|product| api.create("/v1/admin/products", product));
    let coupons = coupons.iter().map(|coupon| api.create("/v1/admin/coupons", coupon));
    stream::iter(products).buffered(4).try_collect::<()>().await?;
    // One by one: campaigns that close at the same time are listed in the order in which they were made.
    stream::iter(coupons).buffered(1).try_collect::<()>().await?;
    fs::write(&note, digest)?;
    Ok(seeded)
}

/// The admin API.
struct AdminApi {
    url: String,
    token: String,
    http: reqwest::Client,
}

impl AdminApi {
    fn new(shop: &LocalShop) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let token = shop.staff().token("admin")?;
        Ok(Self { url: shop.api_url().to_owned(), token, http })
    }

    async fn has_products(&self) -> Result<bool> {
        let page: Value = self.http.get(format!("{}/v1/products?limit=1", self.url)).send().await?.json().await?;
        Ok(page["data"].as_array().is_some_and(|products| !products.is_empty()))
    }

    async fn create(&self, path: &str, body: &Value) -> Result<()> {
        let request = self
            .http
            .post(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .header("idempotency-key", format!("seed-{}", short_digest(body)))
            .json(body);
        let response = request.send().await?;
        let status = response.status();
        let answer = response.text().await?;
        ensure!(status == 201, "creating {} gave {status}: {answer}", body["name"]);
        Ok(())
    }
}

fn coupons() -> Vec<Value> {
    let won = |amount: u32| json!({"amount": amount, "currency": "KRW"});
    let coupon = |name: &str, discount: Value, minimum: u32, total: u32, valid_days: u32| {
        json!({
            "name": name,
            "discount": discount,
            "minimum_order": won(minimum),
            "total": total,
            "opens_at": "2026-01-01T00:00:00Z",
            "closes_at": "2035-12-31T14:59:59Z",
            "valid_days": valid_days,
        })
    };
    let fixed = |amount| json!({"type": "FIXED", "amount": won(amount)});
    let percent = |percent: u32, most| json!({"type": "PERCENT", "percent": percent, "max_amount": won(most)});
    vec![
        coupon("첫 주문 3,000원 할인", fixed(3_000), 10_000, 1_000, 30),
        coupon("장바구니 5,000원 할인", fixed(5_000), 50_000, 500, 14),
        coupon("선착순 50명 10% 할인", percent(10, 5_000), 0, 50, 7),
        coupon("주말 특가 20% 할인", percent(20, 10_000), 30_000, 100, 3),
        coupon("선착순 5명 반값", percent(50, 30_000), 0, 5, 1),
    ]
}

fn short_digest(value: &Value) -> String {
    sha256(value.to_string()).chars().take(16).collect()
}
