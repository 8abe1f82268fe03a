//! A function's execution environments, and the queue before them. On AWS a busy function gets another environment;
//! here the number is fixed and the excess waits its turn.

use std::{ffi::OsString, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum::body::Bytes;
use tokio::{
    sync::{Mutex, mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, timeout_at},
};

use super::{
    FunctionSpec,
    environment::{Environment, Supervisor, Ticket, read_stamp, watch_binary},
    lambda_api::LambdaApi,
    queue_name,
};
use crate::{
    ministack::template::QUEUE_ALLOWANCE,
    process::{DeathSignal, Program},
    progress::Progress,
};

/// A function's environments.
#[derive(Debug)]
pub(crate) struct Pool {
    timeout: Duration,
    environments: Vec<Arc<Environment>>,
    free: mpsc::UnboundedSender<Ticket>,
    waiting: Mutex<mpsc::UnboundedReceiver<Ticket>>,
    /// Invocations here now, and when that number changed last.
    activity: watch::Sender<(usize, Instant)>,
    http: reqwest::Client,
}

/// Why an invocation gave no answer, in Lambda's words.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// Lambda's error type: `Sandbox.Timedout`.
    pub(crate) kind: String,
    /// What happened.
    pub(crate) message: String,
}

impl Pool {
    /// Starts the environments; they live as long as `tasks`.
    pub(super) fn start(
        spec: &FunctionSpec,
        api: &LambdaApi,
        tasks: &mut JoinSet<()>,
        progress: Progress,
    ) -> Result<Self> {
        let (free, waiting) = mpsc::unbounded_channel();
        let (stamp, binary) = watch::channel(read_stamp(&spec.binary));
        tasks.spawn(watch_binary(spec.binary.clone(), stamp));
        let mut environments = Vec::new();
        for number in 0..spec.instances {
            let queue = queue_name(&spec.name, number + 1);
            let environment = Environment::new(api.invoke_url(&queue));
            environments.push(environment.clone());
            let supervisor = Supervisor {
                number,
                name: spec.name.clone(),
                program: program(spec, api.runtime_api(&queue))?,
                environment,
                free: free.clone(),
                api: api.serving(),
                binary: binary.clone(),
                progress,
            };
            tasks.spawn(supervisor.run());
        }
        Ok(Self {
            timeout: spec.timeout,
            environments,
            free,
            waiting: Mutex::new(waiting),
            activity: watch::Sender::new((0, Instant::now())),
            http: reqwest::Client::builder().no_proxy().build()?,
        })
    }

    /// Completes when every environment has a process.
    pub(super) async fn ready(&self) {
        for environment in &self.environments {
            environment.ready().await;
        }
    }

    pub(super) fn pids(&self) -> Vec<u32> {
        self.environments.iter().filter_map(|environment| environment.pid()).collect()
    }

    /// How long nothing has been running or waiting here.
    pub(super) fn idle_for(&self) -> Duration {
        let (invocations, since) = *self.activity.borrow();
        if invocations == 0 { since.elapsed() } else { Duration::ZERO }
    }

    /// Runs an event in the next free environment.
    pub(super) async fn invoke(&self, event: Bytes) -> Result<Bytes, Failure> {
        self.activity.send_modify(|(invocations, since)| (*invocations, *since) = (*invocations + 1, Instant::now()));
        let result = self.run(event).await;
        self.activity.send_modify(|(invocations, since)| (*invocations, *since) = (*invocations - 1, Instant::now()));
        result
    }

    async fn run(&self, event: Bytes) -> Result<Bytes, Failure> {
        let patience = Instant::now() + QUEUE_ALLOWANCE;
        loop {
            let Ok(Some(ticket)) = timeout_at(patience, async { self.waiting.lock().await.recv().await }).await else {
                return Err(failure("TooManyRequestsException", "no execution environment became free"));
            };
            let environment = &self.environments[ticket.number];
            let _busy = environment.busy.lock().await;
            if environment.pid() != Some(ticket.process) {
                continue;
            }
            let result = tokio::select! {
                result = self.post(environment, event) => result,
                () = environment.gone(ticket.process) => {
                    return Err(failure("Runtime.ExitError", "the function's process ended during the invocation"));
                }
                () = sleep(self.timeout) => {
                    environment.kill(ticket.process);
                    let seconds = self.timeout.as_secs_f64();
                    return Err(failure("Sandbox.Timedout", format!("Task timed out after {seconds:.2} seconds")));
                }
            };
            // The receiver lives in `self`: sending cannot fail.
            let _ = self.free.send(ticket);
            return result;
        }
    }

    async fn post(&self, environment: &Environment, event: Bytes) -> Result<Bytes, Failure> {
        let lost = |error: reqwest::Error| failure("Runtime.ExitError", format!("cargo lambda watch: {error}"));
        let response = loop {
            match self.http.post(&environment.invoke_url).body(event.clone()).send().await {
                // No function has received the event: cargo lambda watch is being restarted.
                Err(error) if error.is_connect() => sleep(Duration::from_millis(50)).await,
                other => break other.map_err(lost)?,
            }
        };
        let succeeded = response.status().is_success();
        let body = response.bytes().await.map_err(lost)?;
        if succeeded {
            return Ok(body);
        }
        let error: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |name: &str| error[name].as_str().map(str::to_owned);
        Err(Failure {
            kind: text("errorType").unwrap_or_else(|| "Runtime.Unknown".to_owned()),
            message: text("errorMessage").unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned()),
        })
    }
}

fn failure(kind: &str, message: impl Into<String>) -> Failure {
    Failure { kind: kind.to_owned(), message: message.into() }
}

fn program(spec: &FunctionSpec, runtime_api: String) -> Result<Program> {
    let mut environment: Vec<(OsString, OsString)> =
        spec.environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    environment.push(("AWS_LAMBDA_RUNTIME_API".into(), runtime_api.into()));
    Ok(Program {
        path: spec.binary.clone(),
        arguments: Vec::new(),
        environment,
        directory: spec.log.parent().context("a log without folder")?.to_owned(),
        log: spec.log.clone(),
        death_signal: DeathSignal::Kill,
    })
}
