//! `GET /v1/admin/orders/{order_id}`: an order of any customer, and whose it is.

use serde::Serialize;
use sijang_domain::{Order, Rejection, UserId};
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;
use utoipa::ToSchema;

/// An order as its customer sees it, and whose it is.
#[derive(Serialize, ToSchema)]
struct CustomerOrder {
    user_id: UserId,
    #[serde(flatten)]
    order: Order,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// An order of any customer, as the customer sees it, and whose it is. An order is found some seconds after it was placed,
/// when its event has been recorded; until then it is answered like one that does not exist.
#[utoipa::path(
    get,
    path = "/v1/admin/orders/{order_id}",
    operation_id = "find-order",
    tag = "administration",
    params(("order_id" = sijang_domain::OrderId, Path, description = "Which order")),
    responses((
        status = 200,
        description = "The order",
        body = CustomerOrder,
        example = json!({
            "user_id": "4f6c1a3e-8b0d-4f43-9e6e-1d2a3b4c5d6e",
            "order_id": "01JDA6ZQ4E9Y7V5T3R1P8N6M4K", "status": "PAID",
            "lines": [{"product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC", "quantity": 2, "unit_price": {"amount": 15000,
            "currency": "KRW"}, "product_version": 1, "name": "제주 감귤 5kg"}],
            "list_price": {"amount": 30000, "currency": "KRW"}, "discount": {"amount": 3000, "currency": "KRW"},
            "paid_price": {"amount": 27000, "currency": "KRW"},
            "coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "paid_at": "2026-11-21T00:31:07.512Z"
        })
    )),
    security(("token" = ["shop/admin"])),
    extensions(("x-problems" = json!(["order-not-found"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    request.admin()?;
    request.only_parameters(&[])?;
    let order_id = request.path("order_id", Rejection::OrderNotFound)?;
    let (user_id, mut order) = store.order_of_any_customer(order_id).await?;
    store.name_lines(std::slice::from_mut(&mut order)).await?;
    Ok(Reply::ok(&CustomerOrder { user_id, order }))
}
