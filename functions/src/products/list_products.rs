//! `GET /v1/products?q=&category=&sort=&name_prefix=`: the products that are sold, by name; or those that a search finds,
//! in its order. Public, and cached for a few seconds.

use serde::Serialize;
use sijang_domain::{CategoryCount, Label, Name, ProductSearch, ProductSort, ProductSummary};
use sijang_edge::{
    Answer, CursorKey, Error, Failure, List, Reply, Request,
    parameters::{ConditionalHeader, PageParameters},
    serve,
};
use sijang_storage::Store;
use utoipa::ToSchema;

/// A page of the catalogue. Only a search has the figures of the whole, which are up to 30 seconds old.
#[derive(Serialize, ToSchema)]
#[schema(as = ProductList)]
struct Products {
    data: Vec<ProductSummary>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
    /// The products that the search found, on all pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<usize>,
    /// How many of them there are of each category, by its name; as if the search named no category.
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<CategoryCount>>,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The products on sale, by name; with `q`, `category` or `sort`, those that the search finds. A search does not know what
/// has changed in the last 30 seconds; the prices and stocks that it shows are current. Its pages can have fewer elements
/// than their limit.
#[utoipa::path(
    get,
    path = "/v1/products",
    operation_id = "list-products",
    tag = "catalogue",
    params(
        ("q" = Option<Name>, Query, description = "Only products whose name or English name has this, whatever its case, width and spaces. Initial consonants (`ㄱㄱ`) stand for their syllables, and the last syllable may be unfinished. An empty one selects nothing."),
        ("category" = Option<Label>, Query, description = "Only products of this category. An empty one selects nothing."),
        ("sort" = Option<ProductSort>, Query, description = "The order: by name, the cheapest or the most expensive first (by prices up to 30 seconds old), the newest first, or those first that sold most in the three days of the ranking. Equal ones are listed by name."),
        ("name_prefix" = Option<Name>, Query, description = "Only names that begin so; upper and lower case are the same. An empty one selects nothing."),
        PageParameters,
        ConditionalHeader,
    ),
    responses((
        status = 200,
        description = "A page of the catalogue",
        body = Products,
        example = json!({
            "data": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "name": "제주 감귤 5kg", "price": {"amount": 15000,
            "currency": "KRW"}, "stock": 100, "category": "과일", "family": "제주 감귤", "size": "5kg",
            "image_url": "https://cdn.example.com/tangerine.webp", "name_en": "Jeju tangerines 5kg"}],
            "next_cursor": "wZ0mB3vJcQe1T5h7yK9xUjAxSkQ", "total": 3, "categories": [{"category": "과일", "count": 3}]
        })
    )),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    request.only_parameters(&["q", "category", "sort", "name_prefix", "limit", "cursor"])?;
    let text = request.filter("q", Name::parse)?;
    let prefix = request.filter("name_prefix", Name::parse)?;
    let category = request.filter("category", Label::parse)?;
    let sort = request.filter("sort", ProductSort::parse)?;
    let is_search = text.is_some() || category.is_some() || sort.is_some();
    let search = ProductSearch { text, prefix, category, sort: sort.unwrap_or_default() };
    let products = if is_search {
        found(store, cursors, &request, &search).await?
    } else {
        listed(store, cursors, &request, search.prefix.as_ref()).await?
    };
    Ok(Reply::ok(&products).public(&request, 5))
}

/// A page of all products. It reads no more than the page.
async fn listed(
    store: &Store,
    cursors: &CursorKey,
    request: &Request,
    prefix: Option<&Name>,
) -> Result<Products, Failure> {
    let owner = prefix.map(Name::sort_key).unwrap_or_default();
    let page = request.page(cursors, "products", &owner)?;
    let products = store.catalogue(prefix, page.limit, page.after.clone(), request.time().now).await?;
    let List { data, next_cursor } = page.list(products);
    Ok(Products { data, next_cursor, total: None, categories: None })
}

/// A page of what a search finds. Each search is a list of its own: a cursor of one does not fit another.
async fn found(
    store: &Store,
    cursors: &CursorKey,
    request: &Request,
    search: &ProductSearch,
) -> Result<Products, Failure> {
    let page = request.page(cursors, "product-search", &search.identity())?;
    let hits = store.search_products(search, page.limit, page.after.as_ref(), request.time().now).await?;
    let List { data, next_cursor } = page.list(hits.page);
    Ok(Products { data, next_cursor, total: Some(hits.total), categories: Some(hits.categories) })
}
