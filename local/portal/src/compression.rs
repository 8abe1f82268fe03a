//! Compression as CloudFront does it ([`edge.yaml`](../../ops/stacks/edge.yaml)): of files and of the public views of the API.

use std::io::Write as _;

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};

/// CloudFront compresses nothing that is smaller, in bytes.
const LEAST: usize = 1_000;

/// Sends the answer as gzip when the browser takes it. An answer to one customer is never compressed.
pub(crate) async fn compress(request: Request, next: Next) -> Response {
    let asked = request.headers();
    let is_public = request.method() == Method::GET && !asked.contains_key(header::AUTHORIZATION);
    let is_accepted = is_public && accepts_gzip(asked);
    let mut response = next.run(request).await;
    if !is_public {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    if response.status() != StatusCode::OK || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(content) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_GATEWAY.into_response() };
    if !is_accepted || content.len() < LEAST {
        return Response::from_parts(parts, content.into());
    }
    match gzip(&content) {
        Ok(short) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(parts, Body::from(short))
        }
        Err(_) => Response::from_parts(parts, content.into()),
    }
}

fn accepts_gzip(asked: &HeaderMap) -> bool {
    let accepted = asked.get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.split(',').any(|encoding| encoding.trim() == "gzip"))
}

fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish()
}
