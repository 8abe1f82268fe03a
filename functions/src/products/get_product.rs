//! `GET /v1/products/{product_id}`: one product with its description; also one that is not sold at present. Public.

use sijang_domain::{Product, ProductId, Rejection};
use sijang_edge::{Answer, Error, Reply, Request, parameters::ConditionalHeader, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// One product, also one that is not on sale at present. Caches may answer with it for a second. Look here before you
/// order again in a rush.
#[utoipa::path(
    get,
    path = "/v1/products/{product_id}",
    operation_id = "get-product",
    tag = "catalogue",
    params(("product_id" = ProductId, Path, description = "Which product"), ConditionalHeader),
    responses((
        status = 200,
        description = "The product",
        body = Product,
        example = json!({
            "product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "name": "제주 감귤 5kg", "description": "산지에서 바로 보내는 노지 감귤",
            "price": {"amount": 15000, "currency": "KRW"}, "stock": 100, "status": "ACTIVE",
            "category": "과일", "family": "제주 감귤", "size": "5kg",
            "image_url": "https://cdn.example.com/tangerine.webp", "name_en": "Jeju tangerines 5kg"
        })
    )),
    extensions(("x-problems" = json!(["product-not-found"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    request.only_parameters(&[])?;
    let product_id = request.path("product_id", Rejection::ProductNotFound)?;
    let product = store.product(product_id, request.time().now).await?;
    Ok(Reply::ok(&product).public(&request, 1))
}
