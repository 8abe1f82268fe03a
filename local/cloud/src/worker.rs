//! Runs a function that has no route, of the running shop or of a stack on AWS.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::{aws_cli, ministack::Cloud};

/// Runs a function of a local stack. Returns its answer.
pub async fn run(cloud: &Cloud, stack: &str, function: &str, task: &Value) -> Result<Value> {
    let invocation = cloud.invoke(&format!("{stack}-{function}"), task).await?;
    if let Some(error) = invocation.error {
        bail!("{function} failed ({error}): {}", invocation.payload);
    }
    Ok(invocation.payload)
}

/// Runs a function of a stack on AWS, through the AWS CLI, which prints the answer.
pub async fn run_on_aws(stack: &str, function: &str, task: &Value) -> Result<()> {
    let (function, task) = (format!("{stack}-{function}"), task.to_string());
    let invocation = ["lambda", "invoke", "--function-name", &function, "--payload", &task, "/dev/stdout"];
    // A function runs for up to 15 minutes; the CLI would give up after one, and start it again.
    let options = ["--cli-binary-format", "raw-in-base64-out", "--cli-read-timeout", "900"];
    aws_cli::run(&[&invocation[..], &options[..]].concat()).await
}
