//! `GET /v1/products?name_prefix=`: the products that are sold, by name. Public, and cached for a few seconds.

use sijang_domain::{Name, ProductSummary};
use sijang_edge::{
    Answer, CursorKey, Error, List, Reply, Request,
    parameters::{ConditionalHeader, PageParameters},
    serve,
};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The products on sale, by name.
#[utoipa::path(
    get,
    path = "/v1/products",
    operation_id = "list-products",
    tag = "catalogue",
    params(
        ("name_prefix" = Option<Name>, Query, description = "Only names that begin so; upper and lower case are the same. An empty one selects nothing."),
        PageParameters,
        ConditionalHeader,
    ),
    responses((
        status = 200,
        description = "A page of the catalogue",
        body = List<ProductSummary>,
        example = json!({
            "data": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "name": "제주 감귤 5kg", "price": {"amount": 15000,
            "currency": "KRW"}, "stock": 100}],
            "next_cursor": "wZ0mB3vJcQe1T5h7yK9xUjAxSkQ"
        })
    )),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    request.only_parameters(&["name_prefix", "limit", "cursor"])?;
    let prefix = request.filter("name_prefix", Name::parse)?;
    let owner = prefix.as_ref().map(Name::sort_key).unwrap_or_default();
    let page = request.page(cursors, "products", &owner)?;
    let products = store.catalogue(prefix.as_ref(), page.limit, page.after.clone(), request.time().now).await?;
    Ok(Reply::page(products, &page).public(&request, 5))
}
