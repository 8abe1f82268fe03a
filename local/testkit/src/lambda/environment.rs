//! One execution environment: a process of a function. It runs one event at a time and is frozen between events, as on
//! Lambda, so that work it left for later does not happen.

use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sijang_cloud::process::{self, Program};
use tokio::{process::Child, time::timeout};

use super::runtime_api::{Event, Report, RuntimeApiSession};

/// Longer than any report takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process of a function. It is killed when this is dropped.
pub struct Environment {
    function: &'static str,
    child: Child,
    session: RuntimeApiSession,
}

/// Why an event has no response.
#[derive(Debug)]
pub enum Failure {
    /// The function reported an error.
    Error(Value),
    /// The process ended by itself.
    Exited,
    /// The time was up, and the process was killed.
    CutOff,
}

impl Environment {
    /// Starts a process and waits until it asks for its first event.
    pub async fn start(function: &'static str, program: &Program, session: RuntimeApiSession) -> Self {
        let child = process::spawn(program).await.unwrap();
        let mut environment = Self { function, child, session };
        match environment.report().await {
            Ok(Report::Ready) => environment.freeze(),
            other => panic!("{function} does not start ({other:?}): {}", process::tail(&program.log)),
        }
        environment
    }

    /// Runs an event to its response, or until `limit` has passed; then the process is killed.
    ///
    /// # Errors
    /// When there is no response.
    pub async fn invoke(&mut self, body: Value, limit: Duration) -> Result<Value, Failure> {
        self.session.events.send(self.event(&body, limit)).map_err(|_| Failure::Exited)?;
        self.thaw();
        let Ok(report) = timeout(limit, self.report()).await else {
            self.end().await;
            return Err(Failure::CutOff);
        };
        let answer = match report? {
            Report::Answer(answer) => Ok(json(&answer)),
            Report::Error(error) => Err(Failure::Error(json(&error))),
            Report::Ready => panic!("{} asks for an event without having answered the last one", self.function),
        };
        // Lambda lets it run until it asks for the next event, and no longer.
        match self.report().await? {
            Report::Ready => self.freeze(),
            other => panic!("{} answers twice: {other:?}", self.function),
        }
        answer
    }

    /// Runs events at once in a process of so many workers. Returns the responses in the order in which they come.
    pub async fn invoke_at_once(&mut self, workers: usize, bodies: Vec<Value>, limit: Duration) -> Vec<Value> {
        self.thaw();
        // The first worker has asked for an event when the process started.
        for _ in 1..workers {
            let report = self.report().await.unwrap();
            assert!(matches!(report, Report::Ready), "{report:?}");
        }
        let expected = bodies.len();
        for body in bodies {
            self.session.events.send(self.event(&body, limit)).unwrap();
        }
        let mut answers = Vec::new();
        while answers.len() < expected {
            match self.report().await.unwrap() {
                Report::Answer(answer) => answers.push(json(&answer)),
                Report::Ready => {}
                Report::Error(error) => panic!("{} failed: {}", self.function, json(&error)),
            }
        }
        answers
    }

    fn event(&self, body: &Value, limit: Duration) -> Event {
        let function_arn = format!("arn:aws:lambda:ap-northeast-2:000000000000:function:sijang-{}", self.function);
        Event { function_arn, deadline: SystemTime::now() + limit, body: body.to_string().into() }
    }

    /// Kills the process.
    pub async fn kill(mut self) {
        self.end().await;
    }

    /// `SIGKILL`, by its process id.
    async fn end(&mut self) {
        self.child.kill().await.unwrap();
    }

    async fn report(&mut self) -> Result<Report, Failure> {
        let report = async {
            tokio::select! {
                biased;
                report = self.session.reports.recv() => report.ok_or(Failure::Exited),
                _ = self.child.wait() => Err(Failure::Exited),
            }
        };
        timeout(PATIENCE, report).await.unwrap_or_else(|_| panic!("{} reports nothing", self.function))
    }

    fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        // A process that has just ended is noticed by whoever waits for its report.
        let _ = pid.map(|pid| kill_process(pid, signal));
    }
}

/// The body of a report: the runtime sends no content type.
fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}
