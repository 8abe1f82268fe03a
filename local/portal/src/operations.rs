//! What an operator of the local shop sees and does: queues, the way of the events, the books, the bill, the nightly run,
//! redrive. On AWS the alarms and the console show the queues, and the run is an invocation.

mod books;
mod budget;
mod cost;

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

pub use self::cost::WRITE_UNIT_NANODOLLARS;
use self::{books::Books, cost::Bill};

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
        .route("/_local/operations", get(async |State(here): State<Arc<Operations>>| answer(here.look().await)))
        .route(
            "/_local/nightly-run",
            post(async |State(here): State<Arc<Operations>>| answer(here.count_today().await)),
        )
        .route("/_local/redrive", post(async |State(here): State<Arc<Operations>>| answer(here.redrive().await)))
        .with_state(Arc::new(operations)))
}

impl Operations {
    async fn look(&self) -> Result<Value> {
        let books = Books::read(&self.cloud).await?;
        let depths = self.queues.iter().map(async |(name, url)| {
            let depth = self.cloud.depth(url).await?;
            anyhow::Ok(json!({"name": name, "waiting": depth.waiting, "in_flight": depth.in_flight}))
        });
        Ok(json!({
            "queues": try_join_all(depths).await?,
            "flow": books.flow(Timestamp::now()),
            "rules": books.audit(),
            "cost": Bill::of(&books),
        }))
    }

    /// The DLQ messages that there are now, and no more: one that dies again is not sent again.
    async fn redrive(&self) -> Result<Value> {
        let redrive = Redrive::of_local_stack(self.cloud.endpoint(), STACK_NAME).await?;
        let there = redrive.count().await?;
        Ok(json!({"moved": redrive.run(there).await?}))
    }

    /// Tonight's run, now: it counts today and the two days before.
    async fn count_today(&self) -> Result<Value> {
        let task = aggregation::night(seoul::day(Timestamp::now()).tomorrow()?)?;
        worker::run(&self.cloud, STACK_NAME, aggregation::FUNCTION, &task).await
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

/// What an attribute says, if it is a text.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Of what a shard is, by its partition key: `p`, `p#1`, `p#2`, ... are of `p`.
fn owner(value: &Value) -> &str {
    text(value).split('#').next().unwrap_or_default()
}
