//! Profile-guided optimization: functions that count how often each of their parts runs do a shop's work once, and the
//! compiler lays out and inlines by these counts.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

/// The profile of one build. It is good for the same sources in the same folder, and for this architecture, only.
#[derive(Debug)]
pub struct Pgo {
    folder: PathBuf,
    profdata: PathBuf,
}

impl Pgo {
    /// A profile that is kept in this folder, which is emptied.
    ///
    /// # Errors
    /// When there is no `llvm-profdata` that can read what the compiler's programs write.
    pub fn begin(folder: PathBuf) -> Result<Self> {
        let profdata = profdata()?;
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, profdata })
    }

    /// The compiler's option for programs that write what they count when they exit.
    pub fn generate(&self) -> String {
        format!("-Cprofile-generate={}", self.folder.display())
    }

    /// The compiler's option for programs that are optimized by all that was counted.
    ///
    /// # Errors
    /// When nothing was counted.
    pub fn apply(&self) -> Result<String> {
        let merged = self.folder.join("merged.profdata");
        let counts = fs::read_dir(&self.folder)?.flatten().map(|entry| entry.path());
        let counts: Vec<_> = counts.filter(|path| path.extension().is_some_and(|name| name == "profraw")).collect();
        ensure!(!counts.is_empty(), "no function has written a profile into {}", self.folder.display());
        let status = Command::new(&self.profdata).arg("merge").arg("-o").arg(&merged).args(counts).status()?;
        ensure!(status.success(), "{} cannot merge the profiles", self.profdata.display());
        Ok(format!("-Cprofile-use={}", merged.display()))
    }
}

/// `llvm-profdata` of the compiler's LLVM, or of a later one: an earlier one cannot read its profiles.
fn profdata() -> Result<PathBuf> {
    let rustc = said(Command::new("rustc").arg("-vV")).context("rustc does not run")?;
    let value = |name: &str| rustc.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let (host, llvm) = (value("host").unwrap_or_default(), value("LLVM version").unwrap_or_default());
    let major = major(llvm).with_context(|| format!("rustc does not name its LLVM:\n{rustc}"))?;
    let sysroot = said(Command::new("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    let component = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/llvm-profdata");
    let named = format!("llvm-profdata-{major}");
    for program in [component.as_path(), Path::new(&named), Path::new("llvm-profdata")] {
        let version = said(Command::new(program).arg("--version")).unwrap_or_default();
        let found = version.split("LLVM version ").nth(1).and_then(self::major);
        if found.is_some_and(|found| found >= major) {
            return Ok(program.to_owned());
        }
    }
    bail!(
        "llvm-profdata of LLVM {major} or later is missing: `rustup component add llvm-tools`, or the package llvm-{major}"
    )
}

fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.trim().parse().ok()
}

fn said(program: &mut Command) -> Option<String> {
    let output = program.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}
