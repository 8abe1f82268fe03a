//! A call that is forwarded to the service behind the proxy.

use axum::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, HOST};
use reqwest::{Client, header::HeaderMap};
use serde_json::Value;

use super::reply::Reply;

/// A request for the service behind the proxy.
#[derive(Debug, Clone)]
pub(super) struct ForwardedCall {
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl ForwardedCall {
    /// The same call with another body.
    pub(super) fn with_body(self, request: &Value) -> Self {
        Self { body: request.to_string().into(), ..self }
    }

    /// Sends it in a task of its own, so that it completes even when the caller has given up.
    pub(super) async fn complete(self) -> Reply {
        let task = tokio::spawn(self.send());
        task.await.unwrap_or_else(|_| Reply::unreachable())
    }

    /// Sends it and reads the reply.
    pub(super) async fn send(self) -> Reply {
        let mut headers = self.headers;
        for own in [HOST, CONTENT_LENGTH, CONNECTION] {
            headers.remove(own);
        }
        match self.client.post(self.url).headers(headers).body(self.body).send().await {
            Ok(response) => Reply::read(response).await.unwrap_or_else(|_| Reply::unreachable()),
            Err(_) => Reply::unreachable(),
        }
    }
}
