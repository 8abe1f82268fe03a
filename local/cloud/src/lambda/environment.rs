//! One execution environment: a process of a function, as Lambda keeps it. It runs one invocation at a time, is killed
//! when that takes too long, and is replaced when it ends or when its binary was built anew.

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use tokio::{
    process::Child,
    sync::{Mutex, mpsc, watch},
    time::{Instant, sleep},
};

use super::lambda_api::Serving;
use crate::{
    process::{self, Program},
    progress::Progress,
};

/// Says that an environment is free: which one, and which of its processes. A ticket for a process that has ended is
/// worth nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    pub(super) number: usize,
    pub(super) process: u32,
}

/// Identity of a binary on disk: it changes when cargo builds it anew.
pub(super) type Stamp = Option<(std::time::SystemTime, u64)>;

#[derive(Debug)]
pub(super) struct Environment {
    /// Where its invocations are posted.
    pub(super) invoke_url: String,
    /// Held while an invocation runs.
    pub(super) busy: Mutex<()>,
    /// The running process.
    process: watch::Sender<Option<u32>>,
    /// The last process whose invocation took too long.
    overdue: watch::Sender<Option<u32>>,
}

impl Environment {
    pub(super) fn new(invoke_url: String) -> Arc<Self> {
        Arc::new(Self {
            invoke_url,
            busy: Mutex::new(()),
            process: watch::Sender::new(None),
            overdue: watch::Sender::new(None),
        })
    }

    /// The running process.
    pub(super) fn pid(&self) -> Option<u32> {
        *self.process.borrow()
    }

    /// Completes when `process` is no longer the running one.
    pub(super) async fn gone(&self, process: u32) {
        // The sender lives in `self`: waiting cannot fail.
        let _ = self.process.subscribe().wait_for(|now| *now != Some(process)).await;
    }

    /// Completes when there is a running process.
    pub(super) async fn ready(&self) {
        let _ = self.process.subscribe().wait_for(Option::is_some).await;
    }

    /// The invocation took too long: its process is killed and replaced.
    pub(super) fn kill(&self, process: u32) {
        self.overdue.send_replace(Some(process));
    }
}

/// Everything that the supervisor of an environment needs.
pub(super) struct Supervisor {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) program: Program,
    pub(super) environment: Arc<Environment>,
    pub(super) free: mpsc::UnboundedSender<Ticket>,
    pub(super) api: Serving,
    pub(super) binary: watch::Receiver<Stamp>,
    pub(super) progress: Progress,
}

/// Why a process came to its end.
enum End {
    Exited(std::io::Result<ExitStatus>),
    Overdue,
    NewBinary,
    ApiLost,
}

impl Supervisor {
    /// Keeps the environment alive until the task is dropped, which kills the process.
    pub(super) async fn run(mut self) {
        const LONGEST_PAUSE: Duration = Duration::from_secs(5);
        let mut pause = Duration::from_millis(100);
        loop {
            let Ok(serving) = self.api.wait_for(Option::is_some).await.map(|pid| *pid) else { return };
            let began = Instant::now();
            match self.one_process(serving).await {
                Ok(End::Exited(status)) => {
                    let how = status.map_or_else(|error| format!("is lost: {error}"), process::describe);
                    self.progress.say(format_args!("{} {how}; starting it again", self.name));
                }
                Ok(End::Overdue) => self.progress.say(format_args!("{} took too long and was killed", self.name)),
                Ok(End::NewBinary) => self.progress.say(format_args!("{} was built anew and reloaded", self.name)),
                Ok(End::ApiLost) => {}
                Err(error) => self.progress.say(format_args!("{}: {error:#}", self.name)),
            }
            // A function that cannot even start must not keep the machine busy.
            if began.elapsed() > Duration::from_secs(2) {
                pause = Duration::from_millis(100);
            } else {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    async fn one_process(&mut self, serving: Option<u32>) -> Result<End> {
        self.binary.mark_unchanged();
        let mut child = process::spawn(&self.program).await?;
        let Some(process) = child.id() else { return Ok(End::Exited(child.wait().await)) };
        self.environment.process.send_replace(Some(process));
        // The pool outlives its supervisors: the receiver is there.
        let _ = self.free.send(Ticket { number: self.number, process });
        let end = self.watch(&mut child, process, serving).await;
        self.environment.process.send_replace(None);
        if !matches!(end, End::Exited(_)) {
            child.kill().await?;
        }
        Ok(end)
    }

    async fn watch(&mut self, child: &mut Child, process: u32, serving: Option<u32>) -> End {
        let mut overdue = self.environment.overdue.subscribe();
        let overdue = async { drop(overdue.wait_for(|late| *late == Some(process)).await) };
        let api_lost = async { drop(self.api.wait_for(|now| *now != serving).await) };
        tokio::select! {
            status = child.wait() => End::Exited(status),
            () = overdue => End::Overdue,
            () = api_lost => End::ApiLost,
            Ok(()) = self.binary.changed() => {
                // An invocation that is running may finish; the next one finds a stale ticket.
                let _idle = self.environment.busy.lock().await;
                self.environment.process.send_replace(None);
                End::NewBinary
            }
        }
    }
}

/// Looks at a binary twice a second. A change is told once it has stood still: while cargo links, the file is partial.
pub(super) async fn watch_binary(binary: PathBuf, stamp: watch::Sender<Stamp>) {
    let mut last = *stamp.borrow();
    loop {
        sleep(Duration::from_millis(500)).await;
        let now = read_stamp(&binary);
        if now.is_some() && now == last && *stamp.borrow() != now {
            stamp.send_replace(now);
        }
        last = now;
    }
}

pub(super) fn read_stamp(binary: &Path) -> Stamp {
    let metadata = std::fs::metadata(binary).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
