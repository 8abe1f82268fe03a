//! `POST /v1/admin/coupons/{coupon_id}/end`: ends a campaign now. Coupons that customers hold stay good.

use sijang_domain::{Campaign, CouponId, Rejection};
use sijang_edge::{Answer, Error, ReasonBody, Reply, Request, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Ends a campaign now: no more coupons are issued. The coupons that customers hold stay good.
#[utoipa::path(
    post,
    path = "/v1/admin/coupons/{coupon_id}/end",
    operation_id = "end-coupon",
    tag = "administration",
    params(("coupon_id" = CouponId, Path, description = "Which campaign"), IdempotencyKeyHeader),
    request_body(content = ReasonBody, example = json!({"reason": "할인 금액 오류"})),
    responses((
        status = 200,
        description = "The campaign",
        body = Campaign,
        example = json!({"coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "name": "첫 주문 3,000원 할인",
            "discount": {"type": "FIXED", "amount": {"amount": 3000, "currency": "KRW"}},
            "minimum_order": {"amount": 10000, "currency": "KRW"},
            "total": 1000, "opens_at": "2026-11-21T00:00:00.000Z", "closes_at": "2026-11-21T02:10:44.030Z",
            "valid_days": 30})
    )),
    security(("token" = ["shop/admin"])),
    extensions(("x-problems" = json!(["coupon-not-found", "coupon-closed"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    request.only_parameters(&[])?;
    let coupon_id = request.path("coupon_id", Rejection::CouponNotFound)?;
    let reason = request.body::<ReasonBody>()?.parse()?;
    let command = request.staff_command(admin, "end-coupon", &coupon_id, Some(reason))?;
    let campaign = store.end_campaign(&command, coupon_id).await?;
    Ok(Reply::rendered(200, campaign))
}
