//! The gateway of the local cloud: the portal forwards every path to it that is not one of the portal's own. Its own URL is
//! long and contains `$`, so people use the portal's address.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use sijang_cloud::ministack::{Cloud, Deployment};

/// A client of the gateway.
#[derive(Clone)]
pub(crate) struct Gateway {
    /// The gateway's URL, up to the stage.
    base: Arc<str>,
    http: reqwest::Client,
}

fn gateway_url(cloud: &Cloud, deployment: &Deployment) -> Result<String> {
    let api = deployment.outputs.get("ApiId").context("the stack has no output ApiId")?;
    ensure!(!api.is_empty(), "the API has no id");
    Ok(format!("{}/_aws/execute-api/{api}/$default", cloud.endpoint()))
}

pub(crate) async fn forward(State(gateway): State<Gateway>, request: Request) -> Response {
    gateway.forward(request).await
}

impl Gateway {
    /// The gateway of the stack in `cloud`.
    pub(crate) fn of(cloud: &Cloud, deployment: &Deployment) -> Result<Self> {
        Self::at(gateway_url(cloud, deployment)?)
    }

    /// A client of another service that is asked as the gateway is: at this URL.
    pub(crate) fn at(url: impl Into<Arc<str>>) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { base: url.into(), http })
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    pub(crate) fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.base))
    }

    /// The answer to a GET without a token.
    pub(crate) async fn read(&self, path: &str) -> Result<Value> {
        Ok(self.get(path).send().await?.error_for_status()?.json().await?)
    }

    async fn forward(&self, request: Request) -> Response {
        // The limit of an HTTP API.
        const LARGEST: usize = 10 * 1024 * 1024;
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
            return (StatusCode::PAYLOAD_TOO_LARGE, Json(json!({"message": "Request Too Long"}))).into_response();
        };
        let mut headers = parts.headers;
        remove_hop_by_hop(&mut headers);
        headers.remove(header::HOST);
        self.answer(self.http.request(parts.method, format!("{}{path}", self.base)).headers(headers).body(body)).await
    }

    /// The answer to a request, to be passed on.
    pub(crate) async fn answer(&self, request: reqwest::RequestBuilder) -> Response {
        receive(request).await.unwrap_or_else(|error| {
            let message = format!("the gateway does not answer: {error:#}");
            (StatusCode::BAD_GATEWAY, Json(json!({ "message": message }))).into_response()
        })
    }
}

async fn receive(request: reqwest::RequestBuilder) -> Result<Response> {
    let answer = request.send().await.context("no answer")?;
    let mut response = Response::builder().status(answer.status());
    if let Some(headers) = response.headers_mut() {
        headers.clone_from(answer.headers());
        remove_hop_by_hop(headers);
    }
    Ok(response.body(Body::from(answer.bytes().await?))?)
}

/// Headers that speak of one connection; the body's length is set anew.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    const NAMES: [HeaderName; 5] =
        [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::TE, header::UPGRADE];
    for name in NAMES {
        headers.remove(name);
    }
}
