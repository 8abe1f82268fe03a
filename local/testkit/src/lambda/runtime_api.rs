//! Lambda's runtime API, as much of it as the runtime speaks: each execution environment asks for its next event, and
//! says how it went. One server for all; an environment is known by the first part of its paths.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex as AsyncMutex, mpsc},
    task::JoinSet,
};
use ulid::Ulid;

/// An event on its way to a function.
pub struct Event {
    pub function_arn: String,
    /// When the environment is cut off.
    pub deadline: SystemTime,
    pub body: Value,
}

/// What an environment says.
#[derive(Debug)]
pub enum Report {
    /// It asks for its next event.
    Ready,
    Answer(Value),
    Error(Value),
}

/// The service's end of an environment.
pub struct Desk {
    /// What `AWS_LAMBDA_RUNTIME_API` is in the environment.
    pub address: String,
    pub events: mpsc::UnboundedSender<Event>,
    pub reports: mpsc::UnboundedReceiver<Report>,
}

/// The environment's end.
struct Counter {
    events: AsyncMutex<mpsc::UnboundedReceiver<Event>>,
    reports: mpsc::UnboundedSender<Report>,
}

type Counters = Arc<Mutex<HashMap<u64, Arc<Counter>>>>;

/// The server. It ends when it is dropped.
pub struct RuntimeApi {
    address: SocketAddr,
    counters: Counters,
    opened: AtomicU64,
    _tasks: JoinSet<io::Result<()>>,
}

impl RuntimeApi {
    /// Listens on a free port.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let counters = Counters::default();
        let router = Router::new()
            .route("/{environment}/2018-06-01/runtime/invocation/next", get(next))
            .route("/{environment}/2018-06-01/runtime/invocation/{request}/response", post(answer))
            .route("/{environment}/2018-06-01/runtime/invocation/{request}/error", post(error))
            .route("/{environment}/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::clone(&counters));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, counters, opened: AtomicU64::new(0), _tasks: tasks })
    }

    /// A place for one more environment.
    pub fn open(&self) -> Desk {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let (events, received) = mpsc::unbounded_channel();
        let (said, reports) = mpsc::unbounded_channel();
        let counter = Counter { events: AsyncMutex::new(received), reports: said };
        lock(&self.counters).insert(number, Arc::new(counter));
        Desk { address: format!("http://{}/{number}", self.address), events, reports }
    }
}

fn lock(counters: &Counters) -> MutexGuard<'_, HashMap<u64, Arc<Counter>>> {
    counters.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn next(State(counters): State<Counters>, Path(environment): Path<u64>) -> Response {
    let Some(counter) = lock(&counters).get(&environment).cloned() else { return gone() };
    // Who opened the desk may have left it; then no event comes either.
    let _ = counter.reports.send(Report::Ready);
    let Some(event) = counter.events.lock().await.recv().await else { return gone() };
    let deadline = event.deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let headers = [
        ("lambda-runtime-aws-request-id", Ulid::generate().to_string()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", event.function_arn),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0".to_owned()),
    ];
    (headers, Json(event.body)).into_response()
}

async fn answer(
    State(counters): State<Counters>,
    Path((environment, _)): Path<(u64, String)>,
    body: Bytes,
) -> Response {
    report(&counters, environment, Report::Answer(json(&body)))
}

async fn error(State(counters): State<Counters>, Path((environment, _)): Path<(u64, String)>, body: Bytes) -> Response {
    report(&counters, environment, Report::Error(json(&body)))
}

async fn init_error(State(counters): State<Counters>, Path(environment): Path<u64>, body: Bytes) -> Response {
    report(&counters, environment, Report::Error(json(&body)))
}

/// The runtime does not say that it is JSON.
fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn report(counters: &Counters, environment: u64, report: Report) -> Response {
    let Some(counter) = lock(counters).get(&environment).cloned() else { return gone() };
    let _ = counter.reports.send(report);
    StatusCode::ACCEPTED.into_response()
}

fn gone() -> Response {
    StatusCode::GONE.into_response()
}
