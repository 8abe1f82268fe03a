//! `GET /v1/orders`: the customer's orders, newest first.

use sijang_edge::{Answer, CursorKey, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(|request| handle(&store, &cursors, request)).await
}

async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let customer = request.customer()?;
    let page = request.page(cursors, "orders", customer.as_str())?;
    let orders = store.orders(&customer, page.limit, page.after.clone()).await?;
    Ok(Reply::page(orders, &page))
}
