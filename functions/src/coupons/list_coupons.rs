//! `GET /v1/coupons`: the open campaigns with their remaining coupons, the next to close first. Public.

use sijang_domain::CampaignListing;
use sijang_edge::{
    Answer, CursorKey, Error, List, Reply, Request,
    parameters::{ConditionalHeader, PageParameters},
    serve,
};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The open coupon campaigns, with the remaining coupons of each.
#[utoipa::path(
    get,
    path = "/v1/coupons",
    operation_id = "list-coupons",
    tag = "coupons",
    params(PageParameters, ConditionalHeader),
    responses((
        status = 200,
        description = "A page of the open campaigns",
        body = List<CampaignListing>,
        example = json!({
            "data": [{"coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "name": "첫 주문 3,000원 할인",
            "discount": {"type": "FIXED", "amount": {"amount": 3000, "currency": "KRW"}},
            "minimum_order": {"amount": 10000, "currency": "KRW"},
            "total": 1000, "opens_at": "2026-11-21T00:00:00.000Z", "closes_at": "2026-12-21T00:00:00.000Z",
            "valid_days": 30, "remaining": 412}],
            "next_cursor": null
        })
    )),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    request.only_parameters(&["limit", "cursor"])?;
    let page = request.page(cursors, "coupons", "")?;
    let campaigns = store.open_campaigns(page.limit, page.after.clone(), request.time()).await?;
    Ok(Reply::page(campaigns, &page).public(&request, 1))
}
