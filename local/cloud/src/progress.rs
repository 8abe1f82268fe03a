//! Progress on the terminal: the current step, and how long it took.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use tokio::time::{MissedTickBehavior, interval_at};

/// A reporter of steps.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    quiet: bool,
    started: Instant,
}

impl Progress {
    /// A reporter that prints, or one that keeps quiet.
    pub fn new(quiet: bool) -> Self {
        Self { quiet, started: Instant::now() }
    }

    /// Runs a step: prints what it waits for, again every five seconds, and at the end how long it took.
    pub async fn step<T>(self, name: &str, waiting_for: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        const REMINDER: Duration = Duration::from_secs(5);
        let began = Instant::now();
        self.say(format_args!("{name:<10} {waiting_for} ..."));
        let mut reminder = interval_at(tokio::time::Instant::now() + REMINDER, REMINDER);
        reminder.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(work);
        let result = loop {
            tokio::select! {
                result = &mut work => break result,
                _ = reminder.tick() => {
                    self.say(format_args!("{name:<10} still at it: {waiting_for} ({:.0} s)", began.elapsed().as_secs_f64()));
                }
            }
        };
        if result.is_ok() {
            self.say(format_args!("{name:<10} done in {:.1} s", began.elapsed().as_secs_f64()));
        }
        result.with_context(|| name.to_owned())
    }

    /// Runs something that is usually short: prints what it waits for only when that takes longer than two seconds.
    pub async fn wait<T>(self, waiting_for: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        const SHORT: Duration = Duration::from_secs(2);
        tokio::pin!(work);
        match tokio::time::timeout(SHORT, &mut work).await {
            Ok(result) => result,
            Err(_) => self.step("wait", waiting_for, work).await,
        }
    }

    /// Prints a line, with the time since the start.
    pub fn say(self, line: impl Display) {
        if !self.quiet {
            eprintln!("{:6.1} s  {line}", self.started.elapsed().as_secs_f64());
        }
    }
}
