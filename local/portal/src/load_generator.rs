//! A crowd: hundreds of customers who want the same thing at the same moment, each with a token of her own. A browser
//! could not be one, for it sends a server six requests at a time.
//!
//! The crowd goes through the public API only. Every answer is told as it comes (a line of JSON each), and at the end
//! each customer is asked what she really has.

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

use self::customer::Customer;
use crate::{
    gateway::Gateway,
    issuer::{CUSTOMER, Issuer},
};

const LARGEST: usize = 1_000;
/// Reads and deposits under way at once, before and after the race.
const CALM: usize = 16;

#[derive(Clone)]
struct Crowds {
    gateway: Gateway,
    issuer: Arc<Issuer>,
}

/// The routes of the crowd.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(gateway: Gateway, issuer: Arc<Issuer>) -> Router<S> {
    Router::new()
        .route("/_local/crowd", post(send))
        .route("/_local/tokens", post(tokens))
        .with_state(Crowds { gateway, issuer })
}

/// What the crowd wants.
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

async fn send(State(crowds): State<Crowds>, Json(Wanted { target, customers }): Json<Wanted>) -> Response {
    if !(1..=LARGEST).contains(&customers) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let Ok(crowd) = crowds.gather(customers) else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let (teller, told) = unbounded();
    tokio::spawn(race(crowds.gateway, crowd, target, Teller(teller)));
    let lines = told.map(|line: Value| Ok::<_, std::convert::Infallible>(format!("{line}\n")));
    ([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}

/// Tokens of single customers, for the windows beside the crowd.
async fn tokens(State(crowds): State<Crowds>, Json(names): Json<Vec<String>>) -> Response {
    let tokens: Result<Vec<_>, _> = names.iter().map(|name| crowds.issuer.token(name, &[CUSTOMER])).collect();
    tokens.map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |tokens| Json(tokens).into_response())
}

impl Crowds {
    fn gather(&self, size: usize) -> anyhow::Result<Vec<Customer>> {
        let crowd = ulid::Ulid::generate();
        let names = (0..size).map(|number| format!("crowd-{crowd}-{number}"));
        names.map(|name| Ok(Customer::new(self.gateway.clone(), self.issuer.token(&name, &[CUSTOMER])?))).collect()
    }
}

/// Tells the page; one that was closed is told nothing more.
struct Teller(UnboundedSender<Value>);

impl Teller {
    fn tell(&self, line: Value) {
        let _ = self.0.unbounded_send(line);
    }
}

async fn race(gateway: Gateway, crowd: Vec<Customer>, target: Target, teller: Teller) {
    if let Err(error) = run(&gateway, &crowd, &target, &teller).await {
        teller.tell(json!({ "failed": format!("{error:#}") }));
    }
}

async fn run(gateway: &Gateway, crowd: &[Customer], target: &Target, teller: &Teller) -> anyhow::Result<()> {
    if let Target::Product(id) = target {
        let price = gateway.read(&format!("/v1/products/{id}")).await?["price"].clone();
        let paying: Vec<_> = crowd.iter().map(|customer| customer.pay_in(&price)).collect();
        let mut paying = stream::iter(paying).buffer_unordered(CALM).enumerate();
        while let Some((done, paid)) = paying.next().await {
            paid?;
            teller.tell(json!({"prepared": done + 1, "of": crowd.len()}));
        }
    }

    let began = Instant::now();
    let mut answers: FuturesUnordered<_> = crowd.iter().map(|customer| customer.want(target)).collect();
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        teller.tell(json!({"answer": {
            "at_ms": milliseconds(began),
            "took_ms": milliseconds(answer.asked),
            "outcome": answer.outcome,
            "tries": answer.tries,
        }}));
    }

    let held: Vec<_> = crowd.iter().map(|customer| customer.has(target)).collect();
    let mut held = stream::iter(held).buffer_unordered(CALM);
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
    teller.tell(json!({"books": {"owners": owners, "units": units, "left": left}}));
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
