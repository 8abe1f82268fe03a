//! An execution environment of a candidate, from `exec` on. It is not frozen between events: nobody else's is.

use std::{
    fs::File,
    process::Stdio,
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;
use sijang_testkit::lambda::runtime_api::{Event, Report, RuntimeApi, RuntimeApiSession};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::{candidate::Candidate, usage::Usage};

/// Nothing takes as long, unless it never ends.
const PATIENCE: Duration = Duration::from_mins(5);

/// A process of a candidate. It is killed when this is dropped.
pub struct Environment {
    name: String,
    child: Child,
    session: RuntimeApiSession,
    /// From `exec` until it asked for its first event.
    pub started: Duration,
}

impl Environment {
    /// Starts it with these variables beside its own, behind `wrapper` (strace, valgrind), if there is one.
    pub async fn start(
        candidate: &Candidate,
        api: &RuntimeApi,
        variables: &[(String, String)],
        wrapper: &[String],
    ) -> Self {
        let session = api.open();
        let mut words = wrapper.iter().map(Into::into).chain(candidate.command.iter().cloned());
        let log = File::options().create(true).append(true).open(&candidate.log).unwrap();
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .env_clear()
            .envs(variables.iter().cloned())
            .envs(candidate.variables.iter().cloned())
            .env("AWS_LAMBDA_RUNTIME_API", &session.address)
            .stdin(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .kill_on_drop(true);
        let began = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", candidate.name));
        let mut environment = Self { name: candidate.to_string(), child, session, started: Duration::ZERO };
        match environment.report().await {
            Report::Ready => environment.started = began.elapsed(),
            other => panic!("{} does not start: {other:?}, see {}", candidate.name, candidate.log.display()),
        }
        environment
    }

    /// Runs a request. How long it took, and the status of the answer.
    pub async fn invoke(&mut self, body: Value) -> (Duration, u64) {
        let (took, answer) = self.run(body).await;
        (took, answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{}: {answer}", self.name)))
    }

    /// Runs an event. How long it took, and the answer.
    pub async fn run(&mut self, body: Value) -> (Duration, Value) {
        let function_arn = "arn:aws:lambda:ap-northeast-2:000000000000:function:bench".to_owned();
        let event = Event { function_arn, deadline: SystemTime::now() + PATIENCE, body: body.to_string().into() };
        let began = Instant::now();
        self.session.events.send(event).unwrap();
        let report = self.report().await;
        let took = began.elapsed();
        let Report::Answer(answer) = report else { panic!("{}: {report:?}", self.name) };
        assert!(matches!(self.report().await, Report::Ready), "{} answers twice", self.name);
        (took, serde_json::from_slice(&answer).unwrap())
    }

    /// Runs an event that must be done.
    pub async fn done(&mut self, body: Value) -> Duration {
        let (took, status) = self.invoke(body).await;
        assert_eq!(status, 201, "{}", self.name);
        took
    }

    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id().unwrap())
    }

    /// Closes its runtime API, at which it exits by itself. Only then does a program write its profile.
    pub async fn hang_up(self) {
        let Self { name, mut child, session, .. } = self;
        drop(session);
        timeout(PATIENCE, child.wait()).await.unwrap_or_else(|_| panic!("{name} does not exit")).unwrap();
    }

    /// Asks it to end, and waits: who wraps it may have something to say.
    pub async fn end(self) {
        sijang_cloud::process::stop(self.child, Duration::from_secs(30)).await;
    }

    async fn report(&mut self) -> Report {
        let report = async {
            tokio::select! {
                biased;
                report = self.session.reports.recv() => report.unwrap(),
                status = self.child.wait() => panic!("{} ended: {status:?}", self.name),
            }
        };
        timeout(PATIENCE, report).await.unwrap_or_else(|_| panic!("{} says nothing", self.name))
    }
}
