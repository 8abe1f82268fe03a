//! `GET /v1/admin/customers/{user_id}/coupons?status=`: the coupons that a customer holds: usable, used, expired.

use sijang_domain::{CouponStatus, IssuedCouponView, UserId};
use sijang_edge::{Answer, CursorKey, Error, List, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

use super::list_my_coupons::coupons_of;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The coupons that a customer holds.
#[utoipa::path(
    get,
    path = "/v1/admin/customers/{user_id}/coupons",
    operation_id = "list-customer-coupons",
    tag = "administration",
    params(
        ("user_id" = UserId, Path, description = "Which customer: the `sub` of the customer's token"),
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
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    let customer = request.named_customer()?;
    coupons_of(store, cursors, &customer, &request).await
}
