//! `GET /v1/admin/coupons?state=`: campaigns by state, with what each has issued and how many were used.

use sijang_domain::{CampaignReport, CampaignState};
use sijang_edge::{Answer, CursorKey, Error, List, Reply, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// The campaigns in a state, by the time they close: of closed ones the last to close first, of others the next to close
/// first.
#[utoipa::path(
    get,
    path = "/v1/admin/coupons",
    operation_id = "list-campaigns",
    tag = "administration",
    params(
        ("state" = CampaignState, Query, description = "Only campaigns in this state"),
        PageParameters,
    ),
    responses((
        status = 200,
        description = "A page of the campaigns",
        body = List<CampaignReport>,
        example = json!({
            "data": [{"coupon_id": "01JD4R2T8V6X4Z1B3D5F7H9K0M", "name": "첫 주문 3,000원 할인",
            "discount": {"type": "FIXED", "amount": {"amount": 3000, "currency": "KRW"}},
            "minimum_order": {"amount": 10000, "currency": "KRW"},
            "total": 1000, "opens_at": "2026-11-21T00:00:00.000Z", "closes_at": "2026-12-21T00:00:00.000Z",
            "valid_days": 30, "state": "OPEN", "issued": 588, "remaining": 412,
            "used": 131, "used_until": "2026-11-27T15:00:00.000Z"}],
            "next_cursor": null
        })
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    request.admin()?;
    request.only_parameters(&["state", "limit", "cursor"])?;
    let state = request.required_choice("state")?;
    let page = request.page(cursors, list_of(state), "")?;
    let campaigns = store.campaigns(state, page.limit, page.after.clone(), request.time()).await?;
    Ok(Reply::page(campaigns, &page))
}

/// Each state is a list of its own: a cursor of one does not fit another.
fn list_of(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Upcoming => "upcoming-campaigns",
        CampaignState::Open => "open-campaigns",
        CampaignState::Closed => "closed-campaigns",
    }
}
