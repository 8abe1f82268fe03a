//! The `cargo lambda watch` process: Lambda's Invoke and Runtime APIs. It is restarted when it ends.
//!
//! It queues by name, answers a lost process never, and locks up for good beyond 100 waiting requests. So each
//! execution environment gets a name of its own, and never more than one request: who waits, for whom, and how long is
//! decided in `pool`. The names must be binaries of the project it runs in, hence the little manifest that lists them.

use std::{
    ffi::OsString,
    fmt::Write,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{
    net::TcpStream,
    process::Child,
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    process::{self, DeathSignal, Program},
    progress::Progress,
};

/// Which process serves the API now; `None` while there is none.
pub(super) type Serving = watch::Receiver<Option<u32>>;

#[derive(Debug)]
pub(super) struct LambdaApi {
    port: u16,
    serving: Serving,
}

impl LambdaApi {
    /// Starts it; it lives as long as `tasks`.
    pub(super) async fn start(
        cargo_lambda: PathBuf,
        folder: PathBuf,
        log: PathBuf,
        queues: &[String],
        tasks: &mut JoinSet<()>,
        progress: Progress,
    ) -> Result<Self> {
        write_manifest(&folder, queues).with_context(|| format!("cannot write into {}", folder.display()))?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let program = Arc::new(program(cargo_lambda, folder, log, port));
        let child = launch(&program, port).await?;
        let (sender, serving) = watch::channel(child.id());
        tasks.spawn(supervise(child, program, port, sender, progress));
        Ok(Self { port, serving })
    }

    pub(super) fn serving(&self) -> Serving {
        self.serving.clone()
    }

    pub(super) fn pid(&self) -> Option<u32> {
        *self.serving.borrow()
    }

    /// Where the invocations of a queue are posted.
    pub(super) fn invoke_url(&self, queue: &str) -> String {
        format!("http://127.0.0.1:{}/2015-03-31/functions/{queue}/invocations", self.port)
    }

    /// `AWS_LAMBDA_RUNTIME_API` of the environment that serves a queue.
    pub(super) fn runtime_api(&self, queue: &str) -> String {
        format!("http://127.0.0.1:{}/.rt/{queue}", self.port)
    }
}

async fn supervise(
    mut child: Child,
    program: Arc<Program>,
    port: u16,
    serving: watch::Sender<Option<u32>>,
    progress: Progress,
) {
    loop {
        let ended = child.wait().await;
        serving.send_replace(None);
        let how = ended.map_or_else(|error| format!("is lost: {error}"), process::describe);
        progress.say(format_args!("cargo lambda watch {how}; starting it again"));
        child = loop {
            match launch(&program, port).await {
                Ok(child) => break child,
                Err(error) => progress.say(format_args!("cargo lambda watch cannot be started again: {error:#}")),
            }
            sleep(Duration::from_secs(1)).await;
        };
        serving.send_replace(child.id());
    }
}

async fn launch(program: &Program, port: u16) -> Result<Child> {
    let mut child = process::spawn(program).await?;
    let patience = Instant::now() + Duration::from_mins(1);
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if let Some(status) = child.try_wait()? {
            bail!("cargo lambda watch {}; its last words:\n{}", process::describe(status), process::tail(&program.log));
        }
        if Instant::now() > patience {
            bail!("cargo lambda watch does not answer; see {}", program.log.display());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(child)
}

fn program(cargo_lambda: PathBuf, folder: PathBuf, log: PathBuf, port: u16) -> Program {
    let port = port.to_string();
    let arguments = ["lambda", "watch", "--only-lambda-apis", "--ignore-changes", "-A", "127.0.0.1", "-P", &port];
    let mut environment: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    environment.push(("RUST_LOG".into(), "warn".into()));
    Program {
        path: cargo_lambda,
        arguments: arguments.map(OsString::from).into(),
        environment,
        directory: folder,
        log,
        death_signal: DeathSignal::Kill,
    }
}

fn write_manifest(folder: &Path, queues: &[String]) -> Result<()> {
    let mut manifest = String::from(
        "# Written by ./local/up: one name per execution environment. Nothing here is ever compiled.\n\
         [package]\nname = \"environments\"\nedition = \"2024\"\n\n[workspace]\n",
    );
    for queue in queues {
        write!(manifest, "\n[[bin]]\nname = \"{queue}\"\npath = \"none.rs\"\n")?;
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("none.rs"), "fn main() {}\n")?;
    Ok(())
}
