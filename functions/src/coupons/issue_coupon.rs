//! `POST /v1/coupons/{coupon_id}/issues`: gives the customer a coupon, first come, first served, one for each.
//!
//! An idempotency key is welcome but not required: a customer can hold one coupon of a campaign, so that asking again
//! gets nothing twice. With the key, the repeated request gets the first one's answer.

use sijang_domain::{CouponId, CouponStatus, IssuedCouponView, Rejection};
use sijang_edge::{Answer, Error, Reply, Request, parameters::OptionalIdempotencyKeyHeader, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Gives the customer a coupon: first come, first served, one for each. The request has no body.
#[utoipa::path(
    post,
    path = "/v1/coupons/{coupon_id}/issues",
    operation_id = "issue-coupon",
    tag = "coupons",
    params(
        ("coupon_id" = CouponId, Path, description = "Which campaign"),
        OptionalIdempotencyKeyHeader,
    ),
    responses((
        status = 201,
        description = "The coupon as it was issued",
        body = IssuedCouponView,
        example = json!({"coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "name": "첫 주문 3,000원 할인",
            "discount": {"type": "FIXED", "amount": {"amount": 3000, "currency": "KRW"}},
            "minimum_order": {"amount": 10000, "currency": "KRW"},
            "status": "USABLE", "issued_at": "2026-11-21T00:30:00.000Z", "expires_at": "2026-12-21T15:00:00.000Z"})
    )),
    security(("token" = ["shop/customer"])),
    extensions(("x-problems" = json!([
        "coupon-not-found",
        "coupon-already-issued",
        "coupon-sold-out",
        "coupon-not-open",
        "coupon-closed"
    ]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let customer = request.customer()?;
    request.only_parameters(&[])?;
    let coupon_id = request.path("coupon_id", Rejection::CouponNotFound)?;
    request.no_body()?;
    let key = request.idempotency_key()?;
    let issued = store.issue_coupon(&customer, coupon_id, key.as_ref(), request.time()).await?;
    // As it was when it was issued, however often the answer is repeated.
    Ok(Reply::created(&issued.map(|coupon| {
        let at = coupon.issued_at;
        IssuedCouponView { status: CouponStatus::Usable, used_at: None, order_id: None, ..coupon.viewed_at(at) }
    })))
}
