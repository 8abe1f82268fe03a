//! `POST /v1/admin/coupons/{coupon_id}/shards`: splits the rest of a campaign over so many items, while it is given out.

use sijang_domain::{CouponId, CouponShards, Rejection};
use sijang_edge::{Answer, Error, Reply, Request, ShardsBody, parameters::IdempotencyKeyHeader, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let store = Store::from_env().await;
    serve(move |request| handle(store, request)).await
}

/// Splits the rest of a campaign over so many items, so that as many times more coupons can be given out at once. What
/// customers see stays the same.
#[utoipa::path(
    post,
    path = "/v1/admin/coupons/{coupon_id}/shards",
    operation_id = "reshard-coupon",
    tag = "administration",
    params(("coupon_id" = CouponId, Path, description = "Which campaign"), IdempotencyKeyHeader),
    request_body(content = ShardsBody, example = json!({"shards": 8})),
    responses((
        status = 200,
        description = "The campaign's shards",
        body = CouponShards,
        example = json!({"coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "shards": 8})
    )),
    security(("token" = ["shop/admin"])),
    extensions(("x-problems" = json!(["coupon-not-found"]))),
)]
pub async fn handle(store: &Store, request: Request) -> Answer {
    let admin = request.admin()?;
    request.only_parameters(&[])?;
    let coupon_id = request.path("coupon_id", Rejection::CouponNotFound)?;
    let (shards, reason) = request.body::<ShardsBody>()?.parse()?;
    let command = request.staff_command(admin, "reshard-coupon", &(coupon_id, shards), reason)?;
    let split = store.reshard_coupon(&command, coupon_id, shards).await?;
    Ok(Reply::rendered(200, split))
}
