//! One test, built and run in the copy: it passes or it fails. Whatever else can happen (it does not compile, there is
//! no such test, it takes too long, the process ends) is an error, because it would look like a caught mutation.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;
use tokio::{process::Command, time::timeout};

use super::{Copy, Mutation, TestName};

/// Longer than any one test takes.
const PATIENCE: Duration = Duration::from_mins(10);

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
}

/// Builds the test that a mutation names, from the copy as it is, and runs it alone.
///
/// # Errors
/// When it has neither passed nor failed.
pub async fn run(copy: &Copy, mutation: &Mutation) -> Result<Outcome> {
    execute(copy, mutation, &build(copy, &mutation.caught_by).await?).await
}

/// Runs the test that a mutation names, alone, in the binary that was built for it.
///
/// # Errors
/// When it has neither passed nor failed.
pub async fn execute(copy: &Copy, mutation: &Mutation, binary: &Path) -> Result<Outcome> {
    let test = &mutation.caught_by;
    let mut run = Command::new(binary);
    run.args(["--exact", &test.path]).envs(&mutation.with).env("CARGO_TARGET_DIR", copy.target());
    run.current_dir(copy.root().join("local/tests"));
    let ran = timeout(PATIENCE, output(run)).await.context("it takes too long")??;
    let said = String::from_utf8_lossy(&ran.stdout);
    let result = said.lines().find_map(|line| line.strip_prefix("test result: ")).unwrap_or_default();
    if result.starts_with("ok. 1 passed; 0 failed;") {
        Ok(Outcome::Passed)
    } else if result.starts_with("FAILED. 0 passed; 1 failed;") {
        Ok(Outcome::Failed)
    } else {
        bail!("{test} was not run: {result}\n{}", tail(&ran.stderr))
    }
}

/// Builds a test target. Returns its binary.
///
/// # Errors
/// When it does not compile.
pub async fn build(copy: &Copy, test: &TestName) -> Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--no-run", "--locked", "--quiet", "--message-format=json-render-diagnostics"]);
    cargo.args(test.selection()).current_dir(copy.root()).env("CARGO_TARGET_DIR", copy.target());
    // Nobody reads a backtrace of a mutation, and without it a binary is linked in half the time.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "false");
    let built = output(cargo).await?;
    ensure!(built.status.success(), "it does not compile:\n{}", tail(&built.stderr));
    let messages = String::from_utf8(built.stdout)?;
    let binary = |message: &str| {
        let message: Value = serde_json::from_str(message).ok()?;
        let own = message["target"]["name"] == test.artifact() && message["profile"]["test"] == true;
        message["executable"].as_str().filter(|_| own).map(PathBuf::from)
    };
    messages.lines().find_map(binary).with_context(|| format!("there is no test target {}", test.target))
}

/// Runs a program in a process group of its own, which ends with the call.
async fn output(mut command: Command) -> Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let child =
        command.spawn().with_context(|| format!("cannot start {}", command.as_std().get_program().display()))?;
    let _group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    Ok(child.wait_with_output().await?)
}

/// Cargo's child processes must not outlive an interrupted call.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // The process group is empty when all went well.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn tail(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
