//! A load generator: hundreds of customers request one coupon or product at the same moment, each with a token of its
//! own. A browser cannot do that: it sends a server six requests at a time.
//!
//! It uses the public API only. It streams each answer as a line of JSON, and at the end reads what each customer has.

mod customer;

use std::{sync::Arc, time::Instant};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use futures::{
    StreamExt,
    channel::mpsc::{UnboundedSender, unbounded},
    stream::{self, FuturesUnordered},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sijang_cloud::ministack::user_pool::TokenSigner;

use self::customer::Customer;
use crate::gateway::Gateway;

const LARGEST: usize = 1_000;
/// Reads and deposits at once, before and after the race.
const AT_ONCE: usize = 16;

#[derive(Clone)]
struct LoadGenerator {
    gateway: Gateway,
    tokens: Arc<TokenSigner>,
}

/// The routes of the load generator.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(gateway: Gateway, tokens: Arc<TokenSigner>) -> Router<S> {
    Router::new()
        .route("/_local/load", post(send))
        .route("/_local/tokens", post(tokens_of))
        .with_state(LoadGenerator { gateway, tokens })
}

/// The product or campaign that the customers request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Target {
    /// A coupon of this campaign.
    Coupon(String),
    /// One unit of this product.
    Product(String),
}

#[derive(Deserialize)]
struct Wanted {
    target: Target,
    customers: usize,
}

async fn send(State(generator): State<LoadGenerator>, Json(Wanted { target, customers }): Json<Wanted>) -> Response {
    if !(1..=LARGEST).contains(&customers) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let Ok(customers) = generator.customers(customers) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (sender, receiver) = unbounded();
    tokio::spawn(race(generator.gateway, customers, target, Lines(sender)));
    let lines = receiver.map(|line: Value| Ok::<_, std::convert::Infallible>(format!("{line}\n")));
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

/// Tokens of single customers, for the two windows of the page.
async fn tokens_of(State(generator): State<LoadGenerator>, Json(names): Json<Vec<String>>) -> Response {
    let tokens: Result<Vec<_>, _> = names.iter().map(|name| generator.tokens.token(name)).collect();
    tokens.map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |tokens| Json(tokens).into_response())
}

impl LoadGenerator {
    fn customers(&self, size: usize) -> anyhow::Result<Vec<Customer>> {
        let run = ulid::Ulid::generate();
        let names = (0..size).map(|number| format!("load-{run}-{number}"));
        names.map(|name| Ok(Customer::new(self.gateway.clone(), self.tokens.token(&name)?))).collect()
    }
}

/// Sends lines to the page; nothing happens when it was closed.
struct Lines(UnboundedSender<Value>);

impl Lines {
    fn send(&self, line: Value) {
        let _ = self.0.unbounded_send(line);
    }
}

async fn race(gateway: Gateway, customers: Vec<Customer>, target: Target, lines: Lines) {
    if let Err(error) = run(&gateway, &customers, &target, &lines).await {
        lines.send(json!({ "failed": format!("{error:#}") }));
    }
}

async fn run(gateway: &Gateway, customers: &[Customer], target: &Target, lines: &Lines) -> anyhow::Result<()> {
    if let Target::Product(id) = target {
        let price = gateway.read(&format!("/v1/products/{id}")).await?["price"].clone();
        let paying: Vec<_> = customers.iter().map(|customer| customer.pay_in(&price)).collect();
        let mut paying = stream::iter(paying).buffer_unordered(AT_ONCE).enumerate();
        while let Some((done, paid)) = paying.next().await {
            paid?;
            lines.send(json!({"prepared": done + 1, "of": customers.len()}));
        }
    }

    let began = Instant::now();
    let mut answers: FuturesUnordered<_> = customers.iter().map(|customer| customer.want(target)).collect();
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        lines.send(json!({"answer": {
            "at_ms": milliseconds(began),
            "took_ms": milliseconds(answer.asked),
            "outcome": answer.outcome,
            "tries": answer.tries,
        }}));
    }

    let held: Vec<_> = customers.iter().map(|customer| customer.has(target)).collect();
    let mut held = stream::iter(held).buffer_unordered(AT_ONCE);
    let (mut owners, mut units) = (0_u64, 0_u64);
    while let Some(has) = held.next().await {
        let has = has?;
        owners += u64::from(has > 0);
        units += has;
    }
    let left = match target {
        Target::Product(id) => gateway.read(&format!("/v1/products/{id}")).await?["stock"].clone(),
        Target::Coupon(id) => campaign(gateway, id).await?["remaining"].clone(),
    };
    lines.send(json!({"held": {"owners": owners, "units": units, "left": left}}));
    Ok(())
}

/// The campaign as everybody sees it.
async fn campaign(gateway: &Gateway, id: &str) -> anyhow::Result<Value> {
    let mut cursor = String::new();
    loop {
        let page = gateway.read(&format!("/v1/coupons?limit=100{cursor}")).await?;
        let found = page["data"].as_array().into_iter().flatten().find(|campaign| campaign["coupon_id"] == id);
        if let Some(found) = found {
            return Ok(found.clone());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => anyhow::bail!("the campaign is not open"),
        }
    }
}

fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 10_000.0).round() / 10.0
}
