//! `GET /v1/health`: an answer for monitors. Public.
//!
//! The answer shows that the gateway invokes functions. It calls nothing: a monitor that asks every second costs no read,
//! and a table that is throttled has alarms of its own.

use serde::Serialize;
use sijang_edge::{Answer, Error, Reply, Request, serve};
use utoipa::ToSchema;

/// The API answers.
#[derive(Serialize, ToSchema)]
struct Health {
    status: HealthStatus,
}

/// Whether the API answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum HealthStatus {
    /// It does. There is no other status: an API that is down gives no answer.
    Up,
}

/// Answers requests until the execution environment ends.
pub async fn run() -> Result<(), Error> {
    serve(handle).await
}

/// Whether the API answers. It says nothing of the tables and queues behind it.
#[utoipa::path(
    get,
    path = "/v1/health",
    operation_id = "get-health",
    tag = "health",
    responses((status = 200, description = "The API answers", body = Health, example = json!({"status": "UP"}))),
)]
pub async fn handle(request: Request) -> Answer {
    request.only_parameters(&[])?;
    Ok(Reply::ok(&Health { status: HealthStatus::Up }))
}
