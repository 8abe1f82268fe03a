//! `POST /v1/coupons/{coupon_id}/issues`: gives the customer a coupon, first come, first served, one for each.
//!
//! An idempotency key is welcome but not required: a customer can hold one coupon of a campaign, so that asking again
//! gets nothing twice. With the key, the repeated request gets the first one's answer.

use sijang_domain::{CouponStatus, IssuedCouponView, Refusal};
use sijang_edge::{Answer, Error, Reply, Request, serve};
use sijang_storage::Store;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(|request| handle(&store, request)).await
}

async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.customer()?;
    let coupon_id = request.path("coupon_id", Refusal::CouponNotFound)?;
    request.no_body()?;
    let key = request.idempotency_key()?;
    let issued = store.issue_coupon(&customer, coupon_id, key.as_ref(), request.moment()).await?;
    // As it was when it was issued, however often the answer is repeated.
    Ok(Reply::created(&issued.map(|coupon| {
        let at = coupon.issued_at;
        IssuedCouponView { status: CouponStatus::Usable, used_at: None, order_id: None, ..coupon.seen_at(at) }
    })))
}
