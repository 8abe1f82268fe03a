//! `GET /v1/orders/{order_id}`: one of the customer's orders. Another's is not there.

use sijang_domain::{Order, OrderId, Rejection};
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// One of the customer's orders. An order just placed is there; another's is not.
#[utoipa::path(
    get,
    path = "/v1/orders/{order_id}",
    operation_id = "get-order",
    tag = "orders",
    params(("order_id" = OrderId, Path, description = "Which order")),
    responses((
        status = 200,
        description = "The order",
        body = Order,
        example = json!({
            "order_id": "01JDA6ZQ4E9Y7V5T3R1P8N6M4K", "status": "PAID",
            "lines": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "quantity": 2, "unit_price": {"amount": 15000,
            "currency": "KRW"}, "product_version": 1, "name": "제주 감귤 5kg"}],
            "list_price": {"amount": 30000, "currency": "KRW"}, "discount": {"amount": 3000, "currency": "KRW"},
            "paid_price": {"amount": 27000, "currency": "KRW"},
            "coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "paid_at": "2026-11-21T00:31:07.512Z"
        })
    )),
    security(("token" = ["shop/customer"])),
    extensions(("x-problems" = json!(["order-not-found"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.customer()?;
    request.only_parameters(&[])?;
    let order_id = request.path("order_id", Rejection::OrderNotFound)?;
    let mut order = store.order(&customer, order_id).await?;
    store.name_lines(std::slice::from_mut(&mut order)).await?;
    Ok(Reply::ok(&order))
}
