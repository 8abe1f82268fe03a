//! Builds the function binaries, in the debug profile: one `cargo build` for all of them.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

/// Runs `cargo build -p sijang-functions`; cargo's own progress goes to the terminal unless `quiet`.
pub async fn functions(root: &Path, quiet: bool) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--package", "sijang-functions"]).current_dir(root).stdin(Stdio::null());
    if quiet {
        command.arg("--quiet");
    }
    let status = command.kill_on_drop(true).status().await;
    let status = status.context("cargo is missing: install Rust from https://rustup.rs")?;
    if !status.success() {
        bail!("the functions do not build; cargo's messages are above");
    }
    Ok(())
}
