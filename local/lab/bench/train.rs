//! The work by which the compiler learns what functions do (profile-guided optimization): what most of their events are,
//! and what is done for every one of them. Rejections are rare, and may stay where they are out of the way.

use std::path::Path;

use sijang_cli::release::PROFILED;
use sijang_testkit::lambda::{events::Request, runtime_api::RuntimeApi};

use crate::{
    candidate::{Candidate, Candidates, Operation},
    environment::Environment,
    market::{CUSTOMER, Market},
};

/// Enough that what is done once, at the start, counts for little.
const EVENTS: usize = 500;

/// Has the packed programs of [`PROFILED`] do their work: `NAME/bootstrap` in this folder.
pub async fn packed(folder: &Path) {
    let candidates = Candidates::ours();
    functions(|name| candidates.built(name, Operation::Work, folder.join(name).join("bootstrap"))).await;
}

/// Has the programs of [`PROFILED`] do their work.
pub async fn functions(program: impl Fn(&'static str) -> Candidate) {
    let (mut market, api) = (Market::open().await, RuntimeApi::start().await.unwrap());
    let variables = market.variables(&market.store.endpoint);
    let [place_order, issue_coupon, get_balance, get_product] = PROFILED;
    commands(&program(place_order), Operation::PlaceOrder, &mut market, &api).await;
    commands(&program(issue_coupon), Operation::IssueCoupon, &mut market, &api).await;
    let product = vec![("product_id", market.product.to_string())];
    let reads = [(get_balance, "GET /v1/me/balance", vec![]), (get_product, "GET /v1/products/{product_id}", product)];
    for (name, route, parameters) in reads {
        let request = Request { route, parameters, user: CUSTOMER, scope: "shop/customer", key: "", body: None };
        let mut environment = Environment::start(&program(name), &api, &variables, &[]).await;
        for _ in 0..EVENTS {
            let (_, status) = environment.invoke(request.event()).await;
            assert_eq!(status, 200, "{name}");
        }
        environment.hang_up().await;
        println!("trained {name}");
    }
}

/// Has a program do this operation.
pub async fn commands(program: &Candidate, operation: Operation, market: &mut Market, api: &RuntimeApi) {
    let variables = market.variables(&market.store.endpoint);
    let mut environment = Environment::start(program, api, &variables, &[]).await;
    for _ in 0..EVENTS {
        environment.done(market.request(operation)).await;
    }
    environment.hang_up().await;
    println!("trained {operation}");
}
