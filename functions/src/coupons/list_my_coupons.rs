//! `GET /v1/me/coupons?status=`: the coupons that the customer holds: usable, used, expired, voided.

use sijang_domain::{CouponStatus, IssuedCouponView, UserId};
use sijang_edge::{Answer, CursorKey, Error, List, Reply, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The coupons that the customer holds.
#[utoipa::path(
    get,
    path = "/v1/me/coupons",
    operation_id = "list-my-coupons",
    tag = "coupons",
    params(
        ("status" = Option<CouponStatus>, Query, description = "Only coupons in this state"),
        PageParameters,
    ),
    responses((
        status = 200,
        description = "A page of the coupons",
        body = List<IssuedCouponView>,
        example = json!({
            "data": [{"coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "name": "첫 주문 3,000원 할인",
            "discount": {"type": "FIXED", "amount": {"amount": 3000, "currency": "KRW"}},
            "minimum_order": {"amount": 10000, "currency": "KRW"},
            "status": "USABLE", "issued_at": "2026-11-21T00:30:00.000Z", "expires_at": "2026-12-21T15:00:00.000Z"}],
            "next_cursor": null
        })
    )),
    security(("token" = ["shop/customer"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let customer = request.customer()?;
    coupons_of(store, cursors, &customer, &request).await
}

/// A page of the coupons that a customer holds.
pub(super) async fn coupons_of(store: &Store, cursors: &CursorKey, customer: &UserId, request: &Request) -> Answer {
    request.only_parameters(&["status", "limit", "cursor"])?;
    let status = request.choice("status")?;
    let page = request.page(cursors, list_of(status), customer.as_str())?;
    let time = request.time();
    let coupons = store.coupons_of(customer, status, page.limit, page.after.clone(), time).await?;
    Ok(Reply::page(coupons.map(|coupon| coupon.viewed_at(time.now)), &page))
}

/// Each filter is a list of its own: a cursor of one does not fit another.
fn list_of(status: Option<CouponStatus>) -> &'static str {
    match status {
        None => "my-coupons",
        Some(CouponStatus::Usable) => "my-usable-coupons",
        Some(CouponStatus::Used) => "my-used-coupons",
        Some(CouponStatus::Expired) => "my-expired-coupons",
        Some(CouponStatus::Voided) => "my-voided-coupons",
    }
}
