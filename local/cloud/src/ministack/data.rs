//! Items of the tables and messages of the queues, for the invariants.

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::client::Cloud;

/// Messages in a queue.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Depth {
    /// Waiting to be received.
    pub waiting: u64,
    /// Received, and not yet deleted.
    pub in_flight: u64,
}

impl Cloud {
    /// All items of a table, by its physical name, as plain JSON.
    pub async fn scan(&self, table: &str) -> Result<Vec<Value>> {
        let (mut items, mut after) = (Vec::new(), Value::Null);
        loop {
            let mut request = json!({"TableName": table, "ConsistentRead": true});
            if !after.is_null() {
                request["ExclusiveStartKey"] = after;
            }
            let mut page = self.target("dynamodb", "DynamoDB_20120810.Scan", &request).await?;
            items.extend(page["Items"].as_array_mut().into_iter().flatten().map(|item| fields(item.take())));
            after = page["LastEvaluatedKey"].take();
            if after.is_null() {
                return Ok(items);
            }
        }
    }

    /// How many messages are in a queue, by its URL.
    pub async fn depth(&self, queue: &str) -> Result<Depth> {
        let request = json!({"QueueUrl": queue, "AttributeNames": ["All"]});
        let answer = self.target("sqs", "AmazonSQS.GetQueueAttributes", &request).await?;
        let count = |name: &str| {
            let count = answer["Attributes"][name].as_str().and_then(|count| count.parse().ok());
            count.with_context(|| format!("{queue} has no {name}"))
        };
        Ok(Depth {
            waiting: count("ApproximateNumberOfMessages")?,
            in_flight: count("ApproximateNumberOfMessagesNotVisible")?,
        })
    }

    /// A call of one of the services that name the operation in a header.
    pub async fn target(&self, service: &str, target: &str, body: &Value) -> Result<Value> {
        let request = self.request(service, Method::POST, format!("{}/", self.endpoint()));
        let request = request.header("x-amz-target", target).header("content-type", "application/x-amz-json-1.0");
        let answer = request.body(body.to_string()).send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        ensure!(status.is_success(), "{target}: {status} {}", String::from_utf8_lossy(&body));
        Ok(serde_json::from_slice(&body)?)
    }
}

/// `{"stock": {"N": "3"}}` is `{"stock": 3}`.
fn fields(item: Value) -> Value {
    let Value::Object(attributes) = item else { return item };
    attributes.into_iter().map(|(name, attribute)| (name, plain(attribute))).collect::<Map<_, _>>().into()
}

fn plain(attribute: Value) -> Value {
    let Value::Object(typed) = attribute else { return attribute };
    let Some((kind, value)) = typed.into_iter().next() else { return Value::Null };
    match (kind.as_str(), value) {
        ("N", Value::String(number)) => serde_json::from_str(&number).unwrap_or(Value::String(number)),
        ("M", map) => fields(map),
        ("L", Value::Array(list)) => list.into_iter().map(plain).collect(),
        ("NULL", _) => Value::Null,
        (_, value) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_become_plain() {
        let item = json!({"id": {"S": "a"}, "n": {"N": "3"}, "on": {"BOOL": true}, "none": {"NULL": true},
            "order": {"M": {"lines": {"L": [{"M": {"q": {"N": "2"}}}]}}}});
        let plain = json!({"id": "a", "n": 3, "on": true, "none": null, "order": {"lines": [{"q": 2}]}});
        assert_eq!(fields(item), plain);
    }
}
