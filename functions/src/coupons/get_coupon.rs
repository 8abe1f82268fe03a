//! `GET /v1/coupons/{coupon_id}`: one campaign and what is left of it, also before it opens and when it is over. Public.

use sijang_domain::{CampaignListing, CouponId, Rejection};
use sijang_edge::{Answer, Error, Reply, Request, parameters::ConditionalHeader, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// One campaign, also before it opens and when it is over: what is left, and when it opens and closes. Caches may
/// answer with it for a second. Look here before you ask for a coupon again: 100,000 customers who look cost one request
/// of the shop a second for each cache.
#[utoipa::path(
    get,
    path = "/v1/coupons/{coupon_id}",
    operation_id = "get-coupon",
    tag = "coupons",
    params(("coupon_id" = CouponId, Path, description = "Which campaign"), ConditionalHeader),
    responses((
        status = 200,
        description = "The campaign",
        body = CampaignListing,
        example = json!({
            "coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "name": "첫 주문 3,000원 할인",
            "discount": {"type": "FIXED", "amount": {"amount": 3000, "currency": "KRW"}},
            "minimum_order": {"amount": 10000, "currency": "KRW"},
            "total": 1000, "opens_at": "2026-11-21T00:00:00.000Z", "closes_at": "2026-12-21T00:00:00.000Z",
            "valid_days": 30, "remaining": 412
        })
    )),
    extensions(("x-problems" = json!(["coupon-not-found"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    request.only_parameters(&[])?;
    let coupon_id = request.path("coupon_id", Rejection::CouponNotFound)?;
    let campaign = store.campaign_listing(coupon_id, request.time().now).await?;
    Ok(Reply::ok(&campaign).public(&request, 1))
}
