//! The tables and queues of `template.yaml` in engines of one's own: in containers, say (see `local/ops/compose.yaml`). Where
//! they are is said by the same variables by which the functions find them: `AWS_ENDPOINT_URL`, and before it
//! `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL_SQS`.
//!
//! Existing tables and queues stay as they are.

use std::{collections::BTreeMap, env};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use sijang_cloud::{
    ministack::{CREDENTIAL, Cloud, REGION},
    template::{Key, Table, Template},
};

/// Where tables and queues are to be.
#[derive(Debug, Clone)]
pub struct Engines {
    /// Endpoint of the tables.
    pub dynamodb: String,
    /// Endpoint of the queues.
    pub sqs: String,
}

impl Engines {
    /// The engines that the environment names.
    pub fn from_env() -> Result<Self> {
        let endpoint = |service: &str| {
            let own = env::var(format!("AWS_ENDPOINT_URL_{service}")).or_else(|_| env::var("AWS_ENDPOINT_URL"));
            own.with_context(|| format!("neither AWS_ENDPOINT_URL_{service} nor AWS_ENDPOINT_URL says where they are"))
        };
        Ok(Self { dynamodb: endpoint("DYNAMODB")?, sqs: endpoint("SQS")? })
    }
}

/// Creates the missing tables and queues of a stack. Returns the environment variables of the functions.
pub async fn provision(template: &Template, engines: &Engines, stack: &str) -> Result<BTreeMap<String, String>> {
    let (dynamodb, sqs) = (Cloud::new(&engines.dynamodb)?, Cloud::new(&engines.sqs)?);
    let mut known = defaults(template);
    known.insert("AWS::StackName".to_owned(), stack.to_owned());
    for table in template.tables() {
        let name = format!("{stack}-{}", table.name);
        make_table(&dynamodb, &name, table).await.with_context(|| format!("table {name}"))?;
        known.insert(table.logical_id.clone(), name);
    }
    let queues = template.stores()?.into_iter().filter(|(name, _)| template.table(name).is_none());
    let mut queues: Vec<_> =
        queues.map(|(name, id)| (name, template.document()["Resources"][&id]["Properties"].clone(), id)).collect();
    // A queue names the one for its DLQ messages, so that goes first.
    queues.sort_by_key(|(_, properties, _)| properties["RedrivePolicy"].is_object());
    let mut arns = BTreeMap::new();
    for (name, properties, id) in queues {
        let name = format!("{stack}-{name}");
        let (url, arn) = make_queue(&sqs, &name, &properties, &arns).await.with_context(|| format!("queue {name}"))?;
        arns.insert(id.clone(), arn);
        known.insert(id, url);
    }
    // export-day needs a bucket of this name, which is not made.
    for (name, id) in template.buckets()? {
        known.insert(id, format!("{stack}-{}", name.trim_end_matches("-${AWS::AccountId}")));
    }
    environment(template, engines, &known)
}

/// The parameters' defaults.
fn defaults(template: &Template) -> BTreeMap<String, String> {
    let parameters = template.document()["Parameters"].as_object().into_iter().flatten();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    parameters.map(|(name, parameter)| (name.clone(), text(&parameter["Default"]))).collect()
}

async fn make_table(dynamodb: &Cloud, name: &str, table: &Table) -> Result<()> {
    let attributes = table.attributes().into_iter();
    let indexes = table.indexes.iter().map(
        |index| json!({"IndexName": index.name, "KeySchema": schema(&index.key), "Projection": index.projection()}),
    );
    let mut request = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions":
            attributes.map(|name| json!({"AttributeName": name, "AttributeType": "S"})).collect::<Vec<_>>(),
        "KeySchema": schema(&table.key),
    });
    if !table.indexes.is_empty() {
        request["GlobalSecondaryIndexes"] = indexes.collect();
    }
    if let Some(view) = &table.stream {
        request["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": view});
    }
    match dynamodb.target("dynamodb", "DynamoDB_20120810.CreateTable", &request).await {
        Err(error) if error.to_string().contains("ResourceInUseException") => Ok(()),
        answer => answer.map(drop),
    }
}

fn schema(key: &Key) -> Value {
    let part = |name: &String, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let range = key.range.iter().map(|range| part(range, "RANGE"));
    std::iter::once(part(&key.hash, "HASH")).chain(range).collect()
}

/// Makes a queue; gives its URL and its ARN.
async fn make_queue(
    sqs: &Cloud,
    name: &str,
    properties: &Value,
    arns: &BTreeMap<String, String>,
) -> Result<(String, String)> {
    let mut attributes = Map::new();
    for attribute in ["VisibilityTimeout", "MessageRetentionPeriod"] {
        if let Some(seconds) = properties[attribute].as_u64() {
            attributes.insert(attribute.into(), seconds.to_string().into());
        }
    }
    if let Some(redrive) = properties["RedrivePolicy"].as_object() {
        let target = redrive["deadLetterTargetArn"]["Fn::GetAtt"][0].as_str().and_then(|id| arns.get(id));
        let target = target.context("its DLQ messages go to no queue that was made")?;
        let policy = json!({"deadLetterTargetArn": target, "maxReceiveCount": redrive["maxReceiveCount"]});
        attributes.insert("RedrivePolicy".into(), policy.to_string().into());
    }
    let request = json!({"QueueName": name, "Attributes": attributes});
    let made = sqs.target("sqs", "AmazonSQS.CreateQueue", &request).await?;
    let url = made["QueueUrl"].as_str().context("it has no URL")?.to_owned();
    let request = json!({"QueueUrl": url, "AttributeNames": ["QueueArn"]});
    let told = sqs.target("sqs", "AmazonSQS.GetQueueAttributes", &request).await?;
    Ok((url, told["Attributes"]["QueueArn"].as_str().context("it has no ARN")?.to_owned()))
}

/// One environment for all functions.
fn environment(
    template: &Template,
    engines: &Engines,
    known: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let mut environment = BTreeMap::from([
        ("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), engines.dynamodb.clone()),
        ("AWS_ENDPOINT_URL_SQS".to_owned(), engines.sqs.clone()),
        ("AWS_REGION".to_owned(), REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID".to_owned(), CREDENTIAL.to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), CREDENTIAL.to_owned()),
    ]);
    for (name, value) in template.functions().iter().flat_map(|function| &function.environment) {
        let value = match (value["Ref"].as_str().and_then(|id| known.get(id)), value) {
            (Some(known), _) => known.clone(),
            (None, Value::String(text)) => text.clone(),
            // The template has the secret made; here nothing is secret.
            (None, secret) if secret.to_string().contains("resolve:secretsmanager") => "local".repeat(8),
            (None, other) => bail!("{name} is {other}, which is not understood"),
        };
        environment.insert(name.clone(), value);
    }
    Ok(environment)
}
