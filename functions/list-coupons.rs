//! `GET /v1/coupons`: the campaigns that give out coupons now, the next to close first, and what is left. Public.

use sijang_edge::{Answer, CursorKey, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(|request| handle(&store, &cursors, request)).await
}

async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let page = request.page(cursors, "coupons", "")?;
    let campaigns = store.open_campaigns(page.limit, page.after.clone(), request.moment().now).await?;
    Ok(Reply::page(campaigns, &page).public(&request, 1))
}
