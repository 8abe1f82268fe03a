//! `GET /v1/products/{product_id}`: one product with its description; also one that is not sold at present. Public.

use sijang_domain::Refusal;
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let product_id = request.path("product_id", Refusal::ProductNotFound)?;
    let product = store.product(product_id).await?;
    Ok(Reply::ok(&product).public(&request, 5))
}
