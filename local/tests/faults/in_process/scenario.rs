//! Something to be done, in a shop in which it can be done: a command that a client sends, or a worker's work.

use std::{future::Future, pin::Pin, sync::Arc};

use sijang_domain::{Command, Error, Fingerprint, IdempotencyKey, Idempotent, RequestTime, Timestamp, UserId};
use sijang_storage::Store;
use sijang_testkit::{
    pipeline::Stage,
    services::Clients,
    shop::{Shop, name, request_id},
    snapshot::Snapshot,
};

/// A future that can be sent to a task.
pub type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The answer as text, and whether it is an earlier request's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub text: String,
    pub replayed: bool,
}

/// A request: the same each time it is called, so that it can be sent again.
pub type Job = Arc<dyn Fn(Clients, RequestTime) -> Task<Result<Reply, Error>> + Send + Sync>;

/// A job and the shop in which it is done.
pub struct Prepared {
    pub job: Job,
    pub at: Timestamp,
    pub items: Snapshot,
    pub messages: Vec<String>,
    pub events: Stage,
    /// Whether a rule rejects it.
    pub rejected: bool,
}

impl Prepared {
    /// A command, in the shop as it is now.
    pub async fn command(shop: &Shop, job: Job) -> Self {
        Self::work(shop, job, Stage::InStream).await
    }

    /// A command that is rejected.
    pub async fn rejection(shop: &Shop, job: Job) -> Self {
        Self { rejected: true, ..Self::command(shop, job).await }
    }

    /// A job that is done when the events of the shop are somewhere on their way.
    pub async fn work(shop: &Shop, job: Job, events: Stage) -> Self {
        let (at, items) = (shop.now(), shop.snapshot().await);
        Self { job, at, items, messages: Vec::new(), events, rejected: false }
    }
}

/// A scenario: its name in the table, and how it is prepared.
pub struct Scenario {
    pub name: &'static str,
    pub prepare: Box<dyn Fn(Shop) -> Task<Prepared> + Send + Sync>,
}

impl Scenario {
    pub fn new<F>(name: &'static str, prepare: impl Fn(Shop) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Prepared> + Send + 'static,
    {
        Self { name, prepare: Box::new(move |shop| Box::pin(prepare(shop))) }
    }
}

/// A command with an idempotency key; `send` is what its function does with it.
pub fn command<T, F>(
    user: &UserId,
    operation: &'static str,
    fingerprint: Fingerprint,
    send: impl Fn(Arc<Store>, Command) -> F + Send + Sync + 'static,
    text: fn(&T) -> String,
) -> Job
where
    F: Future<Output = Result<Idempotent<T>, Error>> + Send + 'static,
    T: 'static,
{
    let user = user.clone();
    Arc::new(move |clients, time| {
        let key = IdempotencyKey::parse("the-key").unwrap();
        let command = Command {
            user: user.clone(),
            operation,
            key,
            fingerprint,
            time,
            request_id: request_id(),
            trace: None,
            reason: Some(name("a fault")),
        };
        let asked = send(clients.store, command);
        Box::pin(async move {
            let Idempotent { value, replayed } = asked.await?;
            Ok(Reply { text: text(&value), replayed })
        })
    })
}
