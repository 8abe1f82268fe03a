//! Fetches what runs the local cloud into a folder that git ignores: one Python environment with MiniStack and
//! cargo-lambda, exactly pinned. Done once; a changed pin makes a new environment.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use tokio::process::Command;

use crate::{digest::sha256, process, progress::Progress};

const REQUIREMENTS: &str = include_str!("../requirements.txt");
/// The one version of cargo-lambda that is used: to run one function by hand, and to compile them for AWS.
pub const CARGO_LAMBDA: &str = "cargo-lambda==1.9.2";

/// Programs of the tool environment.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Interpreter with MiniStack.
    pub python: PathBuf,
    /// `cargo-lambda`.
    pub cargo_lambda: PathBuf,
}

/// Gives the tools in `folder`, fetching them when they are not there yet.
pub async fn fetch(folder: &Path, progress: Progress) -> Result<Tools> {
    let digest = sha256(format!("{REQUIREMENTS}{CARGO_LAMBDA}"));
    let home = folder.join(format!("tools-{}", &digest[..8]));
    let tools = Tools { python: home.join("bin/python"), cargo_lambda: home.join("bin/cargo-lambda") };
    let complete = home.join("complete");
    if complete.is_file() {
        return Ok(tools);
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let lock = File::create(folder.join("tools.lock"))?;
    // Several stacks may start at once; one of them fetches.
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
    if !complete.is_file() {
        let fetching = format!("fetching MiniStack and cargo-lambda with pip into {}", home.display());
        progress.step("tools", &fetching, install(&home, &tools)).await?;
        fs::write(&complete, REQUIREMENTS)?;
        // A name that does not change, to call the tools by hand.
        let stable = folder.join("tools");
        let _ = fs::remove_file(&stable);
        symlink(home.file_name().unwrap_or(home.as_os_str()), &stable)
            .with_context(|| format!("cannot link {}", stable.display()))?;
    }
    drop(lock);
    Ok(tools)
}

async fn install(home: &Path, tools: &Tools) -> Result<()> {
    let python = process::find("python3").context("python3 is missing: install Python 3.10 or newer")?;
    let version =
        run(Command::new(&python).args(["-c", "import sys, venv, ensurepip; print(sys.version_info >= (3, 10))"]))
            .await
            .context("python3 cannot make virtual environments (on Debian: apt install python3-venv)")?;
    ensure!(version.stdout.starts_with(b"True"), "python3 is too old: MiniStack needs Python 3.10 or newer");
    run(Command::new(&python).args(["-m", "venv", "--clear"]).arg(home)).await?;
    let requirements = home.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)?;
    let pip = || {
        let mut pip = Command::new(&tools.python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]);
        pip
    };
    run(pip().arg("--requirement").arg(&requirements)).await?;
    run(pip().args(["--no-deps", CARGO_LAMBDA])).await?;
    Ok(())
}

async fn run(command: &mut Command) -> Result<Output> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.with_context(|| format!("cannot start {}", command.as_std().get_program().display()))?;
    if !output.status.success() {
        bail!("{:?} failed:\n{}", command.as_std(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}
