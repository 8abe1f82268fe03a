//! What the operations page needs beside the admin API: the depth of the queues, the daily aggregation and the
//! reconciliation at once, and a redrive. On AWS these are alarms, the console, and invocations.

use std::{collections::BTreeMap, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::future::try_join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use sijang_cloud::{
    aggregation,
    ministack::{Cloud, Deployment},
    redrive::Redrive,
    seoul,
    stack::STACK_NAME,
    worker,
};

/// Outputs of the stack that are queues, and their names.
const QUEUES: [(&str, &str); 4] = [
    ("OrderEventsQueueUrl", "order-events"),
    ("OrderEventsDlqUrl", "order-events-dlq"),
    ("RelayFailuresQueueUrl", "relay-failures"),
    ("ScheduleDlqUrl", "schedule-dlq"),
];

struct Operations {
    cloud: Cloud,
    /// URLs by name.
    queues: BTreeMap<&'static str, String>,
}

/// The routes of the operations page.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(cloud: Cloud, deployment: &Deployment) -> Result<Router<S>> {
    let queue = |(output, name): (&str, &'static str)| {
        let url = deployment.outputs.get(output).with_context(|| format!("the stack has no output {output}"))?;
        Ok((name, url.clone()))
    };
    let operations = Operations { cloud, queues: QUEUES.into_iter().map(queue).collect::<Result<_>>()? };
    Ok(Router::new()
        .route("/_local/queues", get(async |State(here): State<Arc<Operations>>| answer(here.queues().await)))
        .route("/_local/daily-runs", post(async |State(here): State<Arc<Operations>>| answer(here.run_today().await)))
        .route("/_local/redrive", post(async |State(here): State<Arc<Operations>>| answer(here.redrive().await)))
        .with_state(Arc::new(operations)))
}

impl Operations {
    /// Messages by queue.
    async fn queues(&self) -> Result<Value> {
        let depths = self.queues.iter().map(async |(name, url)| {
            let depth = self.cloud.depth(url).await?;
            anyhow::Ok(((*name).to_owned(), json!({"waiting": depth.waiting, "in_flight": depth.in_flight})))
        });
        Ok(Value::Object(try_join_all(depths).await?.into_iter().collect()))
    }

    /// Moves the DLQ messages that there are now, and no more: one that fails again is not sent again.
    async fn redrive(&self) -> Result<Value> {
        let redrive = Redrive::of_local_stack(self.cloud.endpoint(), STACK_NAME).await?;
        let there = redrive.count().await?;
        Ok(json!({"moved": redrive.run(there).await?}))
    }

    /// Aggregates today and the two days before, as the schedule does after midnight, and reconciles today.
    async fn run_today(&self) -> Result<Value> {
        let today = seoul::day(Timestamp::now());
        let task = aggregation::scheduled(today.tomorrow()?)?;
        let aggregated = worker::run(&self.cloud, STACK_NAME, aggregation::FUNCTION, &task).await?;
        let task = json!({"day": today.to_string()});
        let reconciled = worker::run(&self.cloud, STACK_NAME, "reconcile-day", &task).await?;
        Ok(json!({"facts": aggregated["facts"], "findings": reconciled["findings"]}))
    }
}

fn answer(result: Result<Value>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"message": format!("{error:#}")}))).into_response()
        }
    }
}
