//! `GET /v1/me/balance/transactions`: the customer's ledger, newest first, with the balance after each entry.

use sijang_edge::{Answer, CursorKey, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(|request| handle(&store, &cursors, request)).await
}

async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let customer = request.customer()?;
    let page = request.page(cursors, "balance-transactions", customer.as_str())?;
    let entries = store.ledger(&customer, page.limit, page.after.clone(), request.moment()).await?;
    Ok(Reply::page(entries, &page))
}
