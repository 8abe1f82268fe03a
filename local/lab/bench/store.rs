//! Where the tables are: dynoxide in a process of its own, so that its work is not taken for somebody else's; or a store
//! that answers at once, to everything, so that there is only the caller's work.

use std::{io::Read, process::Stdio};

use axum::{Router, http::header};
use dynoxide::{Database, server::serve_with_shutdown};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    task::{JoinSet, spawn_blocking},
};

use crate::usage::Usage;

/// This program as a store. It ends when it is dropped, or when we end.
pub struct Store {
    pub endpoint: String,
    child: Child,
}

impl Store {
    pub async fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program)
            .arg("store")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut endpoint).await.unwrap();
        Self { endpoint: endpoint.trim().to_owned(), child }
    }

    /// The CPU that it has used so far, in microseconds.
    pub fn cpu(&self) -> f64 {
        Usage::of(self.child.id().unwrap()).cpu
    }
}

/// The store's side: says where it listens, and serves until nobody holds the other end of its input.
pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let orphaned = async { drop(spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await) };
    serve_with_shutdown(listener, Database::memory().unwrap(), orphaned).await.unwrap();
}

/// A store that answers at once, and keeps nothing. It ends when it is dropped.
pub struct Stub {
    pub endpoint: String,
    _tasks: JoinSet<std::io::Result<()>>,
}

impl Stub {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router =
            Router::new().fallback(|| async { ([(header::CONTENT_TYPE, "application/x-amz-json-1.0")], "{}") });
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, _tasks: tasks }
    }
}
