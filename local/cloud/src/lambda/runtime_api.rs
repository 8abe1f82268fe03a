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
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt,
};
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
    pub body: Bytes,
}

/// The report of an environment.
#[derive(Debug)]
pub enum Report {
    /// It asks for its next event.
    Ready,
    /// The function's response, as JSON.
    Answer(Bytes),
    /// The function's error, or the error of its start, as JSON.
    Error(Bytes),
}

/// The service's end of one environment: its events go in, its reports come out. The session closes when this is dropped.
#[derive(Debug)]
pub struct RuntimeApiSession {
    /// Value of `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    /// Events for the environment.
    pub events: mpsc::UnboundedSender<Event>,
    /// Reports of the environment.
    pub reports: mpsc::UnboundedReceiver<Report>,
    number: u64,
    sessions: Sessions,
}

impl Drop for RuntimeApiSession {
    fn drop(&mut self) {
        lock(&self.sessions).remove(&self.number);
    }
}

/// The environment's end.
#[derive(Debug)]
struct SessionChannels {
    events: AsyncMutex<mpsc::UnboundedReceiver<Event>>,
    reports: mpsc::UnboundedSender<Report>,
}

type Sessions = Arc<Mutex<HashMap<u64, Arc<SessionChannels>>>>;

/// The server. It stops when this is dropped.
#[derive(Debug)]
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
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let sessions = Sessions::default();
        let router = Router::new()
            .route("/{environment}/2018-06-01/runtime/invocation/next", get(next))
            .route("/{environment}/2018-06-01/runtime/invocation/{request}/response", post(answer))
            .route("/{environment}/2018-06-01/runtime/invocation/{request}/error", post(error))
            .route("/{environment}/2018-06-01/runtime/init/error", post(init_error))
            // Lambda's own limit for a response.
            .layer(DefaultBodyLimit::max(6 * 1024 * 1024))
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
        let address = format!("http://{}/{number}", self.address);
        RuntimeApiSession { address, events, reports, number, sessions: Arc::clone(&self.sessions) }
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
        ("lambda-runtime-trace-id", new_trace()),
    ];
    ([(CONTENT_TYPE, "application/json")], headers, event.body).into_response()
}

async fn answer(
    State(sessions): State<Sessions>,
    Path((environment, _)): Path<(u64, String)>,
    body: Bytes,
) -> Response {
    report(&sessions, environment, Report::Answer(body))
}

async fn error(State(sessions): State<Sessions>, Path((environment, _)): Path<(u64, String)>, body: Bytes) -> Response {
    report(&sessions, environment, Report::Error(body))
}

async fn init_error(State(sessions): State<Sessions>, Path(environment): Path<u64>, body: Bytes) -> Response {
    report(&sessions, environment, Report::Error(body))
}

fn report(sessions: &Sessions, environment: u64, report: Report) -> Response {
    let Some(channels) = lock(sessions).get(&environment).cloned() else { return gone() };
    let _ = channels.reports.send(report);
    StatusCode::ACCEPTED.into_response()
}

/// A trace that nobody has begun before.
pub(super) fn new_trace() -> String {
    let second = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // The randomness of an identifier, which has ten bytes of it.
    format!("Root=1-{second:08x}-{:024x}", Ulid::generate().random())
}

fn gone() -> Response {
    StatusCode::GONE.into_response()
}
