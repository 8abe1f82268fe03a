//! `POST /v1/orders/{order_id}/cancel`: cancels one of the customer's orders: money, stock and coupon are given back.

use sijang_domain::{OrderId, Refusal};
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.customer()?;
    let order_id: OrderId = request.path("order_id", Refusal::OrderNotFound)?;
    request.no_body()?;
    let command = request.command(customer, "cancel-order", &order_id)?;
    let order = store.cancel_order(&command, order_id).await?;
    Ok(Reply::done(&order))
}
