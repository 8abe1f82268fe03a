//! Copies of the project to break, under `.sijang/mutations`, which git ignores.
//!
//! A copy is kept, with a target folder of its own: only what differs is written anew, so that cargo rebuilds only that. The
//! first time, what was compiled of others' crates comes from the project's own target folder.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use sijang_cloud::layout::Repository;
use tokio::process::Command;

use super::Mutation;

/// The copy.
#[derive(Debug)]
pub struct Copy {
    root: PathBuf,
    target: PathBuf,
    /// Held while the copy is in use: two runs would break each other's.
    _lock: fs::File,
}

impl Copy {
    /// The project as it is now, with what git does not ignore. Copies of different numbers can be used at once.
    ///
    /// # Errors
    /// When it cannot be made, or another run has it.
    pub async fn of(repository: &Repository, number: usize) -> Result<Self> {
        let home = repository.ignored().join("mutations").join(number.to_string());
        fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        let lock = fs::File::create(home.join("lock"))?;
        lock.try_lock().context("another run is at it")?;
        let copy = Self { root: home.join("project"), target: home.join("target"), _lock: lock };
        let files = files(repository.root()).await?;
        copy.remove_all_but(&files)?;
        for file in &files {
            copy.take(repository.root(), file)?;
        }
        copy.share_tools(repository)?;
        copy.warm_up(repository).await?;
        Ok(copy)
    }

    /// Its root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its target folder.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Makes a mutation. Returns the text of its file as it was, for [`Copy::restore`]: the project itself may change
    /// while its copy is in use.
    ///
    /// # Errors
    /// When the mutation does not fit.
    pub fn apply(&self, mutation: &Mutation) -> Result<String> {
        let path = self.root.join(&mutation.file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", mutation.file))?;
        fs::write(path, mutation.applied_to(&text)?)?;
        Ok(text)
    }

    /// Undoes a mutation.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn restore(&self, mutation: &Mutation, text: &str) -> Result<()> {
        Ok(fs::write(self.root.join(&mutation.file), text)?)
    }

    fn take(&self, from: &Path, file: &Path) -> Result<()> {
        let (from, to) = (from.join(file), self.root.join(file));
        let text = fs::read(&from)?;
        if fs::read(&to).is_ok_and(|known| known == text) {
            return Ok(());
        }
        fs::create_dir_all(to.parent().unwrap_or(&self.root))?;
        fs::copy(&from, &to).with_context(|| format!("cannot copy {}", file.display()))?;
        Ok(())
    }

    fn remove_all_but(&self, files: &BTreeSet<PathBuf>) -> Result<()> {
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop().filter(|folder| folder.is_dir()) {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let path = entry.path();
                if entry.file_type()?.is_dir() {
                    folders.push(path);
                } else if !files.contains(path.strip_prefix(&self.root)?) {
                    fs::remove_file(path)?;
                }
            }
        }
        Ok(())
    }

    /// The tools that the tests fetch are the project's.
    fn share_tools(&self, repository: &Repository) -> Result<()> {
        Ok(symlink(repository.ignored(), self.root.join(".sijang"))?)
    }

    async fn warm_up(&self, repository: &Repository) -> Result<()> {
        if self.target.exists() {
            return Ok(());
        }
        let (from, to) = (repository.target().join("debug"), self.target.join("debug"));
        fs::create_dir_all(&to)?;
        let known = ["deps", "build", ".fingerprint"].map(|folder| from.join(folder));
        let known = known.iter().filter(|folder| folder.is_dir());
        // With their times: cargo goes by them.
        let status = Command::new("cp").args(["-a", "--reflink=auto", "-t"]).arg(&to).args(known).status().await;
        ensure!(status.is_ok_and(|status| status.success()), "cannot copy what is built into {}", to.display());
        Ok(())
    }
}

/// The tracked files, and the untracked ones that git does not ignore.
async fn files(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let output = git.output().await.context("git is missing")?;
    ensure!(output.status.success(), "this is no clone of the project: git cannot list its files");
    let names = String::from_utf8(output.stdout)?;
    Ok(names.split_terminator('\0').map(PathBuf::from).filter(|file| root.join(file).is_file()).collect())
}
