//! What a caller is answered: the service's own reply, or one that the proxy makes.

use axum::{body::Bytes, http::HeaderName};
use http_body_util::Full;
use hyper::{
    Response,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
};
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::Value;

/// An HTTP reply in memory.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    /// Reads the service's reply.
    pub(super) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, mut headers) = (response.status(), response.headers().clone());
        let framing: [HeaderName; 3] = [CONTENT_LENGTH, CONNECTION, TRANSFER_ENCODING];
        for own in framing {
            headers.remove(own);
        }
        Ok(Self { status, headers, body: response.bytes().await? })
    }

    /// 502: the service cannot be reached.
    pub(super) fn unreachable() -> Self {
        Self { status: StatusCode::BAD_GATEWAY, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A reply in AWS JSON.
    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
        headers.insert("x-amzn-requestid", HeaderValue::from_static("00000000-0000-0000-0000-000000000000"));
        Self { status, headers, body: body.to_string().into() }
    }

    /// As hyper sends it.
    pub(super) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
