//! `GET /v1/admin/products?status=&name_prefix=`: the products of a status by name, with stock and price.

use sijang_domain::{Name, ProductStatus, ProductSummary};
use sijang_edge::{Answer, CursorKey, Error, List, Reply, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The products of a status, by name.
#[utoipa::path(
    get,
    path = "/v1/admin/products",
    operation_id = "list-products-by-status",
    tag = "administration",
    params(
        ("status" = ProductStatus, Query, description = "Only products in this state"),
        ("name_prefix" = Option<Name>, Query, description = "Only names that begin so; upper and lower case are the same. An empty one selects nothing."),
        PageParameters,
    ),
    responses((
        status = 200,
        description = "A page of the products",
        body = List<ProductSummary>,
        example = json!({
            "data": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "name": "제주 감귤 5kg", "price": {"amount": 15000,
            "currency": "KRW"}, "stock": 100}],
            "next_cursor": "wZ0mB3vJcQe1T5h7yK9xUjAxSkQ"
        })
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    request.admin()?;
    request.only_parameters(&["status", "name_prefix", "limit", "cursor"])?;
    let status = request.required_choice("status")?;
    let prefix = request.filter("name_prefix", Name::parse)?;
    let owner = prefix.as_ref().map(Name::sort_key).unwrap_or_default();
    let page = request.page(cursors, list_of(status), &owner)?;
    let now = request.time().now;
    let products = store.products_by_status(status, prefix.as_ref(), page.limit, page.after.clone(), now).await?;
    Ok(Reply::page(products, &page))
}

/// Each status is a list of its own: a cursor of one does not fit another.
fn list_of(status: ProductStatus) -> &'static str {
    match status {
        ProductStatus::Active => "active-products",
        ProductStatus::Inactive => "inactive-products",
    }
}
