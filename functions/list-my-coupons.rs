//! `GET /v1/me/coupons?status=`: the coupons that the customer holds: usable, used, expired.

use sijang_domain::{CouponStatus, Violation};
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
    let now = request.moment().now;
    let coupons = store.coupons_of(&customer, status, page.limit, page.after.clone(), now).await?;
    Ok(Reply::page(coupons.map(|coupon| coupon.seen_at(now)), &page))
}

fn parse_status(status: &str) -> Result<CouponStatus, Violation> {
    match status {
        "USABLE" => Ok(CouponStatus::Usable),
        "USED" => Ok(CouponStatus::Used),
        "EXPIRED" => Ok(CouponStatus::Expired),
        _ => Err(Violation::Malformed),
    }
}

/// Each filter is a list of its own: a cursor of one does not fit another.
fn list_of(status: Option<CouponStatus>) -> &'static str {
    match status {
        None => "my-coupons",
        Some(CouponStatus::Usable) => "my-usable-coupons",
        Some(CouponStatus::Used) => "my-used-coupons",
        Some(CouponStatus::Expired) => "my-expired-coupons",
    }
}
