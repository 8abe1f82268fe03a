//! The address that people use: the storefront, the issuer that it signs in at, and the contract to read. Everything else
//! goes to the gateway, whose own URL is long and full of dollar signs.

mod backstage;
mod crowd;
mod operations;
mod policy;
mod sign_in;
mod site;

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    cloud::{Cloud, Deployment},
    docs,
    issuer::Issuer,
};

/// The front server.
#[derive(Debug)]
pub struct Front {
    server: JoinSet<std::io::Result<()>>,
}

#[derive(Clone)]
struct Gateway {
    /// The gateway's URL, up to the stage.
    base: Arc<str>,
    http: reqwest::Client,
}

/// Path of the issuer below the front's address.
pub const ISSUER_PATH: &str = "/issuer";

impl Front {
    /// Serves on `listener`, which the world knows as `origin`: the issuer, and the API of what was deployed to `cloud`.
    pub fn start(
        listener: TcpListener,
        origin: &str,
        issuer: &Arc<Issuer>,
        cloud: Cloud,
        deployment: &Deployment,
    ) -> Result<Self> {
        let base = gateway_url(&cloud, deployment)?;
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?;
        let gateway = Gateway { base: base.into(), http };
        let backstage = crowd::routes(gateway.clone(), issuer.clone())
            .merge(operations::routes(cloud, deployment)?)
            .route_layer(from_fn_with_state(gateway.clone(), backstage::only_administrators));
        let (discovery, jwks) = (issuer.discovery(), issuer.jwks());
        let router = Router::new()
            .route(&format!("{ISSUER_PATH}/.well-known/openid-configuration"), get(async move || Json(discovery)))
            .route(&format!("{ISSUER_PATH}/jwks.json"), get(async move || Json(jwks)))
            .merge(sign_in::routes(issuer.clone(), origin, ISSUER_PATH))
            .merge(site::routes(issuer.url())?)
            .merge(docs::routes())
            .merge(backstage)
            .fallback(forward)
            .with_state(gateway);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { server })
    }

    /// Ends it.
    pub async fn stop(mut self) {
        self.server.shutdown().await;
    }
}

fn gateway_url(cloud: &Cloud, deployment: &Deployment) -> Result<String> {
    let api = deployment.outputs.get("ApiId").context("the stack has no output ApiId")?;
    ensure!(!api.is_empty(), "the API has no id");
    Ok(format!("{}/_aws/execute-api/{api}/$default", cloud.endpoint()))
}

async fn forward(State(gateway): State<Gateway>, request: Request) -> Response {
    match gateway.forward(request).await {
        Ok(response) => response,
        Err(error) => {
            let message = format!("the gateway does not answer: {error:#}");
            (StatusCode::BAD_GATEWAY, Json(json!({ "message": message }))).into_response()
        }
    }
}

impl Gateway {
    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.base))
    }

    /// What everybody can read.
    async fn read(&self, path: &str) -> Result<Value> {
        Ok(self.get(path).send().await?.error_for_status()?.json().await?)
    }

    async fn forward(&self, request: Request) -> Result<Response> {
        // The limit of an HTTP API.
        const LARGEST: usize = 10 * 1024 * 1024;
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let Ok(body) = axum::body::to_bytes(body, LARGEST).await else {
            return Ok((StatusCode::PAYLOAD_TOO_LARGE, Json(json!({"message": "Request Too Long"}))).into_response());
        };
        let mut headers = parts.headers;
        remove_hop_by_hop(&mut headers);
        headers.remove(header::HOST);
        let sent = self.http.request(parts.method, format!("{}{path}", self.base)).headers(headers).body(body);
        let answer = sent.send().await.context("no answer")?;
        let mut response = Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.clone_from(answer.headers());
            remove_hop_by_hop(headers);
        }
        Ok(response.body(Body::from(answer.bytes().await?))?)
    }
}

/// Headers that speak of one connection; the body's length is set anew.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    const NAMES: [HeaderName; 5] =
        [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::TE, header::UPGRADE];
    for name in NAMES {
        headers.remove(name);
    }
}
