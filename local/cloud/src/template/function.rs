//! Functions of the template: binary, limits, routes, environment, and what their role allows.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{name_in_stack, resources, text};

/// A Lambda function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Name in the template: `PlaceOrder`.
    pub logical_id: String,
    /// Name of the function without the stack's prefix, and of its binary: `place-order`.
    pub name: String,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Environment, unresolved: texts or intrinsic functions.
    pub environment: BTreeMap<String, Value>,
    /// HTTP routes that call it.
    pub routes: Vec<Route>,
    /// Routes that answer `HEAD`, each beside a route that answers `GET`.
    pub heads: Vec<Route>,
    /// The statements of its own role, besides writing logs.
    pub permissions: Vec<Statement>,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Upper-case method.
    pub method: String,
    /// Path with parameters in braces.
    pub path: String,
    /// Scopes of which a token needs one; `None` for a route that is open to everybody.
    pub scopes: Option<Vec<String>>,
}

/// An `Allow` statement of a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// IAM actions: `dynamodb:PutItem`.
    pub actions: Vec<String>,
    /// Logical id of the table or queue, followed by the path within it: `Products/index/catalogue`.
    pub resource: String,
    /// The operations within which it holds (`dynamodb:EnclosingOperation`); empty when it holds always.
    pub within: Vec<String>,
    /// The partition keys for which it holds (`dynamodb:LeadingKeys`); empty when it holds for all.
    pub keys: Vec<String>,
}

pub(super) fn all(document: &Value) -> Result<Vec<Function>> {
    resources(document, "AWS::Serverless::Function")
        .map(|(id, resource)| function(document, id, resource).with_context(|| format!("function {id}")))
        .collect()
}

fn function(document: &Value, logical_id: &str, resource: &Value) -> Result<Function> {
    let properties = &resource["Properties"];
    let globals = &document["Globals"]["Function"];
    let name = name_in_stack(&properties["FunctionName"])?;
    let code = archive(&name);
    ensure!(properties["CodeUri"] == code, "its code is not {code}");
    let timeout = properties["Timeout"].as_u64().or(globals["Timeout"].as_u64()).context("no Timeout")?;
    let events = properties["Events"].as_object().into_iter().flatten().map(|(_, event)| event);
    let routes = events.filter(|event| event["Type"] == "HttpApi").map(route).collect::<Result<Vec<_>>>()?;
    let (heads, routes) = routes.into_iter().partition(|route| route.method == "HEAD");
    Ok(Function {
        logical_id: logical_id.to_owned(),
        name,
        timeout: Duration::from_secs(timeout),
        environment: environment(globals).chain(environment(properties)).collect(),
        routes,
        heads,
        permissions: permissions(document, &properties["Role"])?,
    })
}

/// Where the code of the function lies, packed, below the repository: where `cargo lambda build --output-format zip`
/// leaves it.
pub fn archive(name: &str) -> String {
    format!("target/lambda/{name}/bootstrap.zip")
}

fn environment(properties: &Value) -> impl Iterator<Item = (String, Value)> {
    let variables = properties["Environment"]["Variables"].as_object().into_iter().flatten();
    variables.map(|(name, value)| (name.clone(), value.clone()))
}

fn route(event: &Value) -> Result<Route> {
    let properties = &event["Properties"];
    let scopes = match properties["Auth"]["Authorizer"].as_str() {
        Some("NONE") => None,
        _ => Some(texts(&properties["Auth"]["AuthorizationScopes"])?),
    };
    Ok(Route { method: text(&properties["Method"])?, path: text(&properties["Path"])?, scopes })
}

fn permissions(document: &Value, role: &Value) -> Result<Vec<Statement>> {
    let id = role["Fn::GetAtt"][0].as_str().context("no role of its own")?;
    let policies = document["Resources"][id]["Properties"]["Policies"].as_array().into_iter().flatten();
    let statements = policies.filter_map(|policy| policy["PolicyDocument"]["Statement"].as_array()).flatten();
    statements
        .map(|statement| {
            ensure!(statement["Effect"] == "Allow", "only Allow statements are understood");
            let (actions, resource) = (texts(&statement["Action"])?, resource(&statement["Resource"])?);
            let (within, keys) = limits(&statement["Condition"])?;
            Ok(Statement { actions, resource, within, keys })
        })
        .collect()
}

/// The operations and the keys to which a statement is limited. One condition or the other: anything else is not understood,
/// and would be taken for a permission without it.
fn limits(condition: &Value) -> Result<(Vec<String>, Vec<String>)> {
    if condition.is_null() {
        return Ok((Vec::new(), Vec::new()));
    }
    let read = |operator: &str, key: &str| {
        let values = texts(&condition[operator][key]).ok().filter(|values| !values.is_empty())?;
        (*condition == json!({operator: {key: values}})).then_some(values)
    };
    let within = read("ForAnyValue:StringEquals", "dynamodb:EnclosingOperation");
    let keys = read("ForAllValues:StringEquals", "dynamodb:LeadingKeys");
    ensure!(within.is_some() || keys.is_some(), "the condition {condition} is not understood");
    Ok((within.unwrap_or_default(), keys.unwrap_or_default()))
}

/// `Table.Arn` is `Table`, `Table.StreamArn` is `Table/stream`, `${Table.Arn}/index/i` is `Table/index/i`.
fn resource(value: &Value) -> Result<String> {
    if let Some(path) = value["Fn::Sub"].as_str() {
        return Ok(path.replace("${", "").replace(".Arn}", ""));
    }
    let id = text(&value["Fn::GetAtt"][0])?;
    Ok(if value["Fn::GetAtt"][1] == "StreamArn" { format!("{id}/stream") } else { id })
}

pub(super) fn texts(value: &Value) -> Result<Vec<String>> {
    value.as_array().with_context(|| format!("{value} should be a list"))?.iter().map(text).collect()
}
