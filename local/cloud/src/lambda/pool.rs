//! A function's execution environments, and the queue before them. As on Lambda, an invocation gets an environment that is
//! free, or else a new one. On AWS there may be a thousand; here the number is small, and the excess waits its turn.

use std::{
    ffi::OsString,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use axum::body::Bytes;
use tokio::{
    sync::{Semaphore, watch},
    time::timeout,
};

use super::{
    FunctionSpec,
    environment::{Environment, Failure, Pids},
    runtime_api::RuntimeApi,
};
use crate::{
    ministack::template::QUEUE_ALLOWANCE,
    process::{DeathSignal, Program},
    progress::Progress,
};

/// A function's environments.
#[derive(Debug)]
pub(crate) struct Pool {
    spec: FunctionSpec,
    program: Program,
    api: Arc<RuntimeApi>,
    progress: Progress,
    /// One for each environment that may be.
    permits: Semaphore,
    /// Environments without an invocation; the last one was used last.
    free: Mutex<Vec<Environment>>,
    pids: Pids,
    /// Invocations here now, and when that number changed last.
    activity: watch::Sender<(usize, Instant)>,
}

impl Pool {
    pub(super) fn new(spec: FunctionSpec, api: Arc<RuntimeApi>, progress: Progress) -> Result<Self> {
        Ok(Self {
            program: program(&spec)?,
            permits: Semaphore::new(spec.instances),
            spec,
            api,
            progress,
            free: Mutex::default(),
            pids: Pids::default(),
            activity: watch::Sender::new((0, Instant::now())),
        })
    }

    /// Process ids of the environments that there are.
    pub(super) fn pids(&self) -> Vec<u32> {
        self.pids.all()
    }

    /// How long nothing has been running or waiting here.
    pub(super) fn idle_for(&self) -> Duration {
        let (invocations, since) = *self.activity.borrow();
        if invocations == 0 { since.elapsed() } else { Duration::ZERO }
    }

    /// Ends the processes that are free.
    pub(super) async fn stop(&self) {
        let free = std::mem::take(&mut *self.lock());
        for mut environment in free {
            environment.kill().await;
        }
    }

    /// Runs an event in the next free environment.
    pub(super) async fn invoke(&self, event: Bytes) -> Result<Bytes, Failure> {
        self.activity.send_modify(|(invocations, since)| (*invocations, *since) = (*invocations + 1, Instant::now()));
        let result = self.run(event).await;
        self.activity.send_modify(|(invocations, since)| (*invocations, *since) = (*invocations - 1, Instant::now()));
        result
    }

    async fn run(&self, event: Bytes) -> Result<Bytes, Failure> {
        let Ok(Ok(_permit)) = timeout(QUEUE_ALLOWANCE, self.permits.acquire()).await else {
            return Err(Failure::new("TooManyRequestsException", "no execution environment became free"));
        };
        let mut environment = self.environment().await?;
        let result = environment.run(&self.spec.physical_name, event, self.spec.timeout).await;
        if environment.is_alive() {
            self.lock().push(environment);
        } else if let Err(failure) = &result {
            self.progress.say(format_args!("{} has ended ({})", self.spec.name, failure.message));
        }
        result
    }

    /// The environment that was used last, if it can be used again, or a new one.
    async fn environment(&self) -> Result<Environment, Failure> {
        while let Some(mut environment) = self.take() {
            if !environment.is_alive() {
                self.progress.say(format_args!("{} has ended; another process is started", self.spec.name));
            } else if environment.is_outdated(&self.spec.binary) {
                self.progress.say(format_args!("{} was built anew and reloaded", self.spec.name));
            } else {
                return Ok(environment);
            }
        }
        let started = Environment::start(self.program.clone(), self.api.open(), &self.pids).await;
        started.map_err(|error| Failure::new("Runtime.ExitError", format!("{error:#}")))
    }

    fn take(&self) -> Option<Environment> {
        self.lock().pop()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Environment>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn program(spec: &FunctionSpec) -> Result<Program> {
    let environment = spec.environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Ok(Program {
        path: spec.binary.clone(),
        arguments: vec![(&spec.name).into()],
        environment: environment.collect(),
        directory: spec.log.parent().context("a log without folder")?.to_owned(),
        log: spec.log.clone(),
        death_signal: DeathSignal::Kill,
    })
}
