//! One test, built and run in the copy: it passes or it fails. Whatever else can happen (it does not compile, there is no
//! such test, it takes too long, the process dies) is an error, because it would look like a caught defect.

use std::{
    collections::BTreeMap,
    process::{Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{process::Command, time::timeout};

use super::{Copy, TestName};

/// Longer than any one test takes.
const PATIENCE: Duration = Duration::from_mins(10);

/// What became of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
}

/// Builds a test and runs it alone.
///
/// # Errors
/// When it has neither passed nor failed.
pub async fn run(copy: &Copy, test: &TestName, with: &BTreeMap<String, String>) -> Result<Outcome> {
    let mut build = cargo(copy, "test");
    build.arg("--no-run");
    if test.runs_the_binaries() {
        build.args(["--workspace", "--bins", "--tests"]);
    } else {
        build.args(test.selection());
    }
    let compiled = output(build).await?;
    ensure!(compiled.status.success(), "it does not compile:\n{}", tail(&compiled.stderr));

    let mut run = cargo(copy, "test");
    run.arg("--no-fail-fast").args(test.selection()).args(["--", "--exact", &test.path]).envs(with);
    let ran = timeout(PATIENCE, output(run)).await.context("it takes too long")??;
    match counts(&String::from_utf8_lossy(&ran.stdout)) {
        (1, 0) => Ok(Outcome::Passed),
        (0, 1) => Ok(Outcome::Failed),
        (passed, failed) => bail!("{test}: {passed} passed, {failed} failed\n{}", tail(&ran.stderr)),
    }
}

/// How many tests passed and failed, by what their runners said. (The one test is looked for in several binaries.)
fn counts(said: &str) -> (usize, usize) {
    let mut counts = (0, 0);
    for result in said.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        let words: Vec<&str> = result.split([' ', ';']).collect();
        let count = |what: &str| {
            let number = words.windows(2).find(|pair| pair[1] == what).and_then(|pair| pair[0].parse().ok());
            number.unwrap_or(0)
        };
        counts = (counts.0 + count("passed"), counts.1 + count("failed"));
    }
    counts
}

fn cargo(copy: &Copy, command: &str) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([command, "--locked", "--quiet"]).current_dir(copy.root()).env("CARGO_TARGET_DIR", copy.target());
    cargo
}

/// Runs a program in a process group of its own, which ends with the call.
async fn output(mut command: Command) -> Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let child = command.spawn().context("cargo is missing: install Rust from https://rustup.rs")?;
    let _group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    Ok(child.wait_with_output().await?)
}

/// What cargo started must not outlive an interrupted call.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Nobody is left in it when all went well.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

fn tail(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_test_that_ran_has_a_result() {
        let none = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.00s\n";
        let one = "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 8 filtered out; finished in 0.01s\n";
        let failed = "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured; 8 filtered out\n";
        assert_eq!(counts(none), (0, 0));
        assert_eq!(counts(&format!("{none}{one}")), (1, 0));
        assert_eq!(counts(&format!("{failed}{none}")), (0, 1));
        assert_eq!(counts("error: could not compile"), (0, 0));
    }
}
