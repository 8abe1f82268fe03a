//! Runs a function that has no route, of the running shop or of a stack on AWS.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::process::Command;

use crate::ministack::Cloud;

/// Runs a function of a local stack. Returns its answer.
pub async fn run(cloud: &Cloud, stack: &str, function: &str, task: &Value) -> Result<Value> {
    let invocation = cloud.invoke(&format!("{stack}-{function}"), task).await?;
    if let Some(error) = invocation.error {
        bail!("{function} failed ({error}): {}", invocation.payload);
    }
    Ok(invocation.payload)
}

/// Runs a function of a stack on AWS, through the AWS CLI, which signs as the operator and prints the answer.
pub async fn run_on_aws(stack: &str, function: &str, task: &Value) -> Result<()> {
    let (function, task) = (format!("{stack}-{function}"), task.to_string());
    let invocation = ["lambda", "invoke", "--function-name", &function, "--payload", &task, "/dev/stdout"];
    let mut aws = Command::new("aws");
    // A function runs for up to 15 minutes; the CLI would give up after one, and start it again.
    aws.args(invocation).args(["--cli-binary-format", "raw-in-base64-out", "--cli-read-timeout", "900"]);
    let status = aws.status().await.context("the AWS CLI is not there: https://aws.amazon.com/cli")?;
    ensure!(status.success(), "aws lambda invoke: {status}");
    Ok(())
}
