//! An invocation of a function: its names, its trace, and the loop that takes one invocation after the other.
//!
//! Every line that is logged during an invocation stands in its span and so has its names: one query finds a request at
//! the gateway, in its function, at the relay and at the consumer.

use std::{future::Future, time::SystemTime};

use lambda_runtime::{Context, Error, LambdaEvent, Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use sijang_domain::TraceId;
use tracing::Span;

use crate::{gateway_request::GatewayRequest, log, metrics};

/// The context of an invocation.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The request id of Lambda, which Lambda's own lines of the log have.
    pub id: String,
    /// The request id of API Gateway, which its log and our problem documents have. Without a gateway, the same as
    /// `id`.
    pub request_id: String,
    /// The trace that the invocation is part of.
    pub trace: Option<TraceId>,
    /// When the invocation began.
    pub clock: SystemTime,
    /// When Lambda ends the invocation, in milliseconds since the epoch.
    pub limit: u64,
}

impl Invocation {
    /// An invocation that begins now.
    pub fn new(id: &str, trace: Option<TraceId>, limit: u64) -> Self {
        Self { id: id.to_owned(), request_id: id.to_owned(), trace, clock: SystemTime::now(), limit }
    }

    /// The invocation of a worker.
    pub(crate) fn of(context: &Context) -> Self {
        let trace = context.xray_trace_id.as_deref().and_then(TraceId::of_header);
        Self::new(&context.request_id, trace, context.deadline)
    }

    /// The invocation by a request of the gateway, which has named the request and begun its trace.
    pub(crate) fn of_request(request: &GatewayRequest) -> Self {
        let invocation = request.lambda_context().map_or_else(|| Self::new("", None, 0), Self::of);
        let request_id = request.request_id().map_or_else(|| invocation.id.clone(), str::to_owned);
        Self { request_id, trace: request.trace(), ..invocation }
    }

    /// The span of the invocation, at whatever level is logged.
    pub(crate) fn span(&self) -> Span {
        let Self { id, request_id, trace, .. } = self;
        tracing::error_span!("invocation", id, request_id, trace_id = trace.map(tracing::field::display))
    }
}

/// Handles events until the environment ends: one after the other, or as many at once as Lambda lets the environment
/// have (`AWS_LAMBDA_MAX_CONCURRENCY`, on managed instances). All run on one thread, which each `main` starts: a
/// function waits for its store, and threads that wake each other take a quarter of a request's CPU (`./local/shop
/// bench orders`).
pub(crate) async fn run<H, F, I, O>(handle: H) -> Result<(), Error>
where
    H: Fn(I, Context) -> F + Clone + Send + 'static,
    F: Future<Output = Result<O, Error>> + Send + 'static,
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
{
    log::start();
    metrics::start();
    let service = service_fn(move |LambdaEvent { payload, context }: LambdaEvent<I>| {
        let outcome = handle(payload, context);
        async move {
            let outcome = outcome.await;
            // Also what other invocations in this process have counted: a count belongs to no invocation.
            metrics::flush();
            outcome
        }
    });
    // As a task: tokio wakes the future that it blocks on by writing to a descriptor, twice an order.
    tokio::spawn(Runtime::new(service).run_concurrent()).await?
}
