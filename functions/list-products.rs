//! `GET /v1/products`: the products that are sold, by name. Public.

use sijang_edge::{Answer, CursorKey, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(|request| handle(&store, &cursors, request)).await
}

async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let page = request.page(cursors, "products", "")?;
    let products = store.catalogue(page.limit, page.after.clone()).await?;
    Ok(Reply::page(products, &page))
}
