//! A request on its way to the service behind a proxy, and the reply to it.

use axum::{body::Bytes, http::HeaderName};
use http_body_util::Full;
use hyper::{
    Response,
    header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
};
use reqwest::{Client, Method, StatusCode, header::HeaderMap};
use serde_json::Value;

/// A request for the service behind the proxy.
#[derive(Debug, Clone)]
pub(super) struct Onward {
    pub(super) client: Client,
    pub(super) method: Method,
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Onward {
    pub(super) fn with(self, request: &Value) -> Self {
        Self { body: request.to_string().into(), ..self }
    }

    /// Goes to its end, also when nobody waits for it any more.
    pub(super) async fn go(self) -> Reply {
        let task = tokio::spawn(self.send());
        task.await.unwrap_or_else(|_| Reply::unreachable())
    }

    pub(super) async fn send(self) -> Reply {
        let mut headers = self.headers;
        for own in [HOST, CONTENT_LENGTH, CONNECTION] {
            headers.remove(own);
        }
        match self.client.request(self.method, self.url).headers(headers).body(self.body).send().await {
            Ok(response) => Reply::read(response).await.unwrap_or_else(|_| Reply::unreachable()),
            Err(_) => Reply::unreachable(),
        }
    }
}

/// The reply.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, mut headers) = (response.status(), response.headers().clone());
        let framing: [HeaderName; 3] = [CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING];
        for own in framing {
            headers.remove(own);
        }
        Ok(Self { status, headers, body: response.bytes().await? })
    }

    fn unreachable() -> Self {
        Self { status: StatusCode::BAD_GATEWAY, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
