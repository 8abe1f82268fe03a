//! The AWS CLI, which signs as the operator.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::process::Command;

/// Runs the AWS CLI; it prints the answer.
///
/// # Errors
/// When there is no AWS CLI, or it fails.
pub async fn run(arguments: &[&str]) -> Result<()> {
    output(arguments, Stdio::inherit()).await.map(drop)
}

/// The answer of the AWS CLI.
///
/// # Errors
/// The same, and when the answer is not JSON.
pub async fn json(arguments: &[&str]) -> Result<Value> {
    let output = output(&[arguments, &["--output", "json"]].concat(), Stdio::piped()).await?;
    serde_json::from_slice(&output).context("the AWS CLI gave no JSON")
}

/// Its error messages are seen in the terminal.
async fn output(arguments: &[&str], stdout: Stdio) -> Result<Vec<u8>> {
    let mut aws = Command::new("aws");
    let aws = aws.args(arguments).stdout(stdout).stderr(Stdio::inherit()).spawn();
    let aws = aws.context("the AWS CLI is not there: https://aws.amazon.com/cli")?;
    let output = aws.wait_with_output().await?;
    ensure!(output.status.success(), "aws {}: {}", arguments[..2].join(" "), output.status);
    Ok(output.stdout)
}
