//! `POST /v1/orders/{order_id}/cancel`: cancels one of the customer's orders: money, stock and coupon are given back.

use sijang_domain::{CancellationPeriod, Order, OrderId, Rejection};
use sijang_edge::{Answer, Error, Reply, Request, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, period) = (Store::from_env().await, period_from_env()?);
    serve(move |request| handle(store, period, request)).await
}

/// Cancels an order, once: money, stock and coupon are given back. It can be cancelled until the end of the seventh day
/// after the day of its payment, Asia/Seoul, unless the shop has set another period. The request has no body.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/cancel",
    operation_id = "cancel-order",
    tag = "orders",
    params(("order_id" = OrderId, Path, description = "Which order"), IdempotencyKeyHeader),
    responses((
        status = 200,
        description = "The cancelled order",
        body = Order,
        example = json!({
            "order_id": "01JDA6ZQ4E9Y7V5T3R1P8N6M4K", "status": "CANCELLED",
            "lines": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "quantity": 2, "unit_price": {"amount": 15000,
            "currency": "KRW"}, "product_version": 1}],
            "list_price": {"amount": 30000, "currency": "KRW"}, "discount": {"amount": 3000, "currency": "KRW"},
            "paid_price": {"amount": 27000, "currency": "KRW"},
            "coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "paid_at": "2026-11-21T00:31:07.512Z",
            "cancelled_at": "2026-11-21T02:10:44.030Z"
        })
    )),
    security(("token" = ["shop/customer"])),
    extensions(("x-problems" = json!(["order-not-found", "order-already-cancelled", "cancellation-period-over"]))),
)]
pub async fn handle(store: &Store, period: &CancellationPeriod, request: Request) -> Answer {
    let customer = request.customer()?;
    request.only_parameters(&[])?;
    let order_id: OrderId = request.path("order_id", Rejection::OrderNotFound)?;
    request.no_body()?;
    let command = request.command(customer, "cancel-order", &order_id)?;
    let order = store.cancel_order(&command, order_id, *period).await?;
    Ok(Reply::done(&order))
}

/// Kept for the life of the process, like the store.
fn period_from_env() -> Result<&'static CancellationPeriod, Error> {
    let days = std::env::var("CANCELLATION_DAYS").ok().and_then(|value| value.parse().ok());
    let days = days.ok_or("CANCELLATION_DAYS must be a number of days")?;
    Ok(Box::leak(Box::new(CancellationPeriod::of_days(days))))
}
