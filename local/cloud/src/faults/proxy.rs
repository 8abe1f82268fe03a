//! The proxy: receives a call, asks the plan for a fault, and injects it.
//!
//! A call that goes on does so in a task of its own: a caller that gives up does not take it back.

use std::{fmt, io, net::SocketAddr, sync::Arc};

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use reqwest::{Client, StatusCode};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

use super::{
    Consumed, Fault, Faults, Injection,
    forward::{Onward, Reply},
    replies, requests,
};

/// A proxy in front of one service. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// Listens on a free port, in front of the service at `target` (`http://host:port`).
    pub async fn start(target: &str, faults: &Faults) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let client = Client::builder().no_proxy().build().map_err(io::Error::other)?;
        let service = Service { target: target.into(), client, faults: faults.clone() };
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, service));
        Ok(Self { address, _tasks: tasks })
    }

    /// Where it listens, for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn listen(listener: TcpListener, service: Service) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        connections.spawn(connection(stream, service.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, service: Service) {
    // The connection is reset, not closed in good order.
    let _ = stream.set_zero_linger();
    let _ = stream.set_nodelay(true);
    let respond = service_fn(move |request| {
        let service = service.clone();
        async move { service.respond(request).await }
    });
    // An error here is a connection that was cut, by the plan or by the caller.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), respond).await;
}

/// A service behind a proxy.
#[derive(Debug, Clone)]
struct Service {
    target: Arc<str>,
    client: Client,
    faults: Faults,
}

/// A connection that ends here.
#[derive(Debug)]
struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cut off by plan")
    }
}

impl std::error::Error for CutOff {}

impl Service {
    async fn respond(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, CutOff> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| CutOff)?.to_bytes();
        // A function greets a service while it starts: no call of an operation, and none that counts.
        if head.method == Method::GET && head.uri.path() == "/" {
            return Ok(Response::new(Full::default()));
        }
        let operation = match head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
            Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
            // S3 names its operations by the method: `PUT object`.
            None => format!("{} object", head.method),
        };
        let (number, Injection { fault, without_token }) = self.faults.count(&operation);
        let mut request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut onward = Onward {
            client: self.client.clone(),
            method: head.method,
            url: format!("{}{}", self.target, head.uri),
            headers: head.headers,
            body,
        };
        if without_token {
            requests::strip_token(&mut request);
            onward = onward.with(&request);
        }
        let measured = self.faults.is_measured();
        if measured {
            request["ReturnConsumedCapacity"] = "TOTAL".into();
            onward = onward.with(&request);
        }
        let reply = self.suffer(fault, &operation, &request, onward).await?;
        if measured {
            self.faults.note(number, Consumed::by(&operation, &request, &reply.body));
        }
        Ok(reply.response())
    }

    async fn suffer(&self, fault: Fault, operation: &str, request: &Value, onward: Onward) -> Result<Reply, CutOff> {
        if let Some(rejection) = replies::rejection(fault, operation, request) {
            return Ok(rejection);
        }
        match fault {
            Fault::Reset => Err(CutOff),
            Fault::Hang => self.silence().await,
            Fault::Late => {
                self.faults.hold(onward);
                self.silence().await
            }
            Fault::ReplyDropped => {
                onward.go().await;
                Err(CutOff)
            }
            Fault::ReplyHung => {
                onward.go().await;
                self.silence().await
            }
            Fault::Delay(time) => {
                sleep(time).await;
                Ok(onward.go().await)
            }
            Fault::Twice => {
                onward.clone().go().await;
                Ok(onward.go().await)
            }
            Fault::HalfBatch => Ok(half(operation, request, onward).await),
            Fault::Stale if requests::may_be_stale(operation, request) => {
                match self.faults.recorded(operation, request) {
                    Some(reply) => Ok(reply),
                    None => Ok(onward.go().await),
                }
            }
            _ if requests::may_be_stale(operation, request) => {
                let reply = onward.go().await;
                self.faults.record(operation, request, &reply);
                Ok(reply)
            }
            _ => Ok(onward.go().await),
        }
    }

    /// Never answers: until the caller gives up, or for ever.
    async fn silence(&self) -> Result<Reply, CutOff> {
        self.faults.fell_silent();
        std::future::pending().await
    }
}

async fn half(operation: &str, request: &Value, onward: Onward) -> Reply {
    let Some(cut) = requests::cut(operation, request) else { return onward.go().await };
    let mut reply = match &cut.first {
        Some(first) => onward.with(first).go().await,
        None => replies::json_reply(StatusCode::OK, &cut.nothing),
    };
    if reply.status.is_success() {
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let (member, rest) = cut.rest;
        body[member] = rest;
        reply = replies::json_reply(StatusCode::OK, &body);
    }
    reply
}
