//! The replies of services in trouble, as they are on the wire.
//!
//! DynamoDB and SQS both speak AWS JSON: the error's name is in `__type`. A checksum is left out, which is allowed: it
//! must be right where it is given.

use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};

use super::{Fault, forward::Reply};

const DYNAMODB: &str = "com.amazonaws.dynamodb.v20120810";
const SQS: &str = "com.amazonaws.sqs";
const CORAL: &str = "com.amazon.coral.availability";

/// The reply to a call that a service would not take; nothing when the fault is not of this kind.
pub(super) fn rejection(fault: Fault, operation: &str, request: &Value) -> Option<Reply> {
    let transaction = operation == "TransactWriteItems";
    let service = if operation.contains("Message") { SQS } else { DYNAMODB };
    let bad = |namespace: &str, name: &str, message: &str| error(StatusCode::BAD_REQUEST, namespace, name, message);
    Some(match fault {
        Fault::InternalError => {
            let name = if service == SQS { "InternalFailure" } else { "InternalServerError" };
            error(StatusCode::INTERNAL_SERVER_ERROR, service, name, "Internal server error")
        }
        Fault::Throttled => bad(CORAL, "ThrottlingException", "Rate of requests exceeds the allowed throughput."),
        Fault::ThroughputExceeded => bad(
            service,
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        ),
        Fault::InProgress => bad(
            service,
            "TransactionInProgressException",
            "The transaction with the given request token is already in progress.",
        ),
        Fault::Conflict if !transaction => {
            bad(service, "TransactionConflictException", "Transaction is ongoing for the item")
        }
        Fault::Conflict => cancelled(request, None, "TransactionConflict"),
        Fault::ConflictAndCondition => cancelled(request, Some("ConditionalCheckFailed"), "TransactionConflict"),
        Fault::CancelledByThrottling => cancelled(request, None, "ThrottlingError"),
        Fault::CancelledByThroughput => cancelled(request, None, "ProvisionedThroughputExceeded"),
        _ => return None,
    })
}

/// A transaction that was cancelled: the last action for this reason, and the second, if given, for another one.
fn cancelled(request: &Value, second: Option<&str>, last: &str) -> Reply {
    let count = request["TransactItems"].as_array().map_or(1, Vec::len).max(1);
    let mut codes = vec!["None"; count];
    if let (Some(second), true) = (second, count > 2) {
        codes[1] = second;
    }
    codes[count - 1] = last;
    let reason = |code: &&str| match *code {
        "None" => json!({ "Code": "None" }),
        "ConditionalCheckFailed" => json!({ "Code": code, "Message": "The conditional request failed" }),
        "TransactionConflict" => json!({ "Code": code, "Message": "Transaction is ongoing for the item" }),
        _ => json!({ "Code": code, "Message": "Throughput exceeds the current capacity of your table or index." }),
    };
    let message =
        format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
    let body = json!({
        "__type": format!("{DYNAMODB}#TransactionCanceledException"),
        "Message": message,
        "CancellationReasons": codes.iter().map(reason).collect::<Vec<_>>(),
    });
    json_reply(StatusCode::BAD_REQUEST, &body)
}

fn error(status: StatusCode, namespace: &str, name: &str, message: &str) -> Reply {
    json_reply(status, &json!({ "__type": format!("{namespace}#{name}"), "message": message }))
}

/// A reply in AWS JSON.
pub(super) fn json_reply(status: StatusCode, body: &Value) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    headers.insert("x-amzn-requestid", HeaderValue::from_static("00000000-0000-0000-0000-000000000000"));
    Reply { status, headers, body: body.to_string().into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cancelled_transaction_has_a_reason_for_each_action() {
        let request = json!({ "TransactItems": [{}, {}, {}, {}] });
        let reply = rejection(Fault::ConflictAndCondition, "TransactWriteItems", &request).unwrap();
        let body: Value = serde_json::from_slice(&reply.body).unwrap();
        let codes: Vec<_> = body["CancellationReasons"].as_array().unwrap().iter().map(|one| &one["Code"]).collect();
        assert_eq!(codes, ["None", "ConditionalCheckFailed", "None", "TransactionConflict"]);
        // The first action is the event, whose condition no conflict hides.
        let two = json!({ "TransactItems": [{}, {}] });
        let reply = rejection(Fault::ConflictAndCondition, "TransactWriteItems", &two).unwrap();
        assert!(!String::from_utf8_lossy(&reply.body).contains("ConditionalCheckFailed"));
    }
}
