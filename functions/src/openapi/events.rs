//! The events in machine-readable form: a JSON Schema for each type, and the AsyncAPI document that says where they go.
//!
//! Both come from the types that the code writes and reads events with. A type's name ends in its version: what breaks
//! consumers is another type.

use serde_json::{Map, Value, json};
use sijang_domain::{ORDER_CANCELLED, ORDER_PAID};

/// The documents by file name.
pub fn documents() -> Vec<(String, Value)> {
    let mut schemas = super::generated()["components"]["schemas"].as_object().cloned().unwrap_or_default();
    // Only the requests that read orders add names.
    if let Some(line) = schemas["OrderLine"]["properties"].as_object_mut() {
        line.remove("name");
    }
    let types = [
        (ORDER_PAID, "orderPaid", "An order was paid.", "PAID"),
        (ORDER_CANCELLED, "orderCancelled", "A paid order was cancelled.", "CANCELLED"),
    ];
    let mut messages = Map::new();
    let mut documents = Vec::new();
    for (name, key, said, status) in types {
        let schema = schema(&schemas, name, said, status);
        messages.insert(
            key.to_owned(),
            json!({
                "name": name,
                "title": said,
                "contentType": "application/cloudevents+json",
                "payload": {
                    "schemaFormat": "application/schema+json;version=draft-2020-12",
                    "schema": {"$ref": format!("./{name}.json")},
                },
            }),
        );
        documents.push((format!("{name}.json"), schema));
    }
    documents.push(("asyncapi.json".to_owned(), asyncapi(&messages)));
    documents
}

/// The envelope of every event, with what is so for this type.
fn schema(schemas: &Map<String, Value>, name: &str, said: &str, status: &str) -> Value {
    let mut schema = super::complete(&schemas["CloudEvent"], schemas);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(name);
    schema["description"] = json!(format!("{said} A CloudEvent 1.0; consumers deduplicate by `id`."));
    let properties = &mut schema["properties"];
    let suffix = status.to_lowercase();
    properties["type"] = json!({"const": name});
    properties["specversion"] = json!({"const": "1.0"});
    properties["source"] = json!({"const": "/sijang/orders"});
    properties["datacontenttype"] = json!({"const": "application/json"});
    properties["id"]["pattern"] = json!(format!("^[0-9A-HJKMNP-TV-Z]{{26}}\\.{suffix}$"));
    properties["id"]["description"] =
        json!("The order, and what became of it: the same event has the same `id` each time it is delivered");
    schema["allOf"] = json!([{"properties": {"data": {
        "properties": {"status": {"const": status}},
        "required": if status == "CANCELLED" { json!(["cancelled_at"]) } else { json!([]) },
    }}}]);
    schema
}

fn asyncapi(messages: &Map<String, Value>) -> Value {
    let references: Vec<Value> =
        messages.keys().map(|key| json!({"$ref": format!("#/channels/orderEvents/messages/{key}")})).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sijang order events",
            "version": "1.0.0",
            "description": "What becomes of orders, as CloudEvents 1.0 in structured JSON. An event is written in the \
                transaction of its order and relayed from the table's stream: none is lost, some come more than once, and \
                their order is not kept. Deduplicate by `id`. New fields may come without notice; a change that breaks \
                consumers is a new type.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            "orderEvents": {
                "address": "order-events",
                "description": "The SQS queue `order-events` (output `OrderEventsQueueUrl` of the stack). A message that failed \
                    ten times goes to `order-events-dlq`.",
                "messages": messages,
            },
        },
        "operations": {
            "publishOrderEvents": {
                "action": "send",
                "summary": "The outbox relay, from the events table's stream",
                "channel": {"$ref": "#/channels/orderEvents"},
                "messages": references,
            },
            "recordSales": {
                "action": "receive",
                "summary": "The statistics: one sale fact for each event",
                "channel": {"$ref": "#/channels/orderEvents"},
                "messages": references,
            },
        },
    })
}
