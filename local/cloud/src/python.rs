//! Programs of Python, exactly pinned, in an environment of their own below `.sijang`: fetched when first wanted; a
//! changed pin makes a new environment.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::{digest::sha256, layout::Repository, process, progress::Progress};

/// An environment.
#[derive(Debug, Clone)]
pub struct Environment {
    programs: PathBuf,
}

impl Environment {
    /// The environment `name` with these requirements: every package and its version, for pip looks for no others.
    /// `what` is said while it is fetched.
    pub async fn fetch(
        repository: &Repository,
        name: &str,
        requirements: &str,
        what: &str,
        progress: Progress,
    ) -> Result<Self> {
        let home = repository.ignored().join(format!("{name}-{}", &sha256(requirements)[..8]));
        let environment = Self { programs: home.join("bin") };
        let complete = home.join("complete");
        fs::create_dir_all(repository.ignored())?;
        let lock = File::create(repository.ignored().join(format!("{name}.lock")))?;
        let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await??;
        if !complete.is_file() {
            let fetching = format!("fetching {what} with pip into {}", home.display());
            progress.step("tools", &fetching, environment.install(&home, requirements)).await?;
            fs::write(&complete, requirements)?;
        }
        drop(lock);
        Ok(environment)
    }

    async fn install(&self, home: &Path, requirements: &str) -> Result<()> {
        let python = process::find("python3").context("python3 is missing: install Python 3.10 or newer")?;
        let check = "import sys, venv, ensurepip; print(sys.version_info >= (3, 10))";
        let is_new = run(Command::new(&python).args(["-c", check]))
            .await
            .context("python3 cannot make virtual environments (on Debian: apt install python3-venv)")?;
        ensure!(is_new.stdout.starts_with(b"True"), "python3 is too old: Python 3.10 or newer is needed");
        run(Command::new(python).args(["-m", "venv", "--clear"]).arg(home)).await?;
        let file = home.join("requirements.txt");
        fs::write(&file, requirements)?;
        let mut pip = self.program("python");
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-compile",
            "--no-input",
            "--no-deps",
        ]);
        run(pip.arg("--requirement").arg(file)).await?;
        Ok(())
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.programs.join("python")
    }

    /// The folder of its programs.
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// A program of the environment.
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.programs.join(name))
    }
}

/// Runs a command to its end, which must be a good one.
pub async fn run(command: &mut Command) -> Result<Output> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output = output.with_context(|| format!("cannot start {}", command.as_std().get_program().display()))?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "{} failed:\n{out}{err}", command.as_std().get_program().display());
    Ok(output)
}
