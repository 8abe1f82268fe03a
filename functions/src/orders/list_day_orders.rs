//! `GET /v1/admin/orders?date=`: the orders of a day in Seoul, newest first, as they are recorded.

use sijang_domain::{CouponId, Day, OrderStatus, ProductId, RecordedOrder, RecordedOrderFilter};
use sijang_edge::{Answer, CursorKey, Error, List, Reply, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The orders of all customers that were paid on a day in Seoul, newest first. An order or a cancellation is listed some
/// seconds after it was made, when its event has been recorded. A page may have fewer orders than the limit, or none, when
/// others follow: read on until `next_cursor` is null.
#[utoipa::path(
    get,
    path = "/v1/admin/orders",
    operation_id = "list-day-orders",
    tag = "administration",
    params(
        ("date" = Day, Query, description = "Which day, tomorrow at the latest"),
        ("status" = Option<OrderStatus>, Query, description = "Only orders in this state"),
        ("product_id" = Option<ProductId>, Query, description = "Only orders with this product"),
        ("coupon_id" = Option<CouponId>, Query, description = "Only orders with this coupon"),
        PageParameters,
    ),
    responses((
        status = 200,
        description = "A page of the orders",
        body = List<RecordedOrder>,
        example = json!({
            "data": [{
            "order_id": "01JDA6ZQ4E9Y7V5T3R1P8N6M4K", "user_id": "4f6c1a3e-8b0d-4f43-9e6e-1d2a3b4c5d6e",
            "status": "PAID",
            "lines": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "quantity": 2, "unit_price": {"amount": 15000,
            "currency": "KRW"}, "product_version": 1}],
            "list_price": {"amount": 30000, "currency": "KRW"}, "discount": {"amount": 3000, "currency": "KRW"},
            "paid_price": {"amount": 27000, "currency": "KRW"},
            "coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "paid_at": "2026-11-21T00:31:07.512Z"
        }],
            "next_cursor": null
        })
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    request.admin()?;
    request.only_parameters(&["date", "status", "product_id", "coupon_id", "limit", "cursor"])?;
    let now = request.time().now;
    let day = request.required("date", |date| date.parse::<Day>()?.until_tomorrow(now))?;
    let filter = RecordedOrderFilter {
        status: request.choice("status")?,
        product_id: request.filter("product_id", str::parse)?,
        coupon_id: request.filter("coupon_id", str::parse)?,
    };
    // Each day and each filter is a list of its own: a cursor of one does not fit another.
    let list = serde_json::to_string(&(day, &filter)).unwrap_or_default();
    let page = request.page(cursors, "day-orders", &list)?;
    let orders = store.orders_of_day(day, &filter, page.limit, page.after.clone()).await?;
    Ok(Reply::page(orders, &page))
}
