//! Requests on their way: what is taken out of them, and how a batch is cut in two.

use serde_json::{Map, Value, json};

/// Takes the transaction's token out.
pub(super) fn strip_token(request: &mut Value) {
    if let Some(members) = request.as_object_mut() {
        members.remove("ClientRequestToken");
    }
}

/// Whether it is an eventually consistent read, which may be stale.
pub(super) fn may_be_stale(operation: &str, request: &Value) -> bool {
    let consistent = |read: &Value| read["ConsistentRead"] == true;
    match operation {
        "GetItem" | "Query" | "Scan" => !consistent(request),
        "BatchGetItem" => !request["RequestItems"].as_object().is_some_and(|tables| tables.values().any(consistent)),
        _ => false,
    }
}

/// A batch cut in two.
pub(super) struct Cut {
    /// The request with the first half, if there is anything in it.
    pub(super) first: Option<Value>,
    /// The reply's member for the unprocessed rest: its name and value.
    pub(super) rest: (&'static str, Value),
    /// The reply when nothing at all was done.
    pub(super) nothing: Value,
}

/// Cuts a batch: half of its entries go on, the others are reported as not done.
pub(super) fn cut(operation: &str, request: &Value) -> Option<Cut> {
    match operation {
        "BatchWriteItem" => Some(cut_tables(request, "UnprocessedItems", |writes| (writes, None))),
        "BatchGetItem" => Some(cut_tables(request, "UnprocessedKeys", |read| (&read["Keys"], Some(read)))),
        "SendMessageBatch" | "DeleteMessageBatch" => Some(cut_entries(request)),
        _ => None,
    }
}

fn cut_tables<'a>(
    request: &'a Value,
    unprocessed: &'static str,
    list: impl Fn(&'a Value) -> (&'a Value, Option<&'a Value>),
) -> Cut {
    let (mut first, mut rest) = (Map::new(), Map::new());
    for (table, asked) in request["RequestItems"].as_object().into_iter().flatten() {
        let (entries, read) = list(asked);
        let (done, left) = halves(entries);
        let form = |entries: &[Value]| match read {
            Some(read) => {
                let mut read = read.clone();
                read["Keys"] = entries.into();
                read
            }
            None => entries.into(),
        };
        for (half, entries) in [(&mut first, done), (&mut rest, left)] {
            if !entries.is_empty() {
                half.insert(table.clone(), form(entries));
            }
        }
    }
    let mut forwarded = request.clone();
    let anything = !first.is_empty();
    forwarded["RequestItems"] = Value::Object(first);
    Cut {
        first: anything.then_some(forwarded),
        rest: (unprocessed, Value::Object(rest)),
        nothing: json!({ "Responses": {}, "UnprocessedItems": {}, "UnprocessedKeys": {} }),
    }
}

fn cut_entries(request: &Value) -> Cut {
    let (done, left) = halves(&request["Entries"]);
    let failed = |entry: &Value| json!({ "Id": entry["Id"], "SenderFault": false, "Code": "InternalError", "Message": "try again" });
    let rest: Vec<_> = left.iter().map(failed).collect();
    let mut forwarded = request.clone();
    forwarded["Entries"] = done.into();
    Cut {
        first: (!done.is_empty()).then_some(forwarded),
        rest: ("Failed", rest.into()),
        nothing: json!({ "Successful": [], "Failed": [] }),
    }
}

fn halves(entries: &Value) -> (&[Value], &[Value]) {
    let entries = entries.as_array().map_or(&[][..], Vec::as_slice);
    entries.split_at(entries.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_without_losing_an_entry() {
        let request = json!({ "RequestItems": { "t": { "Keys": [1, 2, 3], "ConsistentRead": true } } });
        let Cut { first, rest, .. } = cut("BatchGetItem", &request).unwrap();
        assert_eq!(first.unwrap()["RequestItems"]["t"], json!({ "Keys": [1], "ConsistentRead": true }));
        assert_eq!(rest, ("UnprocessedKeys", json!({ "t": { "Keys": [2, 3], "ConsistentRead": true } })));
        let one = cut("BatchWriteItem", &json!({ "RequestItems": { "t": [1] } })).unwrap();
        assert_eq!((one.first, one.rest), (None, ("UnprocessedItems", json!({ "t": [1] }))));
        let queue =
            cut("SendMessageBatch", &json!({ "QueueUrl": "q", "Entries": [{"Id": "a"}, {"Id": "b"}] })).unwrap();
        assert_eq!(queue.first.unwrap()["Entries"], json!([{"Id": "a"}]));
        assert_eq!(queue.rest.1[0]["Id"], "b");
    }

    #[test]
    fn only_a_read_that_asked_for_no_more_can_be_stale() {
        assert!(may_be_stale("GetItem", &json!({})));
        assert!(may_be_stale("Query", &json!({ "ConsistentRead": false })));
        assert!(!may_be_stale("Query", &json!({ "ConsistentRead": true })));
        assert!(!may_be_stale("BatchGetItem", &json!({ "RequestItems": { "t": { "ConsistentRead": true } } })));
        assert!(!may_be_stale("PutItem", &json!({})));
    }
}
