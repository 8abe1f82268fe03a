//! The work by which the compiler learns what functions do (profile-guided optimization): what most of their events are,
//! and what is done for every one of them. Rejections are rare, and may stay where they are out of the way.

use std::path::Path;

use sijang_testkit::lambda::{events::Request, runtime_api::RuntimeApi};

use crate::{
    candidate::{Candidate, Candidates, Operation},
    environment::Environment,
    market::{CUSTOMER, Market},
};

/// Enough that what is done once, at the start, counts for little.
const EVENTS: usize = 500;

/// Has each of the functions that are called most do its work: `NAME/bootstrap` in this folder.
pub async fn functions(folder: &Path) {
    let candidates = Candidates::ours();
    let program = |name| candidates.built(name, Operation::Work, folder.join(name).join("bootstrap"));
    let (mut market, api) = (Market::open().await, RuntimeApi::start().await.unwrap());
    let variables = market.variables(&market.store.endpoint);
    for (name, operation) in [("place-order", Operation::PlaceOrder), ("issue-coupon", Operation::IssueCoupon)] {
        commands(&program(name), operation, &mut market, &api).await;
    }
    for (name, route) in [("get-balance", "GET /v1/me/balance"), ("list-orders", "GET /v1/orders")] {
        let request =
            Request { route, parameters: vec![], user: CUSTOMER, scope: "shop/customer", key: "", body: None };
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
