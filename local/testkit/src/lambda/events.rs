//! The events that invoke the functions, in the forms that AWS gives them: the samples of `local/fixtures/events`, filled in.

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value, json};
use sijang_storage::{AttributeValue, Item};

/// A client's request, as API Gateway passes it to a function.
#[derive(Clone)]
pub struct Request {
    /// `POST /v1/orders`.
    pub route: &'static str,
    /// The path's parameters.
    pub parameters: Vec<(&'static str, String)>,
    /// Subject of the token.
    pub user: &'static str,
    /// Scope of the token.
    pub scope: &'static str,
    /// The `Idempotency-Key`.
    pub key: &'static str,
    /// The body, if it has one.
    pub body: Option<Value>,
}

impl Request {
    /// The event that invokes the function.
    pub fn event(&self) -> Value {
        let mut event = sample(include_str!("../../../fixtures/events/place-order.json"));
        let (method, template) = self.route.split_once(' ').unwrap();
        let mut path = template.to_owned();
        for (name, value) in &self.parameters {
            path = path.replace(&format!("{{{name}}}"), value);
            event["pathParameters"][*name] = value.as_str().into();
        }
        event["routeKey"] = self.route.into();
        event["rawPath"] = path.as_str().into();
        event["headers"]["idempotency-key"] = self.key.into();
        event["body"] = self.body.as_ref().map(Value::to_string).into();
        let context = &mut event["requestContext"];
        context["routeKey"] = self.route.into();
        context["http"]["method"] = method.into();
        context["http"]["path"] = path.into();
        context["authorizer"]["jwt"]["claims"]["sub"] = self.user.into();
        context["authorizer"]["jwt"]["claims"]["scope"] = self.scope.into();
        context["authorizer"]["jwt"]["scopes"] = json!([self.scope]);
        event
    }
}

/// A batch of the events table's stream: these items, each inserted.
pub fn stream_batch(items: &[Item]) -> Value {
    let mut event = sample(include_str!("../../../fixtures/events/publish-order-events.json"));
    let record = event["Records"][0].clone();
    let inserted = |(position, item): (usize, &Item)| {
        let mut record = record.clone();
        record["eventID"] = item["request"].as_s().unwrap().as_str().into();
        record["dynamodb"]["Keys"] = json!({ "request": attribute(&item["request"]) });
        record["dynamodb"]["NewImage"] = attributes(item);
        record["dynamodb"]["SequenceNumber"] = sequence_number(position).into();
        record
    };
    event["Records"] = items.iter().enumerate().map(inserted).collect();
    event
}

/// The sequence number of the record at this position of a batch.
pub fn sequence_number(position: usize) -> String {
    format!("{position:021}")
}

/// A batch of the queue.
pub fn queue_batch(messages: &[Message]) -> Value {
    let mut event = sample(include_str!("../../../fixtures/events/record-sales.json"));
    let record = event["Records"][0].clone();
    let received = |message: &Message| {
        let count = MessageSystemAttributeName::ApproximateReceiveCount;
        let mut record = record.clone();
        record["messageId"] = message.message_id().into();
        record["receiptHandle"] = message.receipt_handle().into();
        record["body"] = message.body().into();
        record["attributes"]["ApproximateReceiveCount"] =
            message.attributes().and_then(|attributes| attributes.get(&count)).cloned().into();
        let trace =
            message.attributes().and_then(|attributes| attributes.get(&MessageSystemAttributeName::AwsTraceHeader));
        if let Some(trace) = trace {
            record["attributes"]["AWSTraceHeader"] = trace.as_str().into();
        }
        record
    };
    event["Records"] = messages.iter().map(received).collect();
    event
}

/// The schedule's input.
pub fn schedule(time: &str) -> Value {
    json!({ "scheduled_time": time })
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn attributes(item: &Item) -> Value {
    Value::Object(item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect::<Map<_, _>>())
}

/// A value as streams write it.
fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": BASE64.encode(bytes) }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::L(list) => json!({ "L": list.iter().map(attribute).collect::<Value>() }),
        AttributeValue::M(item) => json!({ "M": attributes(item) }),
        other => panic!("no event has a {other:?}"),
    }
}
