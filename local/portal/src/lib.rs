//! What people open in a browser: one address that serves the storefront, the API page and the sign-in page, and forwards
//! everything else to the gateway of the local cloud.

mod api_page;
mod compression;
mod dev_api;
mod gateway;
mod load_generator;
mod operations;
mod security_headers;
mod sign_in;
mod storefront;

use std::sync::Arc;

use anyhow::Result;
use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
};
use sijang_cloud::ministack::{Cloud, Deployment, user_pool::TokenSigner};
use tokio::{net::TcpListener, task::JoinSet};

pub use self::api_page::{DOCS_PATH, OPENAPI};
use self::gateway::Gateway;

/// The portal's HTTP server. It ends when it is dropped.
#[derive(Debug)]
pub struct Portal {
    server: JoinSet<std::io::Result<()>>,
}

impl Portal {
    /// Serves on `listener` what was deployed to `cloud`. The signers are those of the pools of customers and staff.
    pub fn start(
        listener: TcpListener,
        [customers, staff]: [Arc<TokenSigner>; 2],
        cloud: Cloud,
        deployment: &Deployment,
    ) -> Result<Self> {
        let gateway = Gateway::of(&cloud, deployment)?;
        let cognito = Gateway::at(cloud.endpoint())?;
        let dev_api = load_generator::routes(gateway.clone(), customers.clone())
            .merge(operations::routes(cloud, deployment)?)
            .route_layer(from_fn_with_state(gateway.clone(), dev_api::only_administrators));
        let router = Router::new()
            .merge(storefront::routes(customers.pool(), staff.pool())?)
            .fallback(gateway::forward)
            .layer(from_fn(compression::compress))
            .merge(sign_in::routes(cognito, customers, staff))
            .merge(api_page::routes())
            .merge(dev_api)
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
