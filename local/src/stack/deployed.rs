//! What was deployed last, so that a second start need not deploy it again.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{cloud::Cloud, digest::sha256};

/// The note about the last deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Deployed {
    /// Digest of the packaged template, its parameters and the endpoint.
    digest: String,
    /// Port of the local cloud.
    pub(super) port: Option<u16>,
}

impl Deployed {
    pub(super) fn read(file: &Path) -> Self {
        fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    pub(super) fn now(packaged: &Value, parameters: &BTreeMap<&str, String>, cloud: &Cloud) -> Result<Self> {
        let digest = sha256(serde_json::to_vec(&(packaged, parameters, cloud.endpoint()))?);
        let port = cloud.endpoint().rsplit(':').next().and_then(|port| port.parse().ok());
        Ok(Self { digest, port })
    }

    pub(super) fn write(&self, file: &Path) -> Result<()> {
        fs::write(file, serde_json::to_vec(self)?).with_context(|| format!("cannot write {}", file.display()))
    }
}
