//! Where things are: the repository, its template, cargo's target folder, and the folders of a stack's state.

use std::{
    env,
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The repository.
#[derive(Debug, Clone)]
pub struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The repository that this crate was built in, or else the one around the current directory.
    pub fn find() -> Result<Self> {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map(Path::to_owned);
        let current = env::current_dir()?;
        let root = built_in.into_iter().chain(current.ancestors().map(Path::to_owned)).find(|folder| is_root(folder));
        Ok(Self { root: root.context("run this inside the repository: there is no template.yaml here")? })
    }

    /// Its root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `template.yaml`.
    pub fn template(&self) -> PathBuf {
        self.root.join("template.yaml")
    }

    /// The folder for everything that git ignores.
    pub fn ignored(&self) -> PathBuf {
        self.root.join(".sijang")
    }

    /// The folder of the stack that `./local/up` runs; `SIJANG_STATE` names that of another.
    pub fn state(&self) -> PathBuf {
        env::var_os("SIJANG_STATE").map_or_else(|| self.ignored().join("up"), PathBuf::from)
    }

    /// Cargo's target folder.
    pub fn target(&self) -> PathBuf {
        self.root.join(env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from))
    }

    /// A debug binary.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.target().join("debug").join(name)
    }

    /// The debug binary of all functions, which runs the one that its argument names.
    pub fn functions(&self) -> PathBuf {
        self.binary("functions")
    }
}

fn is_root(folder: &Path) -> bool {
    folder.join("template.yaml").is_file() && folder.join("Cargo.lock").is_file()
}

/// The folder of one stack's state.
#[derive(Debug, Clone)]
pub struct StateFolder {
    root: PathBuf,
}

impl StateFolder {
    /// The folder at `root`, made when it is not there.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
        Ok(Self { root: root.canonicalize()? })
    }

    /// Empties the folder of the logs.
    pub fn clear_logs(&self) -> Result<()> {
        let logs = self.logs();
        if logs.exists() {
            fs::remove_dir_all(&logs).with_context(|| format!("cannot remove {}", logs.display()))?;
        }
        fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))
    }

    /// Removes everything that was stored.
    pub fn empty(&self) -> Result<()> {
        let data = self.ministack();
        if data.exists() {
            fs::remove_dir_all(&data).with_context(|| format!("cannot remove {}", data.display()))?;
        }
        for file in [self.seeded(), self.running()] {
            if file.exists() {
                fs::remove_file(&file)?;
            }
        }
        Ok(())
    }

    /// Takes the folder for the process that runs the stack, as long as the file is open; nothing when another process has it.
    pub fn lock(&self) -> Result<Option<File>> {
        let lock = File::create(self.root.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).context("locking the state folder"),
        }
    }

    /// `MiniStack`'s data.
    pub fn ministack(&self) -> PathBuf {
        self.root.join("ministack")
    }

    /// The last seed.
    pub fn seeded(&self) -> PathBuf {
        self.root.join("seeded")
    }

    /// Every variable that a function gets, for `cargo lambda watch --env-file`.
    pub fn environment(&self) -> PathBuf {
        self.root.join("functions.env")
    }

    /// How to reach the running stack.
    pub fn running(&self) -> PathBuf {
        self.root.join("running.json")
    }

    /// The folder of the logs: one file for each function, and `ministack.log`.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// A log file.
    pub fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }
}
