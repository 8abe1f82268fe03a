//! An invocation of a function: how it is named, by which trace it is followed, and the loop of all of them.
//!
//! Everything that is logged meanwhile stands in its span, so that every line has the names: one query finds a request
//! at the gateway, in its function, at the relay and at the consumer.

use std::{future::Future, time::SystemTime};

use lambda_runtime::{Context, Error, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use sijang_domain::TraceId;
use tracing::Span;

use crate::{Event, log, metrics};

/// What is known of an invocation beside its event.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// How Lambda names it: in its own lines of the log.
    pub id: String,
    /// How the gateway names the request: in its log, and in problems. Without a gateway, the same.
    pub request_id: String,
    /// The trace of what it is part of.
    pub trace: Option<TraceId>,
    /// When it came.
    pub clock: SystemTime,
    /// When its time is up, in milliseconds since the epoch.
    pub limit: u64,
}

impl Invocation {
    /// An invocation that came now.
    pub fn new(id: &str, trace: Option<TraceId>, limit: u64) -> Self {
        Self { id: id.to_owned(), request_id: id.to_owned(), trace, clock: SystemTime::now(), limit }
    }

    fn of(context: &Context) -> Self {
        let trace = context.xray_trace_id.as_deref().and_then(TraceId::of_header);
        Self::new(&context.request_id, trace, context.deadline)
    }

    /// By a request of the gateway, which has named it and begun its trace.
    pub(crate) fn by(self, event: &Event) -> Self {
        let request_id = event.request_id().map_or(self.request_id, str::to_owned);
        Self { request_id, trace: event.trace().or(self.trace), ..self }
    }

    /// In which everything of it is logged, at whatever level.
    pub(crate) fn span(&self) -> Span {
        let Self { id, request_id, trace, .. } = self;
        tracing::error_span!("invocation", id, request_id, trace_id = trace.map(display))
    }
}

/// Handles events until the environment ends: one after the other, or as many at once as Lambda lets the environment have
/// (`AWS_LAMBDA_MAX_CONCURRENCY`, on managed instances). All on one thread, as the mains have it: a function waits for its
/// store, and threads that wake each other take a quarter of a request's CPU (`./local/shop bench orders`).
pub(crate) async fn run<H, F, I, O>(handle: H) -> Result<(), Error>
where
    H: Fn(I, Invocation) -> F + Clone + Send + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
{
    log::start();
    metrics::start();
    let service = service_fn(move |LambdaEvent { payload, context }: LambdaEvent<I>| {
        let outcome = handle(payload, Invocation::of(&context));
        async move {
            let outcome = outcome.await;
            // Of whatever else runs here, too: what is counted has no owner.
            metrics::flush();
            outcome
        }
    });
    // As a task: to wake the future that it blocks on, tokio writes to a descriptor, twice an order, and wakes by that.
    tokio::spawn(Runtime::new(service).run_concurrent()).await?
}
