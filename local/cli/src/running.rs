//! `running.json`, the file in its folder by which other commands find the running shop.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sijang_cloud::{layout::StateFolder, ministack::user_pool::UserPools};

/// How to reach a running shop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Running {
    /// Process that runs it.
    pub pid: u32,
    /// Base URL of the API.
    pub api_url: String,
    /// The user pools that its tokens are of.
    pub user_pools: UserPools,
    /// Endpoint of the local cloud, for `AWS_ENDPOINT_URL`.
    pub ministack_endpoint: String,
    /// Name of the stack.
    pub stack_name: String,
}

impl Running {
    /// Reads the file of the shop whose folder is `state`.
    pub fn read(state: &StateFolder) -> Result<Self> {
        let Ok(text) = fs::read(state.running()) else { bail!("nothing is running: start it with ./local/up") };
        serde_json::from_slice(&text).context("running.json cannot be read")
    }

    /// Writes the file.
    pub fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, serde_json::to_vec_pretty(self)?).with_context(|| format!("cannot write {}", file.display()))
    }
}
