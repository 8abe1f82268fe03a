//! `GET /v1/admin/actions?date=`: what staff did on a day in Seoul, newest first: who, what, when, why.

use sijang_domain::{Day, StaffAction};
use sijang_edge::{Answer, CursorKey, Error, List, Reply, Request, parameters::PageParameters, serve};
use sijang_storage::Store;

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    let (store, cursors) = (Store::from_env().await, CursorKey::from_env()?);
    serve(move |request| handle(store, cursors, request)).await
}

/// What staff did on a day in Seoul, newest first. A command is recorded when it is accepted, in its own transaction.
#[utoipa::path(
    get,
    path = "/v1/admin/actions",
    operation_id = "list-staff-actions",
    tag = "administration",
    params(("date" = Day, Query, description = "Which day, tomorrow at the latest"), PageParameters),
    responses((
        status = 200,
        description = "A page of the day's actions",
        body = List<StaffAction>,
        example = json!({
            "data": [{
                "action_id": "01JDA6ZQ4EB2C4D6F8G0H1J3K5", "action": "update-product",
                "staff_id": "4f6b8a1c-0d2e-4c3b-9a5f-7e6d5c4b3a21", "reason": "가격 오류 수정", "idempotency_key": "price-1",
                "product_id": "01JD4QWKQK3X8M2Z6T9V5R7YBC",
                "changes": [{"field": "price", "before": "1650", "after": "16500"}],
                "created_at": "2026-11-21T00:30:00.000Z"
            }],
            "next_cursor": null
        })
    )),
    security(("token" = ["shop/admin"])),
)]
pub async fn handle(store: &Store, cursors: &CursorKey, request: Request) -> Answer {
    request.admin()?;
    request.only_parameters(&["date", "limit", "cursor"])?;
    let now = request.time().now;
    let day = request.required("date", |date| date.parse::<Day>()?.until_tomorrow(now))?;
    let page = request.page(cursors, "staff-actions", &day.to_string())?;
    let actions = store.staff_actions(day, page.limit, page.after.clone()).await?;
    Ok(Reply::page(actions, &page))
}
