//! The permissions that a request needs, as IAM sees it: a transaction asks for each of its actions on each of its
//! tables, a batch of messages for the action on one message, an index is a resource of its own.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use crate::template::Statement;

/// One action on one table, index or queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// The IAM action: `dynamodb:PutItem`.
    pub action: String,
    /// As in a [`Statement`]: `Products/index/catalogue`; the physical name of what the template does not have.
    pub resource: String,
    /// The operation that the action is part of: `TransactWriteItems`.
    pub within: Option<String>,
    /// The partition key of the item that is put or updated, where that has the usual name `pk`.
    pub key: Option<String>,
}

impl Access {
    /// Everything that a request with this `X-Amz-Target` and body asks for. `stores` has logical ids by physical
    /// names.
    pub(super) fn all(target: &str, request: &Value, stores: &BTreeMap<String, String>) -> Vec<Self> {
        let (service, operation) = target.rsplit_once('.').unwrap_or_default();
        let id = |name: &Value| {
            let name = name.as_str().unwrap_or("?");
            stores.get(name).map_or(name, String::as_str).to_owned()
        };
        if service == "AmazonSQS" {
            let queue = request["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or("?");
            let action = format!("sqs:{}", operation.trim_end_matches("Batch"));
            return vec![Self { action, resource: id(&queue.into()), within: None, key: None }];
        }
        let key = ["Item", "Key"].iter().find_map(|part| request[part]["pk"]["S"].as_str());
        let alone = |action: &str, resource| {
            let (action, key) = (format!("dynamodb:{action}"), key.map(str::to_owned));
            Self { action, resource, within: None, key }
        };
        match operation {
            "TransactWriteItems" | "TransactGetItems" => {
                let items = request["TransactItems"].as_array().into_iter().flatten();
                let actions = items.filter_map(Value::as_object).flatten();
                let part = |(kind, action): (&String, &Value)| {
                    // `Put` asks for PutItem; `ConditionCheck` for ConditionCheckItem.
                    let access = alone(&format!("{kind}Item"), id(&action["TableName"]));
                    Self { within: Some(operation.to_owned()), ..access }
                };
                actions.map(part).collect()
            }
            "BatchGetItem" | "BatchWriteItem" => {
                let tables = request["RequestItems"].as_object().into_iter().flatten();
                tables.map(|(table, _)| alone(operation, id(&table.as_str().into()))).collect()
            }
            _ => {
                let table = id(&request["TableName"]);
                let index = request["IndexName"].as_str();
                vec![alone(operation, index.map_or_else(|| table.clone(), |index| format!("{table}/index/{index}")))]
            }
        }
    }

    /// Everything that a request to S3 asks for, by its method and path: `/bucket/key`. To a caller that may not list
    /// the bucket, S3 answers 403 and not 404 when there is no such object, so reading one asks for both.
    pub(super) fn of_object(method: &str, path: &str, stores: &BTreeMap<String, String>) -> Vec<Self> {
        let bucket = path.split('/').nth(1).unwrap_or("?");
        let bucket = stores.get(bucket).map_or(bucket, String::as_str);
        let access = |action: &str, resource: String| {
            let (action, within, key) = (format!("s3:{action}"), None, None);
            Self { action, resource, within, key }
        };
        let object = format!("{bucket}/*");
        match method {
            "GET" | "HEAD" => vec![access("GetObject", object), access("ListBucket", bucket.to_owned())],
            "PUT" => vec![access("PutObject", object)],
            other => vec![access(other, object)],
        }
    }

    /// Whether the statement allows it.
    pub(super) fn is_allowed_by(&self, statement: &Statement) -> bool {
        let fits = |own: &Option<String>, limits: &[String]| {
            limits.is_empty() || own.as_ref().is_some_and(|own| limits.contains(own))
        };
        statement.actions.contains(&self.action)
            && statement.resource == self.resource
            && fits(&self.within, &statement.within)
            && fits(&self.key, &statement.keys)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)?;
        self.within.as_ref().map_or(Ok(()), |operation| write!(f, " within {operation}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(target: &str, request: &Value) -> Vec<String> {
        let stores = [("shop-orders", "Orders"), ("shop-products", "Products"), ("shop-order-events", "OrderEvents")];
        let stores = stores.map(|(name, id)| (name.to_owned(), id.to_owned())).into();
        Access::all(target, request, &stores).iter().map(Access::to_string).collect()
    }

    #[test]
    fn a_transaction_asks_for_each_of_its_actions() {
        let actions = json!({"TransactItems": [
            {"Put": {"TableName": "shop-orders"}},
            {"Update": {"TableName": "shop-products"}},
            {"ConditionCheck": {"TableName": "shop-products"}},
        ]});
        let expected = ["PutItem on Orders", "UpdateItem on Products", "ConditionCheckItem on Products"];
        let expected = expected.map(|access| format!("dynamodb:{access} within TransactWriteItems"));
        assert_eq!(asked("DynamoDB_20120810.TransactWriteItems", &actions), expected);
    }

    #[test]
    fn permission_limited_to_transactions_allows_nothing_outside() {
        let action = "dynamodb:PutItem".to_owned();
        let put = Access { action: action.clone(), resource: "Orders".to_owned(), within: None, key: None };
        let within = |operation: &str| Access { within: Some(operation.to_owned()), ..put.clone() };
        let resource = "Orders".to_owned();
        let always = Statement { actions: vec![action], resource, within: Vec::new(), keys: Vec::new() };
        let limited = Statement { within: vec!["TransactWriteItems".to_owned()], ..always.clone() };
        assert!(put.is_allowed_by(&always) && within("TransactWriteItems").is_allowed_by(&always));
        assert!(within("TransactWriteItems").is_allowed_by(&limited));
        assert!(!put.is_allowed_by(&limited) && !within("TransactGetItems").is_allowed_by(&limited));
        let elsewhere = Statement { resource: "Events".to_owned(), ..always };
        assert!(!put.is_allowed_by(&elsewhere));
    }

    #[test]
    fn permission_limited_to_keys_does_not_allow_other_keys() {
        let stores = [("shop-sales".to_owned(), "Sales".to_owned())].into();
        let asked = |item: Value| {
            let put = json!({"TableName": "shop-sales", "Item": item});
            Access::all("DynamoDB_20120810.PutItem", &put, &stores).remove(0)
        };
        let (actions, resource) = (vec!["dynamodb:PutItem".to_owned()], "Sales".to_owned());
        let limited = Statement { actions, resource, within: Vec::new(), keys: vec!["BOOKS".to_owned()] };
        assert!(asked(json!({"pk": {"S": "BOOKS"}})).is_allowed_by(&limited));
        for other in [json!({"pk": {"S": "DAY"}}), json!({"id": {"S": "BOOKS"}})] {
            assert!(!asked(other.clone()).is_allowed_by(&limited), "{other}");
            assert!(asked(other).is_allowed_by(&Statement { keys: Vec::new(), ..limited.clone() }));
        }
    }

    #[test]
    fn reading_an_object_asks_to_list_its_bucket_too() {
        let stores = [("shop-platform-000000000000".to_owned(), "PlatformBucket".to_owned())].into();
        let asked = |method| {
            let path = "/shop-platform-000000000000/orders/day=2026-11-21/part-0.parquet";
            Access::of_object(method, path, &stores).iter().map(Access::to_string).collect::<Vec<_>>()
        };
        for method in ["GET", "HEAD"] {
            assert_eq!(asked(method), ["s3:GetObject on PlatformBucket/*", "s3:ListBucket on PlatformBucket"]);
        }
        assert_eq!(asked("PUT"), ["s3:PutObject on PlatformBucket/*"]);
        assert_eq!(asked("DELETE"), ["s3:DELETE on PlatformBucket/*"], "no permission has this name");
    }

    #[test]
    fn tables_indexes_batches_and_queues_are_told_apart() {
        let table = json!({"TableName": "shop-products"});
        assert_eq!(asked("DynamoDB_20120810.Query", &table), ["dynamodb:Query on Products"]);
        let index = json!({"TableName": "shop-products", "IndexName": "catalogue"});
        assert_eq!(asked("DynamoDB_20120810.Query", &index), ["dynamodb:Query on Products/index/catalogue"]);
        let batch = json!({"RequestItems": {"shop-orders": {}, "shop-products": {}}});
        let expected = ["dynamodb:BatchGetItem on Orders", "dynamodb:BatchGetItem on Products"];
        assert_eq!(asked("DynamoDB_20120810.BatchGetItem", &batch), expected);
        let queue = json!({"QueueUrl": "http://127.0.0.1/000000000000/shop-order-events"});
        assert_eq!(asked("AmazonSQS.SendMessageBatch", &queue), ["sqs:SendMessage on OrderEvents"]);
    }
}
