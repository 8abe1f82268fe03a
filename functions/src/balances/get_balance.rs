//! `GET /v1/me/balance`: what the customer has. Strongly consistent: a deposit just made is in it.

use serde::Serialize;
use sijang_domain::{Money, UserId};
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;
use utoipa::ToSchema;

/// The customer's balance.
#[derive(Serialize, ToSchema)]
pub(super) struct Balance {
    balance: Money,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// The balance. A deposit just made is in it.
#[utoipa::path(
    get,
    path = "/v1/me/balance",
    operation_id = "get-balance",
    tag = "balance",
    responses((
        status = 200,
        description = "The balance",
        body = Balance,
        example = json!({"balance": {"amount": 50000, "currency": "KRW"}})
    )),
    security(("token" = ["shop/customer"])),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.customer()?;
    balance_of(store, &customer, &request).await
}

/// The balance of a customer.
pub(super) async fn balance_of(store: &Store, customer: &UserId, request: &Request) -> Answer {
    request.only_parameters(&[])?;
    let balance = store.balance(customer).await?;
    Ok(Reply::ok(&Balance { balance }))
}
