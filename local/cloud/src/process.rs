//! Child processes that never outlive us: each is in a process group of its own (Ctrl-C reaches only us, and we stop
//! them in order), and the kernel ends it when we are killed (`setpriv --pdeathsig`, where it exists).

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{LazyLock, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
    time::timeout,
};

/// A program with its arguments and environment.
#[derive(Debug, Clone)]
pub struct Program {
    /// Executable.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment: nothing is inherited.
    pub environment: Vec<(OsString, OsString)>,
    /// Its working directory.
    pub directory: PathBuf,
    /// Where its output goes, appended.
    pub log: PathBuf,
    /// The signal it gets when we die.
    pub death_signal: DeathSignal,
}

/// How a child ends when its parent does.
#[derive(Debug, Clone, Copy)]
pub enum DeathSignal {
    /// It is asked to end, and may save something.
    Terminate,
    /// It has nothing to save.
    Kill,
}

/// Starts a program.
pub async fn spawn(program: &Program) -> Result<Child> {
    let command = command(program).with_context(|| format!("cannot write {}", program.log.display()))?;
    let (reply, answer) = oneshot::channel();
    SPAWNER.send((command, Handle::current(), reply)).context("the spawning thread ended")?;
    answer.await?.with_context(|| format!("cannot start {}", program.path.display()))
}

/// Asks a process to end and waits; kills it when it has not ended after `grace`.
pub async fn stop(mut child: Child, grace: Duration) {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        // A process that has just ended cannot be signalled, which is what we want.
        let _ = kill_process(pid, Signal::TERM);
    }
    if timeout(grace, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

/// How a process ended, in words.
pub fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exited with {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

/// The last lines of a log, to show with an error.
pub fn tail(log: &Path) -> String {
    const BYTES: u64 = 2_000;
    let read = || -> io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_default()
}

type Job = (Command, Handle, oneshot::Sender<io::Result<Child>>);

/// The death signal is sent when the *thread* that started the child ends, and the runtime's threads come and go. So
/// one thread, which lives as long as the process, starts all children.
static SPAWNER: LazyLock<mpsc::Sender<Job>> = LazyLock::new(|| {
    let (sender, jobs) = mpsc::channel::<Job>();
    thread::spawn(move || {
        for (mut command, runtime, reply) in jobs {
            let _inside = runtime.enter();
            // Whoever asked may have gone away; then the child is dropped, which kills it.
            let _ = reply.send(command.spawn());
        }
    });
    sender
});

fn command(program: &Program) -> io::Result<Command> {
    let log = OpenOptions::new().create(true).append(true).open(&program.log)?;
    let mut command = match &*SETPRIV {
        Some(setpriv) => {
            let signal = match program.death_signal {
                DeathSignal::Terminate => "TERM",
                DeathSignal::Kill => "KILL",
            };
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", signal, "--"]).arg(&program.path);
            command
        }
        None => Command::new(&program.path),
    };
    command
        .args(&program.arguments)
        .env_clear()
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&program.directory)
        .stdin(Stdio::null())
        .stderr(log.try_clone()?)
        .stdout(log)
        .process_group(0)
        .kill_on_drop(true);
    Ok(command)
}

static SETPRIV: LazyLock<Option<PathBuf>> = LazyLock::new(|| find("setpriv"));

/// Looks a program up in `PATH`.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}
