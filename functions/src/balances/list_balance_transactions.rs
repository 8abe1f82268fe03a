//! `GET /v1/me/balance/transactions`: the customer's ledger, newest first, with the balance after each entry.

use sijang_domain::{LedgerEntry, UserId};
use sijang_edge::{Answer, CursorKey, Error, List, Reply, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The ledger, newest entry first, with the balance after each.
#[utoipa::path(
    get,
    path = "/v1/me/balance/transactions",
    operation_id = "list-balance-transactions",
    tag = "balance",
    params(PageParameters),
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
    security(("token" = ["shop/customer"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let customer = request.customer()?;
    ledger_of(store, cursors, &customer, &request).await
}

/// A page of the ledger of a customer.
pub(super) async fn ledger_of(store: &Store, cursors: &CursorKey, customer: &UserId, request: &Request) -> Answer {
    request.only_parameters(&["limit", "cursor"])?;
    let page = request.page(cursors, "balance-transactions", customer.as_str())?;
    let entries = store.ledger(customer, page.limit, page.after.clone(), request.time()).await?;
    Ok(Reply::page(entries, &page))
}
