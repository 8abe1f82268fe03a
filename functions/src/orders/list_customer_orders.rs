//! `GET /v1/admin/customers/{user_id}/orders?status=`: the orders of a customer, newest first.

use sijang_domain::{Order, OrderStatus, UserId};
use sijang_edge::{Answer, CursorKey, Error, List, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

use super::list_orders::orders_of;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The orders of a customer, newest first.
#[utoipa::path(
    get,
    path = "/v1/admin/customers/{user_id}/orders",
    operation_id = "list-customer-orders",
    tag = "administration",
    params(
        ("user_id" = UserId, Path, description = "Which customer: the `sub` of the customer's token"),
        ("status" = Option<OrderStatus>, Query, description = "Only orders in this state"),
        PageParameters,
    ),
    responses((
        status = 200,
        description = "A page of the orders",
        body = List<Order>,
        example = json!({
            "data": [{
            "order_id": "01JDA6ZQ4E9Y7V5T3R1P8N6M4K", "status": "PAID",
            "lines": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "quantity": 2, "unit_price": {"amount": 15000,
            "currency": "KRW"}, "product_version": 1, "name": "제주 감귤 5kg"}],
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
    let customer = request.named_customer()?;
    orders_of(store, cursors, &customer, &request).await
}
