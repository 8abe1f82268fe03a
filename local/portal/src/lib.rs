//! What people open in a browser: one address that serves the storefront, the API page and the sign-in page, and forwards
//! everything else to the gateway of the local cloud.

mod api_page;
mod dev_api;
mod gateway;
pub mod issuer;
mod load_generator;
mod operations;
mod security_headers;
mod sign_in;
mod storefront;

use std::sync::Arc;

use anyhow::Result;
use axum::{Json, Router, middleware::from_fn_with_state, routing::get};
use sijang_cloud::ministack::{Cloud, Deployment};
use tokio::{net::TcpListener, task::JoinSet};

pub use self::api_page::{DOCS_PATH, OPENAPI};
use self::{gateway::Gateway, issuer::Issuer};

/// Path of the issuer below the portal's address.
pub const ISSUER_PATH: &str = "/issuer";

/// The portal's HTTP server. It ends when it is dropped.
#[derive(Debug)]
pub struct Portal {
    server: JoinSet<std::io::Result<()>>,
}

impl Portal {
    /// Serves on `listener`, whose address in URLs is `origin`, what was deployed to `cloud`.
    pub fn start(
        listener: TcpListener,
        origin: &str,
        issuer: &Arc<Issuer>,
        cloud: Cloud,
        deployment: &Deployment,
    ) -> Result<Self> {
        let gateway = Gateway::of(&cloud, deployment)?;
        let dev_api = load_generator::routes(gateway.clone(), issuer.clone())
            .merge(operations::routes(cloud, deployment)?)
            .route_layer(from_fn_with_state(gateway.clone(), dev_api::only_administrators));
        let (discovery, jwks) = (issuer.discovery(), issuer.jwks());
        let router = Router::new()
            .route(&format!("{ISSUER_PATH}/.well-known/openid-configuration"), get(async move || Json(discovery)))
            .route(&format!("{ISSUER_PATH}/jwks.json"), get(async move || Json(jwks)))
            .merge(sign_in::routes(issuer.clone(), origin, ISSUER_PATH))
            .merge(storefront::routes(issuer.url())?)
            .merge(api_page::routes())
            .merge(dev_api)
            .fallback(gateway::forward)
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
