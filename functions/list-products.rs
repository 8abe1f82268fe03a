//! `GET /v1/products?name_prefix=`: the products that are sold, by name. Public, and cached for a few seconds.

use sijang_domain::Name;
use sijang_edge::{Answer, CursorKey, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(|request| handle(&store, &cursors, request)).await
}

async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let prefix = request.parameter("name_prefix", Name::parse)?;
    let owner = prefix.as_ref().map(Name::sort_key).unwrap_or_default();
    let page = request.page(cursors, "products", &owner)?;
    let products = store.catalogue(prefix.as_ref(), page.limit, page.after.clone()).await?;
    Ok(Reply::page(products, &page).public(&request, 5))
}
