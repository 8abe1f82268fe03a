//! The contract on the local front: a page to read it at `/docs`, and its documents beside it.
//!
//! The page is Redoc 2.5.3, from its npm package, checked in compressed; a browser unpacks it. One thing is changed: the
//! address of its maker's logo, `https://cdn.redoc.ly/redoc/logo-mini.svg`, is `/icon.svg`. The page loads nothing from
//! anywhere else, and so works without a network.

use std::future::{Ready, ready};

use axum::{
    Router,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::IntoResponse,
    routing::get,
};

/// The OpenAPI document, as it is checked in.
pub const OPENAPI: &str = include_str!("../../../functions/openapi/openapi.json");

/// Where the page is.
pub const DOCS_PATH: &str = "/docs";

const PAGE: &str = include_str!("../docs/index.html");
const HEADINGS: &str = include_str!("../docs/headings.js");
const REDOC: &[u8] = include_bytes!("../docs/redoc.standalone.js.gz");
/// Redoc styles the page from its script, and searches it in a worker.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; \
                      img-src 'self' data:; worker-src blob:";

/// The routes of the page and the documents.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let page = || async { ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)], PAGE) };
    let script = || async {
        let cached = HeaderValue::from_static("public, max-age=86400");
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("text/javascript")),
            (CONTENT_ENCODING, HeaderValue::from_static("gzip")),
            (CACHE_CONTROL, cached),
        ];
        (headers, REDOC)
    };
    Router::new()
        .route(DOCS_PATH, get(page))
        .route("/docs/headings.js", get(async || ([(CONTENT_TYPE, "text/javascript")], HEADINGS)))
        .route("/docs/redoc.standalone.js", get(script))
        .route("/docs/openapi.json", get(|| json(OPENAPI)))
        .route("/docs/asyncapi.json", get(|| json(include_str!("../../../functions/openapi/asyncapi.json"))))
        .route("/docs/order.paid.v1.json", get(|| json(include_str!("../../../functions/openapi/order.paid.v1.json"))))
        .route(
            "/docs/order.cancelled.v1.json",
            get(|| json(include_str!("../../../functions/openapi/order.cancelled.v1.json"))),
        )
}

fn json(document: &'static str) -> Ready<impl IntoResponse> {
    ready(([(CONTENT_TYPE, "application/json")], document))
}
