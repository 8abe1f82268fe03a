//! `POST /v1/admin/products/{product_id}/shards`: splits the stock of a product over so many items, while it is sold.

use sijang_domain::{ProductId, Rejection, StockShards};
use sijang_edge::{Answer, Error, Reply, Request, ShardsBody, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Splits the stock of a product over so many items, so that as many times more orders for it can be taken at once. What
/// customers see stays the same.
#[utoipa::path(
    post,
    path = "/v1/admin/products/{product_id}/shards",
    operation_id = "reshard-stock",
    tag = "administration",
    params(("product_id" = ProductId, Path, description = "Which product"), IdempotencyKeyHeader),
    request_body(content = ShardsBody, example = json!({"shards": 8})),
    responses((
        status = 200,
        description = "The product's shards",
        body = StockShards,
        example = json!({"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "shards": 8})
    )),
    security(("token" = ["shop/admin"])),
    extensions(("x-problems" = json!(["product-not-found"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    request.only_parameters(&[])?;
    let product_id = request.path("product_id", Rejection::ProductNotFound)?;
    let (shards, reason) = request.body::<ShardsBody>()?.parse()?;
    let command = request.staff_command(admin, "reshard-stock", &(product_id, shards), reason)?;
    let split = store.reshard_stock(&command, product_id, shards).await?;
    Ok(Reply::rendered(200, split))
}
