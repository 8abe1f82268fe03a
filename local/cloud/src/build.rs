//! Builds what runs on this machine, in the debug profile.
//!
//! Always of the whole workspace: cargo chooses the features of the dependencies by what is built together, and would
//! compile the SDK once for each choice.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

/// Builds the program of all functions, and the command line.
pub async fn programs(root: &Path, quiet: bool) -> Result<()> {
    binaries(root, &["functions", "shop"], quiet).await
}

/// Builds these binaries; cargo's own progress goes to the terminal unless `quiet`.
pub async fn binaries(root: &Path, names: &[&str], quiet: bool) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--locked", "--workspace"]).current_dir(root).stdin(Stdio::null());
    command.args(names.iter().flat_map(|name| ["--bin", name]));
    if quiet {
        command.arg("--quiet");
    }
    let status = command.kill_on_drop(true).status().await;
    let status = status.context("cargo is missing: install Rust from https://rustup.rs")?;
    if !status.success() {
        bail!("it does not build; cargo's messages are above");
    }
    Ok(())
}
