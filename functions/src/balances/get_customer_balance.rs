//! `GET /v1/admin/customers/{user_id}/balance`: what a customer has. A customer without a deposit has 0.

use sijang_domain::UserId;
use sijang_edge::{Answer, Error, Request, serve};
use sijang_storage::Store;

use super::get_balance::{Balance, balance_of};

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// The balance of a customer. A customer who never made a deposit, and a user id that nobody has, have 0.
#[utoipa::path(
    get,
    path = "/v1/admin/customers/{user_id}/balance",
    operation_id = "get-customer-balance",
    tag = "administration",
    params(("user_id" = UserId, Path, description = "Which customer: the `sub` of the customer's token")),
    responses((
        status = 200,
        description = "The balance",
        body = Balance,
        example = json!({"balance": {"amount": 50000, "currency": "KRW"}})
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.named_customer()?;
    balance_of(store, &customer, &request).await
}
