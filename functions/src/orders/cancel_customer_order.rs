//! `POST /v1/admin/customers/{user_id}/orders/{order_id}/cancel`: cancels a customer's order.

use sijang_domain::{Order, OrderId, Rejection, UserId};
use sijang_edge::{Answer, Error, ReasonBody, Reply, Request, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Cancels a customer's order, once: money, stock and coupon are given back. Staff may cancel after the customer's period.
#[utoipa::path(
    post,
    path = "/v1/admin/customers/{user_id}/orders/{order_id}/cancel",
    operation_id = "cancel-customer-order",
    tag = "administration",
    params(
        ("user_id" = UserId, Path, description = "Which customer: the `sub` of the customer's token"),
        ("order_id" = OrderId, Path, description = "Which order"),
        IdempotencyKeyHeader,
    ),
    request_body(content = ReasonBody, example = json!({"reason": "잘못된 쿠폰으로 결제됨"})),
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
            "cancelled_at": "2026-12-21T02:10:44.030Z"
        })
    )),
    security(("token" = ["shop/admin"])),
    extensions(("x-problems" = json!(["order-not-found", "order-already-cancelled"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let (staff, customer) = (request.admin()?, request.named_customer()?);
    request.only_parameters(&[])?;
    let order_id: OrderId = request.path("order_id", Rejection::OrderNotFound)?;
    let reason = request.body::<ReasonBody>()?.parse()?;
    let command = request.staff_command(staff, "cancel-customer-order", &(&customer, order_id), Some(reason))?;
    let order = store.cancel_customer_order(&command, &customer, order_id).await?;
    Ok(Reply::done(&order))
}
