//! Compiles every function for Lambda, with one run of cargo-lambda.

use std::{
    env,
    iter::once,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use sijang_cloud::{layout::Repository, progress::Progress, python::Environment};

use super::{Architecture, Pgo};

const CARGO_LAMBDA: &str = "cargo-lambda==1.9.2";
const ZIG: &str = "ziglang==0.17.1";

/// The functions by whose work all are profiled: those that are called most. What they are made of, the others are made
/// of too.
pub const PROFILED: [&str; 4] = ["place-order", "issue-coupon", "get-balance", "get-product"];

/// Compiles these functions, or all when none is named, with these options of the compiler beside the project's. Zig links,
/// against the C library that Lambda has, whatever this machine has. Returns the folder in which each function has a folder
/// with its program, `bootstrap`.
pub async fn compile(
    repository: &Repository,
    architecture: Architecture,
    functions: &[&str],
    options: &[String],
    progress: Progress,
) -> Result<PathBuf> {
    let requirements = format!("{CARGO_LAMBDA}\n{ZIG}\n");
    let tools = Environment::fetch(repository, "release", &requirements, "cargo-lambda and Zig", progress).await?;
    // Where the template looks, wherever cargo works.
    let folder = repository.root().join("target/lambda");
    let mut cargo = tools.program("cargo-lambda");
    cargo.args(["lambda", "build", "--release", "--locked", "--package", "sijang-functions"]);
    cargo.arg(match architecture {
        Architecture::Arm64 => "--arm64",
        Architecture::X86_64 => "--x86-64",
    });
    cargo.args(["--compiler", "cargo-zigbuild"]);
    if functions.is_empty() {
        cargo.arg("--bins");
    }
    cargo.args(functions.iter().flat_map(|name| ["--bin", name]));
    cargo.arg("--lambda-dir").arg(&folder).arg("--config").arg(rustflags(repository, options)?);
    // They would replace the flags above, and cargo-lambda's own: `target-cpu=neoverse-n1` (Graviton2) or `haswell`.
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
        cargo.env_remove(flags);
    }
    // Zig is found through the Python of its environment.
    let path = env::var_os("PATH").unwrap_or_default();
    cargo.env("PATH", env::join_paths(once(tools.programs().to_owned()).chain(env::split_paths(&path)))?);
    let status = cargo.current_dir(repository.root()).kill_on_drop(true).status().await?;
    ensure!(status.success(), "the functions do not compile; the messages are above");
    Ok(folder)
}

/// Compiles the functions of [`PROFILED`] with counters, has `train` let them do a shop's work, and compiles all functions by
/// that profile.
///
/// # Errors
/// When they are not for this machine, or there is no tool for profiles, or they do not compile or do not work.
pub async fn compile_by_profile(
    repository: &Repository,
    architecture: Architecture,
    train: impl AsyncFnOnce(&Path) -> Result<()>,
    progress: Progress,
) -> Result<PathBuf> {
    ensure!(
        Architecture::here() == Some(architecture),
        "functions for {architecture} must run to be profiled, and this machine is {}",
        env::consts::ARCH
    );
    let pgo = Pgo::begin(repository.ignored().join("pgo"))?;
    // Zig cannot link the compiler's profiling runtime; the linker of this machine can. Only the compiler is told so, not
    // cargo: the linker that cargo knows of is part of the names of functions, by which their counts are found again.
    let counting = [pgo.generate(), "-Clinker=cc".to_owned()];
    train(&compile(repository, architecture, &PROFILED, &counting, progress).await?).await?;
    compile(repository, architecture, &[], &[pgo.apply()?], progress).await
}

/// A setting of cargo: these options of the compiler, and that no path of this machine gets into the programs, in which
/// panics name their source.
fn rustflags(repository: &Repository, options: &[String]) -> Result<String> {
    let cargo =
        env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let cargo = cargo.context("neither CARGO_HOME nor HOME is set")?;
    let flag = |folder: &Path, name: &str| format!("--remap-path-prefix={}={name}", folder.display());
    let mut flags = vec![flag(&cargo, "/cargo"), flag(repository.root(), "/sijang")];
    flags.extend_from_slice(options);
    Ok(format!("build.rustflags={}", serde_json::to_string(&flags)?))
}
