//! `GET /v1/admin/stats/daily?date=`: what each product sold on a day in Seoul, by product, as last counted.

use serde::Serialize;
use sijang_domain::{Day, ProductId, ProductSales, SignedMoney};
use sijang_edge::{Answer, CursorKey, Error, List, Reply, Request, parameters::PageParameters, serve};
use sijang_storage::Store;
use utoipa::ToSchema;

/// What one product sold. A figure can be negative while the event of a cancellation is ahead of its sale's.
#[derive(Serialize, ToSchema)]
struct DailySales {
    product_id: ProductId,
    units_sold: i64,
    orders: i64,
    /// Units times list price, before coupons.
    revenue: SignedMoney,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// What each product sold on a day in Seoul, by product, as last counted.
#[utoipa::path(
    get,
    path = "/v1/admin/stats/daily",
    operation_id = "get-daily-stats",
    tag = "administration",
    params(("date" = Day, Query, description = "Which day, tomorrow at the latest"), PageParameters),
    responses((
        status = 200,
        description = "A page of the day's sales",
        body = List<DailySales>,
        example = json!({
            "data": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "units_sold": 80, "orders": 52,
            "revenue": {"amount": 1_200_000, "currency": "KRW"}}],
            "next_cursor": null
        })
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    request.admin()?;
    request.only_parameters(&["date", "limit", "cursor"])?;
    let now = request.time().now;
    let day = request.required("date", |date| date.parse::<Day>()?.until_tomorrow(now))?;
    let page = request.page(cursors, "daily-stats", &day.to_string())?;
    let sales = store.daily_sales(day, page.limit, page.after.clone()).await?;
    Ok(Reply::page(sales.map(DailySales::of), &page))
}

impl DailySales {
    fn of((product_id, sales): (ProductId, ProductSales)) -> Self {
        Self { product_id, units_sold: sales.units, orders: sales.orders, revenue: SignedMoney::counted(sales.revenue) }
    }
}
