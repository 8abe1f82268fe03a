//! `GET /v1/orders?status=`: the customer's orders, newest first.

use sijang_domain::{OrderStatus, Violation};
use sijang_edge::{Answer, CursorKey, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(|request| handle(&store, &cursors, request)).await
}

async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let customer = request.customer()?;
    let status = request.parameter("status", parse_status)?;
    let page = request.page(cursors, list_of(status), customer.as_str())?;
    let orders = store.orders(&customer, status, page.limit, page.after.clone()).await?;
    Ok(Reply::page(orders, &page))
}

fn parse_status(status: &str) -> Result<OrderStatus, Violation> {
    match status {
        "PAID" => Ok(OrderStatus::Paid),
        "CANCELLED" => Ok(OrderStatus::Cancelled),
        _ => Err(Violation::Malformed),
    }
}

/// Each filter is a list of its own: a cursor of one does not fit another.
fn list_of(status: Option<OrderStatus>) -> &'static str {
    match status {
        None => "orders",
        Some(OrderStatus::Paid) => "paid-orders",
        Some(OrderStatus::Cancelled) => "cancelled-orders",
    }
}
