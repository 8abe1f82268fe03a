//! A whole shop on this machine: the local cloud with `template.yaml` deployed to it, and the portal in front of it.
//! `./local/up` runs one; tests run others, isolated, on free ports.

use std::{
    fs::{self, File},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use sijang_cloud::{
    layout::StateFolder,
    ministack::user_pool::{TokenSigner, UserPools},
    stack::{STACK_NAME, Stack, StackOptions},
};
use sijang_portal::Portal;
use tokio::net::TcpListener;

use crate::running::Running;

/// How to start a shop.
#[derive(Debug, Clone)]
pub struct ShopOptions {
    /// Port of the portal on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// The stack behind it.
    pub stack: StackOptions,
}

impl ShopOptions {
    /// An isolated shop for tests: a free port, no output, the binaries as they are.
    pub fn isolated(state: impl Into<PathBuf>) -> Self {
        StackOptions::isolated(state).into()
    }
}

/// On a free port.
impl From<StackOptions> for ShopOptions {
    fn from(stack: StackOptions) -> Self {
        Self { port: 0, stack }
    }
}

/// A running shop. Stop it with [`LocalShop::stop`], which keeps its data; dropping it only ends its processes.
#[derive(Debug)]
pub struct LocalShop {
    api_url: String,
    portal: Portal,
    stack: Stack,
    customers: Arc<TokenSigner>,
    staff: Arc<TokenSigner>,
    /// Held while the shop runs.
    _lock: File,
}

impl LocalShop {
    /// Starts a shop and waits until it serves.
    pub async fn start(options: ShopOptions) -> Result<Self> {
        let state = StateFolder::open(&options.stack.state)?;
        let lock = lock(&state)?;
        let listener = listen(options.port).await?;
        let api_url = format!("http://{}", listener.local_addr()?);
        let mut options = options.stack;
        for urls in ["CallbackUrls", "LogoutUrls", "StaffCallbackUrls", "StaffLogoutUrls"] {
            options.parameters.entry(urls.to_owned()).or_insert_with(|| format!("{api_url}/"));
        }
        let stack = Stack::start(options).await?;
        let UserPools { customers, staff } = stack.user_pools();
        let (customers, staff) = (Arc::new(customers.signer(&state)?), Arc::new(staff.signer(&state)?));
        let signers = [customers.clone(), staff.clone()];
        let portal = Portal::start(listener, signers, stack.cloud().clone(), stack.deployment())?;
        let shop = Self { api_url, portal, stack, customers, staff, _lock: lock };
        shop.running().write(&state.running())?;
        Ok(shop)
    }

    /// Base URL of the portal, and so of the API: `http://127.0.0.1:4566`.
    pub fn api_url(&self) -> &str {
        &self.api_url
    }

    /// The stack behind the portal.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Makes the tokens of customers.
    pub fn customers(&self) -> &TokenSigner {
        &self.customers
    }

    /// Makes the tokens of staff.
    pub fn staff(&self) -> &TokenSigner {
        &self.staff
    }

    /// How other processes reach it.
    pub fn running(&self) -> Running {
        Running {
            pid: std::process::id(),
            api_url: self.api_url.clone(),
            user_pools: self.stack.user_pools().clone(),
            ministack_endpoint: self.stack.ministack_endpoint().to_owned(),
            stack_name: STACK_NAME.to_owned(),
        }
    }

    /// Completes when the local cloud has ended, with the reason: nothing can be saved then.
    pub async fn lost(&mut self) -> String {
        self.stack.lost().await
    }

    /// Stops everything, in order: no more requests, then the stack.
    pub async fn stop(self) -> Result<()> {
        let running = self.stack.state().running();
        self.portal.stop().await;
        self.stack.stop().await;
        fs::remove_file(running).context("removing running.json")
    }
}

fn lock(state: &StateFolder) -> Result<File> {
    match (state.lock()?, Running::read(state)) {
        (Some(lock), _) => Ok(lock),
        (None, Ok(running)) => bail!("it runs already, at {} (process {})", running.api_url, running.pid),
        (None, Err(_)) => bail!("it is being started already"),
    }
}

async fn listen(port: u16) -> Result<TcpListener> {
    match TcpListener::bind(("127.0.0.1", port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!("port {port} is in use: stop what uses it, or choose another with --port")
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on 127.0.0.1:{port}")),
    }
}
