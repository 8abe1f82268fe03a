//! Compression as CloudFront does it ([`edge.yaml`](../../ops/stacks/edge.yaml)): of files and of the public views of the API.
//! Not tower-http's: with that, another compressor would also pack the release, whose bytes would depend on the processor.

use std::io::Write as _;

use axum::{
    body::to_bytes,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};

/// CloudFront compresses nothing that is smaller, in bytes.
const LEAST: usize = 1_000;

/// Sends the answer as gzip when the browser takes it. An answer to one customer, which nobody may store, is sent as it is.
pub(crate) async fn compress(request: Request, next: Next) -> Response {
    let is_accepted = accepts_gzip(request.headers());
    let (mut parts, body) = next.run(request).await.into_parts();
    if parts.headers.get(header::CACHE_CONTROL).is_none_or(|cached| cached == "no-store") {
        return Response::from_parts(parts, body);
    }
    parts.headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let Ok(content) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let compressed = if is_accepted && content.len() >= LEAST { gzip(&content).ok() } else { None };
    let Some(compressed) = compressed else { return Response::from_parts(parts, content.into()) };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(parts, compressed.into())
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
