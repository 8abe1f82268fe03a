//! `GET /v1/orders/{order_id}`: one of the customer's orders. Another's is not there.

use sijang_domain::Refusal;
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.customer()?;
    let order_id = request.path("order_id", Refusal::OrderNotFound)?;
    let order = store.order(&customer, order_id).await?;
    Ok(Reply::ok(&order))
}
