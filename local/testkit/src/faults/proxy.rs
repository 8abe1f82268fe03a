//! The proxy: receives a call, asks the plan for its fault, and applies the fault.
//!
//! A forwarded call runs in a task of its own: it completes even when its caller gives up.

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
    Consumed, Fault, Faults, PlannedFault, errors,
    forward::ForwardedCall,
    reply::Reply,
    requests,
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
    // A connection that is cut off is reset instead of closed.
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

/// Closes the connection without a reply.
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
        // The warm-up request of a starting function is no call of an operation: it is not counted.
        if head.method == Method::GET {
            return Ok(Response::new(Full::default()));
        }
        let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let (number, PlannedFault { fault, without_token }) = self.faults.count(&operation);
        let mut request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut call = ForwardedCall {
            client: self.client.clone(),
            url: format!("{}{}", self.target, head.uri.path()),
            headers: head.headers,
            body,
        };
        if without_token {
            requests::strip_token(&mut request);
            call = call.with_body(&request);
        }
        let measured = self.faults.is_measured();
        if measured {
            request["ReturnConsumedCapacity"] = "TOTAL".into();
            call = call.with_body(&request);
        }
        let reply = self.apply(fault, &operation, &request, call).await?;
        if measured {
            self.faults.record_consumed(number, Consumed::by(&operation, &request, &reply.body));
        }
        Ok(reply.into_response())
    }

    async fn apply(&self, fault: Fault, operation: &str, request: &Value, call: ForwardedCall) -> Result<Reply, CutOff> {
        if let Some(reply) = errors::reply_of(fault, operation, request) {
            return Ok(reply);
        }
        match fault {
            Fault::Reset => Err(CutOff),
            Fault::Hang => self.never_reply().await,
            Fault::Late => {
                self.faults.hold(call);
                self.never_reply().await
            }
            Fault::ReplyDropped => {
                call.complete().await;
                Err(CutOff)
            }
            Fault::ReplyHung => {
                call.complete().await;
                self.never_reply().await
            }
            Fault::Delay(time) => {
                sleep(time).await;
                Ok(call.complete().await)
            }
            Fault::Twice => {
                call.clone().complete().await;
                Ok(call.complete().await)
            }
            Fault::HalfBatch => Ok(half(operation, request, call).await),
            Fault::Stale if requests::may_be_stale(operation, request) => {
                match self.faults.seen_reply(operation, request) {
                    Some(reply) => Ok(reply),
                    None => Ok(call.complete().await),
                }
            }
            _ if requests::may_be_stale(operation, request) => {
                let reply = call.complete().await;
                self.faults.record_reply(operation, request, &reply);
                Ok(reply)
            }
            _ => Ok(call.complete().await),
        }
    }

    /// Never replies, and records that a call is left without a reply.
    async fn never_reply(&self) -> Result<Reply, CutOff> {
        self.faults.record_unanswered();
        std::future::pending().await
    }
}

async fn half(operation: &str, request: &Value, call: ForwardedCall) -> Reply {
    let Some(cut) = requests::cut(operation, request) else { return call.complete().await };
    let mut reply = match &cut.first {
        Some(first) => call.with_body(first).complete().await,
        None => Reply::json(StatusCode::OK, &cut.nothing),
    };
    if reply.status.is_success() {
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let (member, rest) = cut.rest;
        body[member] = rest;
        reply = Reply::json(StatusCode::OK, &body);
    }
    reply
}
