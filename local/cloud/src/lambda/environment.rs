//! One execution environment: a process of a function, as Lambda keeps it. It runs one invocation at a time.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use axum::body::Bytes;
use tokio::{process::Child, time::timeout};

use super::runtime_api::{Event, Report, RuntimeApiSession};
use crate::{
    ministack::{ACCOUNT, REGION},
    process::{self, Program},
};

/// How long a process may start. Lambda gives ten seconds, to processes that are not built for debugging.
const START: Duration = Duration::from_mins(1);
/// A binary that is younger is still being written.
const SETTLED: Duration = Duration::from_secs(1);

/// Why an invocation gave no answer, in Lambda's words.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// Lambda's error type: `Sandbox.Timedout`.
    pub(crate) kind: String,
    /// The message of the error.
    pub(crate) message: String,
}

impl Failure {
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
    }

    /// The function's own report.
    fn reported(error: &[u8]) -> Self {
        let document: serde_json::Value = serde_json::from_slice(error).unwrap_or_default();
        let text = |name: &str| document[name].as_str().map(str::to_owned);
        Self {
            kind: text("errorType").unwrap_or_else(|| "Runtime.Unknown".to_owned()),
            message: text("errorMessage").unwrap_or_else(|| String::from_utf8_lossy(error).into_owned()),
        }
    }
}

/// The processes of a function that are running.
#[derive(Debug, Clone, Default)]
pub(super) struct Pids(Arc<Mutex<BTreeSet<u32>>>);

impl Pids {
    pub(super) fn all(&self) -> Vec<u32> {
        self.lock().iter().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Identity of a binary on disk: it changes when cargo builds it anew.
type Stamp = Option<(SystemTime, u64)>;

/// A process. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Environment {
    child: Child,
    pid: u32,
    pids: Pids,
    session: RuntimeApiSession,
    stamp: Stamp,
}

impl Drop for Environment {
    fn drop(&mut self) {
        self.pids.lock().remove(&self.pid);
    }
}

impl Environment {
    /// Starts a process, which then asks for its first event by itself.
    pub(super) async fn start(mut program: Program, session: RuntimeApiSession, pids: &Pids) -> Result<Self> {
        program.environment.push(("AWS_LAMBDA_RUNTIME_API".into(), (&session.address).into()));
        let stamp = stamp(&program.path);
        let child = process::spawn(&program).await?;
        let pid = child.id().context("the process has ended at once")?;
        pids.lock().insert(pid);
        Ok(Self { child, pid, pids: pids.clone(), session, stamp })
    }

    /// Whether its process is still running.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether cargo has built its binary anew.
    pub(super) fn is_outdated(&self, binary: &Path) -> bool {
        let now = stamp(binary);
        now.is_some_and(|(at, _)| now != self.stamp && at.elapsed().is_ok_and(|age| age > SETTLED))
    }

    /// Runs an event. When this takes longer than `limit`, the process is killed.
    pub(super) async fn run(&mut self, function: &str, body: Bytes, limit: Duration) -> Result<Bytes, Failure> {
        match timeout(START, self.report()).await {
            // It has asked for the event: when it started, or after its last answer.
            Ok(Ok(Report::Ready)) => {}
            Ok(Ok(Report::Error(error))) => return Err(self.end(Failure::reported(&error)).await),
            Ok(Ok(Report::Answer(_))) => return Err(self.end(exit("it answers twice")).await),
            Ok(Err(failure)) => return Err(failure),
            Err(_) => return Err(self.end(exit("the function's process does not start")).await),
        }
        let function_arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}");
        // A session that is closed belongs to a process that has ended, which its report says.
        let _ = self.session.events.send(Event { function_arn, deadline: SystemTime::now() + limit, body });
        match timeout(limit, self.report()).await {
            Ok(Ok(Report::Answer(answer))) => Ok(answer),
            Ok(Ok(Report::Error(error))) => Err(Failure::reported(&error)),
            Ok(Ok(Report::Ready)) => {
                Err(self.end(exit("it asks for an event before it has answered the last one")).await)
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => {
                let message = format!("Task timed out after {:.2} seconds", limit.as_secs_f64());
                Err(self.end(Failure::new("Sandbox.Timedout", message)).await)
            }
        }
    }

    /// Kills the process, and waits until it has ended.
    pub(super) async fn kill(&mut self) {
        // A process that has ended already is as good.
        let _ = self.child.kill().await;
    }

    async fn end(&mut self, failure: Failure) -> Failure {
        self.kill().await;
        failure
    }

    async fn report(&mut self) -> Result<Report, Failure> {
        tokio::select! {
            biased;
            Some(report) = self.session.reports.recv() => Ok(report),
            _ = self.child.wait() => Err(exit("the function's process ended during the invocation")),
        }
    }
}

fn exit(message: &str) -> Failure {
    Failure::new("Runtime.ExitError", message)
}

fn stamp(binary: &Path) -> Stamp {
    let metadata = std::fs::metadata(binary).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::{super::runtime_api::RuntimeApi, *};
    use crate::process::DeathSignal;

    /// A process that does nothing; the test speaks to the Runtime API in its place, at the address that is returned.
    async fn environment(api: &RuntimeApi, seconds: &str, pids: &Pids) -> (Environment, String) {
        let program = Program {
            path: "/bin/sleep".into(),
            arguments: vec![seconds.into()],
            environment: Vec::new(),
            directory: "/".into(),
            log: "/dev/null".into(),
            death_signal: DeathSignal::Kill,
        };
        let session = api.open();
        let address = format!("{}/2018-06-01/runtime/invocation", session.address);
        (Environment::start(program, session, pids).await.unwrap(), address)
    }

    async fn next(address: &str) -> (String, String) {
        let event = reqwest::get(format!("{address}/next")).await.unwrap();
        let id = event.headers()["lambda-runtime-aws-request-id"].to_str().unwrap().to_owned();
        (id, event.text().await.unwrap())
    }

    async fn respond(address: &str, what: &str, body: &'static str) {
        let (id, event) = next(address).await;
        assert_eq!(event, "{}");
        reqwest::Client::new().post(format!("{address}/{id}/{what}")).body(body).send().await.unwrap();
    }

    const PLENTY: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn process_is_used_again_after_an_answer_and_after_an_error() {
        let (api, pids) = (RuntimeApi::start().await.unwrap(), Pids::default());
        let (mut environment, address) = environment(&api, "600", &pids).await;
        let (answer, ()) = tokio::join!(environment.run("f", "{}".into(), PLENTY), respond(&address, "response", "7"));
        assert_eq!(answer.unwrap(), "7");
        let error = r#"{"errorType": "Odd", "errorMessage": "not today"}"#;
        let (answer, ()) = tokio::join!(environment.run("f", "{}".into(), PLENTY), respond(&address, "error", error));
        assert_eq!(answer.unwrap_err().message, "not today");
        assert!(environment.is_alive() && pids.all().len() == 1);
        drop(environment);
        assert!(pids.all().is_empty());
    }

    #[tokio::test]
    async fn overdue_process_is_killed() {
        let (api, pids) = (RuntimeApi::start().await.unwrap(), Pids::default());
        let (mut environment, address) = environment(&api, "600", &pids).await;
        let limit = Duration::from_millis(20);
        let (answer, _) = tokio::join!(environment.run("f", "{}".into(), limit), next(&address));
        assert_eq!(answer.unwrap_err().kind, "Sandbox.Timedout");
        assert!(!environment.is_alive());
    }

    #[tokio::test]
    async fn process_that_ends_fails_its_invocation() {
        let (api, pids) = (RuntimeApi::start().await.unwrap(), Pids::default());
        let (mut environment, _) = environment(&api, "0", &pids).await;
        let failure = environment.run("f", "{}".into(), PLENTY).await.unwrap_err();
        assert_eq!(failure.message, "the function's process ended during the invocation");
        assert_eq!(failure.kind, "Runtime.ExitError");
        assert!(!environment.is_alive());
    }
}
