//! The nightly aggregation at any time: the aggregator takes its days from its input, so any day can be counted again.

use anyhow::{Context, Result, bail, ensure};
use jiff::civil::Date;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{ministack::Cloud, seoul};

/// The task of the schedule (00:10 in Seoul) on a day: the three days before it, and the ranking.
pub fn night(day: Date) -> Result<Value> {
    Ok(json!({"scheduled_time": seoul::schedule(day)?.to_string()}))
}

/// The task of counting one day anew.
pub fn recount(day: Date) -> Value {
    json!({"day": day.to_string()})
}

/// Has aggregate-daily-stats of a local stack do a task. Gives what it says.
pub async fn run(cloud: &Cloud, stack: &str, task: &Value) -> Result<Value> {
    let invocation = cloud.invoke(&function(stack), task).await?;
    if let Some(error) = invocation.error {
        bail!("aggregate-daily-stats failed ({error}): {}", invocation.payload);
    }
    Ok(invocation.payload)
}

/// The same of a stack on AWS, through the AWS CLI, which signs as the operator; it prints what the function says.
pub async fn run_on_aws(stack: &str, task: &Value) -> Result<()> {
    let (function, task) = (function(stack), task.to_string());
    let invocation = ["lambda", "invoke", "--function-name", &function, "--payload", &task, "/dev/stdout"];
    let mut aws = Command::new("aws");
    aws.args(invocation).args(["--cli-binary-format", "raw-in-base64-out"]);
    let status = aws.status().await.context("the AWS CLI is not there: https://aws.amazon.com/cli")?;
    ensure!(status.success(), "aws lambda invoke: {status}");
    Ok(())
}

fn function(stack: &str) -> String {
    format!("{stack}-aggregate-daily-stats")
}
