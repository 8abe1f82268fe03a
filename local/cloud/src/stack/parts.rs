//! The parts of a stack's start, one by one: the folder is ours, the port is ours, MiniStack runs, the template stands.

use std::{collections::BTreeMap, net::TcpListener};

use anyhow::{Context, Result};
use serde_json::json;

use super::{STACK_NAME, physical_name};
use crate::{
    digest::sha256,
    lambda::InvokeEndpoint,
    layout::StateFolder,
    ministack::{self, Cloud, Deployment, MiniStack, MiniStackOptions, template},
    progress::Progress,
    python::Environment,
    template::Template,
};

/// Output with the digest of what was deployed.
const DIGEST: &str = "LocalDigest";
/// Output with the checksum of `template.yaml`; a stack on AWS has it as a tag.
const TEMPLATE: &str = "TemplateSha256";

/// A free port on 127.0.0.1; `wish`, when that is free.
fn free_port(wish: Option<u16>) -> Result<u16> {
    let wished = wish.and_then(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    let listener = wished.map_or_else(|| TcpListener::bind(("127.0.0.1", 0)), Ok)?;
    Ok(listener.local_addr()?.port())
}

pub(super) async fn start_ministack(
    programs: &Environment,
    state: &StateFolder,
    template: &Template,
    endpoint: &InvokeEndpoint,
    progress: Progress,
) -> Result<MiniStack> {
    let names = template.functions().iter().map(|function| physical_name(&function.name));
    let options = MiniStackOptions {
        python: programs.python(),
        folder: state.ministack(),
        log: state.log("ministack"),
        // Queue URLs carry the port: the old one keeps them valid.
        port: free_port(MiniStack::stored_port(&state.ministack()))?,
        invoke_urls: names.map(|name| (name.clone(), endpoint.url(&name))).collect(),
    };
    let waiting = format!("waiting for MiniStack on port {}", options.port);
    progress.step("cloud", &waiting, MiniStack::start(&options)).await
}

/// The parameters that a local stack always has, with those that `wanted` adds or replaces.
pub(super) fn parameters(wanted: &BTreeMap<String, String>) -> BTreeMap<&str, String> {
    let mut parameters = BTreeMap::from([("DeletionProtection", "false".to_owned())]);
    parameters.extend(wanted.iter().map(|(name, value)| (name.as_str(), value.clone())));
    parameters
}

pub(super) async fn deploy(
    cloud: &Cloud,
    source: &Template,
    parameters: &BTreeMap<&str, String>,
    progress: Progress,
) -> Result<Deployment> {
    let mut packaged = template::package(source)?;
    packaged["Outputs"][TEMPLATE] = json!({ "Value": source.sha256() });
    // Told by the stack itself, and not by a file of ours: after a crash, the stack may be an older one.
    let digest = sha256(serde_json::to_vec(&(&packaged, parameters))?);
    packaged["Outputs"][DIGEST] = json!({ "Value": digest });
    let deployment = match ministack::existing(cloud, STACK_NAME).await? {
        Some(existing) if existing.outputs.get(DIGEST) == Some(&digest) => {
            progress.say("deploy     the stack stands as template.yaml describes it");
            existing
        }
        _ => {
            let deploying = ministack::deploy(cloud, STACK_NAME, &packaged, parameters);
            progress.step("deploy", "waiting for CloudFormation to create or update the stack", deploying).await?
        }
    };
    let api = deployment.outputs.get("ApiId").context("the stack has no output ApiId")?;
    cloud.set_cors(api, &template::cors(source)).await?;
    Ok(deployment)
}
