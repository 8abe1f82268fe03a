//! Where MiniStack sends its invocations: `POST /<physical function name>`.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use super::{Functions, Pools, adapt::Event};

type Served = watch::Receiver<Option<Arc<Pools>>>;

/// The HTTP endpoint for invocations.
#[derive(Debug)]
pub struct InvokeEndpoint {
    address: SocketAddr,
    functions: watch::Sender<Option<Arc<Pools>>>,
    tasks: JoinSet<std::io::Result<()>>,
}

impl InvokeEndpoint {
    /// Listens on a free port. Invocations wait until there are functions.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (functions, served) = watch::channel(None);
        let router = Router::new()
            .route("/{function}", post(invoke))
            // Lambda's own limit for a synchronous invocation.
            .layer(DefaultBodyLimit::max(6 * 1024 * 1024))
            .with_state(served);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, functions, tasks })
    }

    /// The URL for the invocations of a function, by physical name.
    pub fn url(&self, function: &str) -> String {
        format!("http://{}/{function}", self.address)
    }

    /// Lets the invocations in.
    pub fn open(&self, functions: &Functions) {
        self.functions.send_replace(Some(functions.pools()));
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

async fn invoke(State(mut served): State<Served>, Path(function): Path<String>, body: Bytes) -> Response {
    // In a task of its own: when MiniStack hangs up, the invocation still ends in order and frees its environment.
    let invocation = tokio::spawn(async move {
        let pools = served.wait_for(Option::is_some).await.ok().and_then(|pools| pools.clone());
        let Some(pool) = pools.as_deref().and_then(|pools| pools.get(&function)) else {
            return (StatusCode::NOT_FOUND, format!("no function is named {function}")).into_response();
        };
        let event = Event::new(body);
        event.answer(pool.invoke(event.body.clone()).await)
    });
    invocation.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
