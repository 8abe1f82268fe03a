//! `GET /v1/orders?status=`: the customer's orders, newest first.

use sijang_domain::{Order, OrderStatus, UserId};
use sijang_edge::{Answer, CursorKey, Error, List, Reply, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The customer's orders, newest first.
#[utoipa::path(
    get,
    path = "/v1/orders",
    operation_id = "list-orders",
    tag = "orders",
    params(
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
    security(("token" = ["shop/customer"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let customer = request.customer()?;
    orders_of(store, cursors, &customer, &request).await
}

/// A page of the orders of a customer.
pub(super) async fn orders_of(store: &Store, cursors: &CursorKey, customer: &UserId, request: &Request) -> Answer {
    request.only_parameters(&["status", "limit", "cursor"])?;
    let status = request.choice("status")?;
    let page = request.page(cursors, list_of(status), customer.as_str())?;
    let mut orders = store.orders(customer, status, page.limit, page.after.clone(), request.time()).await?;
    store.name_lines(&mut orders.data).await?;
    Ok(Reply::page(orders, &page))
}

/// Each filter is a list of its own: a cursor of one does not fit another.
fn list_of(status: Option<OrderStatus>) -> &'static str {
    match status {
        None => "orders",
        Some(OrderStatus::Paid) => "paid-orders",
        Some(OrderStatus::Cancelled) => "cancelled-orders",
    }
}
