//! The candidates: our functions, their lower bounds, and the same handlers in Node and Python, each as it is best
//! deployed: Node bundled into one file, everybody with connections kept open.

use std::{ffi::OsString, fmt, fs, path::PathBuf, process::Stdio};

use sijang_cloud::{
    build,
    layout::Repository,
    process::find,
    progress::Progress,
    python::{self, Environment as Python},
};
use tokio::process::Command;

/// The operation of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    PlaceOrder,
    IssueCoupon,
    /// A worker, without a request.
    Work,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PlaceOrder => "place-order",
            Self::IssueCoupon => "issue-coupon",
            Self::Work => "work",
        })
    }
}

/// A program that answers requests.
pub struct Candidate {
    pub name: &'static str,
    pub operation: Operation,
    pub command: Vec<OsString>,
    pub variables: Vec<(String, String)>,
    /// Its output.
    pub log: PathBuf,
    /// Its deployed files.
    pub artefact: PathBuf,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.operation)
    }
}

pub const OURS: &str = "Sijang";
pub const NODE: &str = "Node";
pub const PYTHON: &str = "Python";
/// The runtime alone: the lower bound of every function.
pub const HELLO: &str = "Rust, runtime alone";
/// The runtime and a TLS connection: the lower bound of a start.
pub const TLS: &str = "Rust, runtime and TLS";
/// The runtime and one call of the SDK: the lower bound of an order.
pub const SDK: &str = "Rust, bare SDK call";
/// The same without the call: what this lower bound has that an order has not.
pub const COPY: &str = "Rust, bare copy";

/// All candidates, and the folder of their logs.
pub struct Candidates {
    pub all: Vec<Candidate>,
    pub folder: PathBuf,
    /// Whether the functions are as they are deployed: only then is counted what is deployed, and what it asks of a kernel.
    pub deployed: bool,
    /// Their versions, for the record.
    pub versions: Vec<String>,
    /// Why a candidate is left out.
    pub absent: Vec<String>,
    pub repository: Repository,
}

impl Candidates {
    /// Ours and the lower bounds, with release binaries, which `./local/shop bench` has built.
    pub fn ours() -> Self {
        Self::of("release")
    }

    /// Everybody.
    pub async fn all(progress: Progress) -> Self {
        let mut candidates = Self::ours();
        candidates.add_node(progress).await;
        candidates.add_python(progress).await;
        candidates
    }

    /// Ours and the lower bounds, with the binaries that tests use.
    pub async fn ours_as_built_for_tests() -> Self {
        let candidates = Self::of("debug");
        let programs = ["functions", "baseline-runtime", "baseline-tls", "baseline-sdk"];
        build::binaries(candidates.repository.root(), &programs, true).await.unwrap();
        candidates
    }

    fn of(profile: &str) -> Self {
        let repository = Repository::find().unwrap();
        let folder = repository.ignored().join("bench");
        fs::create_dir_all(&folder).unwrap();
        let programs = repository.target().join(profile);
        let versions = vec![format!("Sijang {}, {profile} build", env!("CARGO_PKG_VERSION"))];
        let deployed = profile == "release";
        let mut candidates = Self { all: Vec::new(), folder, deployed, versions, absent: Vec::new(), repository };
        let ours = [
            (HELLO, Operation::PlaceOrder, programs.join("baseline-runtime"), &[][..]),
            (TLS, Operation::PlaceOrder, programs.join("baseline-tls"), &[]),
            (SDK, Operation::PlaceOrder, programs.join("baseline-sdk"), &[]),
            (COPY, Operation::PlaceOrder, programs.join("baseline-sdk"), &[("COPY_ONLY", "1")]),
        ];
        for (name, operation, program, variables) in ours {
            candidates.add(name, operation, vec![program.clone().into()], variables, program);
        }
        for (operation, name) in [(Operation::PlaceOrder, "place-order"), (Operation::IssueCoupon, "issue-coupon")] {
            let (command, program) = candidates.function(name);
            candidates.add(OURS, operation, command, &[], program);
        }
        candidates
    }

    /// The command that runs a function, and its binary: on AWS its own, in tests that of all functions.
    fn function(&self, name: &str) -> (Vec<OsString>, PathBuf) {
        if self.deployed {
            let program = self.repository.target().join("release").join(name);
            return (vec![program.clone().into()], program);
        }
        let program = self.repository.functions();
        (vec![program.clone().into(), name.into()], program)
    }

    fn add(
        &mut self,
        name: &'static str,
        operation: Operation,
        command: Vec<OsString>,
        variables: &[(&str, &str)],
        artefact: PathBuf,
    ) {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let log = self.log(&format!("{name}-{operation}"));
        self.all.push(Candidate { name, operation, command, variables, log, artefact });
    }

    pub fn by_name(&self, name: &str, operation: Operation) -> &Candidate {
        self.all.iter().find(|candidate| candidate.name == name && candidate.operation == operation).unwrap()
    }

    /// A worker of ours, without a baseline.
    pub fn worker(&self, name: &'static str) -> Candidate {
        let (command, artefact) = self.function(name);
        let (variables, log) = (Vec::new(), self.log(name));
        Candidate { name, operation: Operation::Work, command, variables, log, artefact }
    }

    /// A program that stands for itself.
    pub fn built(&self, name: &'static str, operation: Operation, program: PathBuf) -> Candidate {
        let (command, variables, log) = (vec![program.clone().into()], Vec::new(), self.log(name));
        Candidate { name, operation, command, variables, log, artefact: program }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log").replace([' ', ',', ':', '='], "-"))
    }

    async fn add_node(&mut self, progress: Progress) {
        let (Some(node), Some(npm)) = (find("node"), find("npm")) else {
            self.absent.push("Node: node and npm are not installed here".to_owned());
            return;
        };
        let (source, home) = (self.repository.root().join("local/lab/baselines/node"), self.folder.join("node"));
        fs::create_dir_all(&home).unwrap();
        for file in fs::read_dir(&source).unwrap().flatten() {
            fs::copy(file.path(), home.join(file.file_name())).unwrap();
        }
        let install = async {
            let npm = |arguments: &[&str]| {
                let mut command = Command::new(&npm);
                command.args(arguments).current_dir(&home).stdin(Stdio::null());
                command
            };
            python::run(&mut npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"])).await?;
            let bundle =
                ["place_order.mjs", "issue_coupon.mjs", "--bundle", "--minify", "--platform=node", "--format=esm"];
            // The SDK's CommonJS parts ask for `require`.
            let banner =
                "--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);";
            let mut esbuild =
                Command::new(home.join("node_modules/@esbuild").join(esbuild_platform()).join("bin/esbuild"));
            esbuild.args(bundle).args([banner, "--outdir=bundle", "--out-extension:.js=.mjs"]).current_dir(&home);
            python::run(&mut esbuild).await
        };
        progress.step("node", "fetching the SDK with npm, and bundling", install).await.unwrap();
        for (operation, file) in [(Operation::PlaceOrder, "place_order"), (Operation::IssueCoupon, "issue_coupon")] {
            let bundle = home.join(format!("bundle/{file}.mjs"));
            self.add(NODE, operation, vec![node.clone().into(), bundle.clone().into()], &[], bundle);
        }
        let version = python::run(Command::new(&node).arg("--version")).await.unwrap();
        let sdk = "@aws-sdk/client-dynamodb of local/lab/baselines/node/package-lock.json, bundled by esbuild";
        self.versions.push(format!("Node {}, {sdk}", String::from_utf8_lossy(&version.stdout).trim()));
    }

    async fn add_python(&mut self, progress: Progress) {
        let source = self.repository.root().join("local/lab/baselines/python");
        let requirements = fs::read_to_string(source.join("requirements.txt")).unwrap();
        let python =
            Python::fetch(&self.repository, "baseline-python", &requirements, "boto3", progress).await.unwrap();
        let program = python.program("python").as_std().get_program().to_owned();
        for (operation, module) in [(Operation::PlaceOrder, "place_order"), (Operation::IssueCoupon, "issue_coupon")] {
            let command = vec![program.clone(), source.join("runtime.py").into()];
            // The byte code is beside the sources on Lambda, too, but not in a repository.
            let cache = self.folder.join("pycache");
            let variables = [("_HANDLER", module), ("PYTHONPYCACHEPREFIX", cache.to_str().unwrap())];
            self.add(PYTHON, operation, command, &variables, source.join(format!("{module}.py")));
        }
        let version = python::run(Command::new(&program).arg("--version")).await.unwrap();
        let boto3 = requirements.lines().next().unwrap_or_default();
        self.versions.push(format!("{}, {boto3}", String::from_utf8_lossy(&version.stdout).trim()));
    }
}

/// As esbuild's packages are named.
fn esbuild_platform() -> &'static str {
    if cfg!(target_arch = "aarch64") { "linux-arm64" } else { "linux-x64" }
}
