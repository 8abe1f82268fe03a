//! The enforcer: an HTTP server that forwards calls that the caller's role allows, and rejects the rest as AWS does.

use std::{io, net::SocketAddr, sync::Arc};

use anyhow::Result;
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};

use super::{Access, Roles};
use crate::progress::Progress;

/// A enforcer before the services at one address. It ends when it is dropped.
#[derive(Debug)]
pub struct Enforcer {
    address: SocketAddr,
    roles: Roles,
    _server: JoinSet<io::Result<()>>,
}

#[derive(Clone)]
struct Guard {
    target: Arc<str>,
    http: reqwest::Client,
    roles: Roles,
    progress: Progress,
}

impl Enforcer {
    /// Listens on a free port, before the services at `target` (`http://host:port`).
    pub async fn start(target: &str, roles: Roles, progress: Progress) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let http = reqwest::Client::builder().no_proxy().build()?;
        let guard = Guard { target: target.into(), http, roles: roles.clone(), progress };
        let router = Router::new().fallback(pass).layer(DefaultBodyLimit::disable()).with_state(guard);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, roles, _server: server })
    }

    /// Where it listens, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The calls that went through it.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }
}

async fn pass(State(guard): State<Guard>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    // A function greets a service while it starts: that is no operation, and needs no permission.
    if method == Method::GET && uri.path() == "/" {
        return StatusCode::OK.into_response();
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (function, target) = (caller(header("authorization")).to_owned(), header("x-amz-target"));
    let stores = &guard.roles.0.stores;
    let accesses = if target.is_empty() {
        Access::of_object(method.as_str(), uri.path(), stores)
    } else {
        Access::all(target, &serde_json::from_slice(&body).unwrap_or_default(), stores)
    };
    match guard.roles.check(&function, accesses) {
        Ok(()) => {
            let answer = guard.forward(method, &uri, headers, body).await;
            answer.unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
        }
        Err(denied) => {
            guard.progress.say(format_args!("{function}'s role in template.yaml does not allow {denied}"));
            rejection(&function, &denied).into_response()
        }
    }
}

/// The access key in a signature: `AWS4-HMAC-SHA256 Credential=place-order/20261121/...`. Each function has its name.
fn caller(authorization: &str) -> &str {
    let credential = authorization.split_once("Credential=").map_or("", |(_, credential)| credential);
    credential.split('/').next().unwrap_or_default()
}

fn rejection(function: &str, denied: &Access) -> impl IntoResponse {
    let Access { action, resource, .. } = denied;
    let message = format!("{function} is not authorized to perform: {action} on resource: {resource}");
    let body = json!({"__type": "com.amazon.coral.service#AccessDeniedException", "Message": message});
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], Json(body))
}

impl Guard {
    async fn forward(&self, method: Method, uri: &Uri, mut headers: HeaderMap, body: Bytes) -> Result<Response> {
        for own in [header::HOST, header::CONTENT_LENGTH, header::CONNECTION] {
            headers.remove(own);
        }
        let url = format!("{}{uri}", self.target);
        let answer = self.http.request(method, url).headers(headers).body(body).send().await?;
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for own in [header::CONTENT_LENGTH, header::CONNECTION, header::TRANSFER_ENCODING] {
            headers.remove(own);
        }
        let mut response = Response::new(Body::from(answer.bytes().await?));
        (*response.status_mut(), *response.headers_mut()) = (status, headers);
        Ok(response)
    }
}
