//! One customer of the load generator. It retries under one key until it has a definite answer, as a good client does.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Target;
use crate::gateway::Gateway;

const TRIES: u32 = 40;
const FORBEARANCE: Duration = Duration::from_mins(2);

pub(super) struct Customer {
    gateway: Gateway,
    token: String,
}

/// The definite answer.
pub(super) struct Answer {
    pub(super) asked: Instant,
    pub(super) tries: u32,
    /// `done`, or the problem's code.
    pub(super) outcome: String,
}

impl Customer {
    pub(super) fn new(gateway: Gateway, token: String) -> Self {
        Self { gateway, token }
    }

    /// Deposits the price of one unit, or the smallest possible deposit.
    pub(super) async fn pay_in(&self, price: &Value) -> Result<()> {
        const LEAST: i64 = 100;
        let amount = price["amount"].as_i64().unwrap_or_default().max(LEAST);
        let body = json!({"amount": amount, "currency": "KRW"});
        let answer = self.insist(|| self.gateway.post("/v1/me/balance/deposits").json(&body)).await?;
        ensure!(answer.outcome == "done", "paying in: {}", answer.outcome);
        Ok(())
    }

    pub(super) async fn want(&self, target: &Target) -> Result<Answer> {
        match target {
            Target::Coupon(id) => self.insist(|| self.gateway.post(&format!("/v1/coupons/{id}/issues"))).await,
            Target::Product(id) => {
                let body = json!({"lines": [{"product_id": id, "quantity": 1}]});
                self.insist(|| self.gateway.post("/v1/orders").json(&body)).await
            }
        }
    }

    /// How many she has, as the shop tells her now.
    pub(super) async fn has(&self, target: &Target) -> Result<u64> {
        let list = async |path: &str| {
            let answer = self.gateway.get(path).bearer_auth(&self.token).send().await?.error_for_status()?;
            answer.json::<Value>().await
        };
        Ok(match target {
            Target::Coupon(id) => {
                let coupons = list("/v1/me/coupons?limit=100").await?;
                let coupons = coupons["data"].as_array().into_iter().flatten();
                coupons.map(|coupon| u64::from(coupon["coupon_id"] == **id)).sum()
            }
            Target::Product(id) => {
                let orders = list("/v1/orders?limit=100").await?;
                let lines = orders["data"].as_array().into_iter().flatten();
                let lines = lines.flat_map(|order| order["lines"].as_array().into_iter().flatten());
                let units = lines.filter(|line| line["product_id"] == **id).map(|line| line["quantity"].as_u64());
                units.map(Option::unwrap_or_default).sum()
            }
        })
    }

    async fn insist(&self, request: impl Fn() -> RequestBuilder) -> Result<Answer> {
        let (asked, key) = (Instant::now(), ulid::Ulid::generate().to_string());
        for tries in 1.. {
            let request = request().bearer_auth(&self.token).header("idempotency-key", &key).timeout(FORBEARANCE);
            let answer = request.send().await?;
            let status = answer.status();
            if status.is_success() {
                return Ok(Answer { asked, tries, outcome: "done".to_owned() });
            }
            if tries == TRIES || !(status == 429 || status.is_server_error()) {
                let problem: Value = answer.json().await.unwrap_or_default();
                let outcome = problem["code"].as_str().map_or_else(|| status.as_u16().to_string(), str::to_owned);
                return Ok(Answer { asked, tries, outcome });
            }
            sleep(Duration::from_millis(u64::from(tries.min(10)) * 20)).await;
        }
        unreachable!("the last try returns")
    }
}
