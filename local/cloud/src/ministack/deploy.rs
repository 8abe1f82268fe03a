//! Creates or updates a stack through CloudFormation's query API, and tells the reasons when it fails.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, bail};
use roxmltree::{Document, Node};
use serde_json::Value;

use super::client::Cloud;

const BUCKET: &str = "sijang-deployments";

/// A deployed stack.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The stack's outputs by name.
    pub outputs: BTreeMap<String, String>,
}

/// Deploys `template` as `stack` and waits until it stands.
pub async fn deploy(
    cloud: &Cloud,
    stack: &str,
    template: &Value,
    parameters: &BTreeMap<&str, String>,
) -> Result<Deployment> {
    let url = cloud.put_object(BUCKET, &format!("{stack}.json"), serde_json::to_vec(template)?).await?;
    let exists = describe(cloud, stack).await?.is_some();
    let mut form = vec![
        ("StackName".to_owned(), stack.to_owned()),
        ("TemplateURL".to_owned(), url),
        ("Capabilities.member.1".to_owned(), "CAPABILITY_IAM".to_owned()),
        ("Capabilities.member.2".to_owned(), "CAPABILITY_AUTO_EXPAND".to_owned()),
    ];
    for (position, (name, value)) in (1..).zip(parameters) {
        form.push((format!("Parameters.member.{position}.ParameterKey"), (*name).to_owned()));
        form.push((format!("Parameters.member.{position}.ParameterValue"), value.clone()));
    }
    let action = if exists { "UpdateStack" } else { "CreateStack" };
    match call(cloud, action, form).await {
        Err(error) if exists && error.to_string().contains("No updates are to be performed") => {}
        other => _ = other?,
    }
    wait(cloud, stack).await
}

/// The outputs of a stack that stands; `None` when there is none.
pub async fn existing(cloud: &Cloud, stack: &str) -> Result<Option<Deployment>> {
    let standing = describe(cloud, stack).await?.filter(|found| is_success(&found.status));
    Ok(standing.map(|found| Deployment { outputs: found.outputs }))
}

async fn wait(cloud: &Cloud, stack: &str) -> Result<Deployment> {
    loop {
        let found = describe(cloud, stack).await?.context("the stack vanished while it was deployed")?;
        if is_success(&found.status) {
            return Ok(Deployment { outputs: found.outputs });
        }
        if !found.status.ends_with("_IN_PROGRESS") {
            let reasons = failures(cloud, stack).await?;
            bail!("the stack {stack} ended as {}: {reasons}", found.status);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn is_success(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE")
}

struct Described {
    status: String,
    outputs: BTreeMap<String, String>,
}

async fn describe(cloud: &Cloud, stack: &str) -> Result<Option<Described>> {
    let form = vec![("StackName".to_owned(), stack.to_owned())];
    let xml = match call(cloud, "DescribeStacks", form).await {
        Ok(xml) => xml,
        Err(error) if error.to_string().contains("does not exist") => return Ok(None),
        Err(error) => return Err(error),
    };
    let document = Document::parse(&xml)?;
    let status = descendants(document.root(), "StackStatus").next().and_then(|node| node.text());
    let outputs = descendants(document.root(), "Outputs").flat_map(|outputs| outputs.children());
    Ok(Some(Described {
        status: status.context("a stack without status")?.to_owned(),
        outputs: outputs
            .filter_map(|output| Some((child(output, "OutputKey")?, child(output, "OutputValue")?)))
            .collect(),
    }))
}

/// The reasons of all failed resources, oldest first.
async fn failures(cloud: &Cloud, stack: &str) -> Result<String> {
    let xml = call(cloud, "DescribeStackEvents", vec![("StackName".to_owned(), stack.to_owned())]).await?;
    let document = Document::parse(&xml)?;
    let mut reasons: Vec<String> = descendants(document.root(), "StackEvents")
        .flat_map(|events| events.children())
        .filter(|event| child(*event, "ResourceStatus").is_some_and(|status| status.ends_with("FAILED")))
        .filter_map(|event| {
            Some(format!("{}: {}", child(event, "LogicalResourceId")?, child(event, "ResourceStatusReason")?))
        })
        .collect();
    reasons.reverse();
    Ok(reasons.join("; "))
}

async fn call(cloud: &Cloud, action: &str, mut form: Vec<(String, String)>) -> Result<String> {
    form.push(("Action".to_owned(), action.to_owned()));
    form.push(("Version".to_owned(), "2010-05-15".to_owned()));
    let request = cloud.request("cloudformation", reqwest::Method::POST, cloud.endpoint.clone());
    let response = request.form(&form).send().await.with_context(|| format!("calling CloudFormation's {action}"))?;
    let status = response.status();
    let text = response.text().await?;
    if !status.is_success() {
        let document = Document::parse(&text)?;
        let message = descendants(document.root(), "Message").next().and_then(|node| node.text());
        bail!("{action}: {}", message.unwrap_or(status.as_str()));
    }
    Ok(text)
}

fn descendants<'a, 'i>(node: Node<'a, 'i>, name: &'a str) -> impl Iterator<Item = Node<'a, 'i>> {
    node.descendants().filter(move |node| node.tag_name().name() == name)
}

fn child(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.children().find(|child| child.tag_name().name() == name)?.text().map(str::to_owned)
}
