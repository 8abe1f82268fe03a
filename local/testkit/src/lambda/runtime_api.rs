//! Lambda's Runtime API, as far as the runtime uses it: an execution environment asks for its next event and reports the
//! result. One server for all environments, which it tells apart by the first part of the path.

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

/// An event for a function.
pub struct Event {
    /// ARN of the invoked function.
    pub function_arn: String,
    /// When the invocation times out.
    pub deadline: SystemTime,
    /// The event as JSON.
    pub body: Value,
}

/// The report of an environment.
#[derive(Debug)]
pub enum Report {
    /// It asks for its next event.
    Ready,
    /// The function's response.
    Answer(Value),
    /// The function's error, or the error of its start.
    Error(Value),
}

/// The service's end of one environment: its events go in, its reports come out.
pub struct RuntimeApiSession {
    /// Value of `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    /// Events for the environment.
    pub events: mpsc::UnboundedSender<Event>,
    /// Reports of the environment.
    pub reports: mpsc::UnboundedReceiver<Report>,
}

/// The environment's end.
struct SessionChannels {
    events: AsyncMutex<mpsc::UnboundedReceiver<Event>>,
    reports: mpsc::UnboundedSender<Report>,
}

type Sessions = Arc<Mutex<HashMap<u64, Arc<SessionChannels>>>>;

/// The server. It stops when this is dropped.
pub struct RuntimeApi {
    address: SocketAddr,
    sessions: Sessions,
    opened: AtomicU64,
    _tasks: JoinSet<io::Result<()>>,
}

impl RuntimeApi {
    /// Listens on a free port.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let sessions = Sessions::default();
        let router = Router::new()
            .route("/{environment}/2018-06-01/runtime/invocation/next", get(next))
            .route("/{environment}/2018-06-01/runtime/invocation/{request}/response", post(answer))
            .route("/{environment}/2018-06-01/runtime/invocation/{request}/error", post(error))
            .route("/{environment}/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::clone(&sessions));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, sessions, opened: AtomicU64::new(0), _tasks: tasks })
    }

    /// Opens a session for one more environment.
    pub fn open(&self) -> RuntimeApiSession {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let (events, received) = mpsc::unbounded_channel();
        let (said, reports) = mpsc::unbounded_channel();
        let channels = SessionChannels { events: AsyncMutex::new(received), reports: said };
        lock(&self.sessions).insert(number, Arc::new(channels));
        RuntimeApiSession { address: format!("http://{}/{number}", self.address), events, reports }
    }
}

fn lock(sessions: &Sessions) -> MutexGuard<'_, HashMap<u64, Arc<SessionChannels>>> {
    sessions.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn next(State(sessions): State<Sessions>, Path(environment): Path<u64>) -> Response {
    let Some(channels) = lock(&sessions).get(&environment).cloned() else { return gone() };
    // Nobody may hold the session any more; then no event comes either.
    let _ = channels.reports.send(Report::Ready);
    let Some(event) = channels.events.lock().await.recv().await else { return gone() };
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
    State(sessions): State<Sessions>,
    Path((environment, _)): Path<(u64, String)>,
    body: Bytes,
) -> Response {
    report(&sessions, environment, Report::Answer(json(&body)))
}

async fn error(State(sessions): State<Sessions>, Path((environment, _)): Path<(u64, String)>, body: Bytes) -> Response {
    report(&sessions, environment, Report::Error(json(&body)))
}

async fn init_error(State(sessions): State<Sessions>, Path(environment): Path<u64>, body: Bytes) -> Response {
    report(&sessions, environment, Report::Error(json(&body)))
}

/// The body as JSON: the runtime sends no content type.
fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn report(sessions: &Sessions, environment: u64, report: Report) -> Response {
    let Some(channels) = lock(sessions).get(&environment).cloned() else { return gone() };
    let _ = channels.reports.send(report);
    StatusCode::ACCEPTED.into_response()
}

fn gone() -> Response {
    StatusCode::GONE.into_response()
}
