//! Commands that are shell scripts, because they run where the command line is not built: `local/cli/scripts`. `./local/shop`
//! starts them itself; the types here only describe their arguments.

use std::{env, process::Command};

use anyhow::Result;
use clap::Args;
use sijang_cloud::layout::Repository;

use super::exec;

/// Checks what this machine has of what the project needs. Exit status 1: ./local/up or ./local/test cannot run.
#[derive(Debug, Args)]
pub struct Doctor {}

/// Deploys the functions that `package` packed, and template.yaml, with the SAM CLI.
///
/// The parameters of an environment are in local/ops/environments.
/// Changed functions are published as new versions; the rest stays.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Deploy {
    /// The environment: dev or prod
    environment: String,
    /// Only print the command that would be run
    #[arg(long)]
    dry_run: bool,
    /// Publish every function again, for example after a new value of a secret
    #[arg(long)]
    force_publish: bool,
    /// Options of `sam deploy`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "SAM_OPTIONS")]
    options: Vec<String>,
}

/// Fuzzes the parsers, guided by coverage. Needs a C++ compiler, for LLVM's libFuzzer.
///
/// Findings stay in .sijang/fuzz. Copy a finding into local/lab/fuzz/corpus: every test run replays what is there.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Fuzz {
    /// How long each target is fuzzed
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Folders of local/lab/fuzz/corpus; all of them by default
    targets: Vec<String>,
}

/// Runs the storage contract suite against DynamoDB Local, which Maven downloads into .sijang.
///
/// DynamoDB Local listens on every interface, so it runs in a network namespace of its own.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct DynamodbLocal {
    /// Only run DynamoDB Local, and print how to reach it
    #[arg(long)]
    serve: bool,
    /// Only the tests whose names contain this, and options of the test binary
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    filters: Vec<String>,
}

/// Runs the script with the arguments that follow the command.
pub(super) fn run(name: &str) -> Result<()> {
    let script = Repository::find()?.root().join(format!("local/cli/scripts/{name}.sh"));
    Err(exec(Command::new(script).args(env::args_os().skip(2))))
}
