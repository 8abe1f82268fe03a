//! `GET /v1/admin/customers/{user_id}/balance/transactions`: the ledger of a customer, newest first.

use sijang_domain::{LedgerEntry, UserId};
use sijang_edge::{Answer, CursorKey, Error, List, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

use super::list_balance_transactions::ledger_of;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The ledger of a customer, newest entry first, with the balance after each.
#[utoipa::path(
    get,
    path = "/v1/admin/customers/{user_id}/balance/transactions",
    operation_id = "list-customer-ledger",
    tag = "administration",
    params(
        ("user_id" = UserId, Path, description = "Which customer: the `sub` of the customer's token"),
        PageParameters,
    ),
    responses((
        status = 200,
        description = "A page of the ledger",
        body = List<LedgerEntry>,
        example = json!({
            "data": [{
            "transaction_id": "01JDA6ZQ4EB2C4D6F8G0H1J3K5", "type": "DEPOSIT", "amount": {"amount": 50000,
            "currency": "KRW"},
            "balance": {"amount": 50000, "currency": "KRW"}, "created_at": "2026-11-21T00:30:00.000Z"
        }],
            "next_cursor": null
        })
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let customer = request.named_customer()?;
    ledger_of(store, cursors, &customer, &request).await
}
