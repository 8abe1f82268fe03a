//! What the local shop offers beside the public API, below `/_local`: for the flash sale and the operations page. No
//! deployed template knows of it.
//!
//! Whoever the gateway lets onto an admin route may use it: it is asked with the caller's own token, so that nothing is
//! decided here a second time.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;

use sijang_cloud::seoul;

use crate::gateway::Gateway;

/// Lets administrators pass.
pub(crate) async fn only_administrators(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    let Some(token) = request.headers().get(AUTHORIZATION).cloned() else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let today = seoul::day(Timestamp::now());
    let asked = gateway.get(&format!("/v1/admin/stats/daily?limit=1&date={today}")).header(AUTHORIZATION, token);
    match asked.send().await.map(|answer| answer.status()) {
        Ok(StatusCode::OK) => next.run(request).await,
        Ok(status) => status.into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
