//! Tables of the template, so that tests create the same ones in another engine.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{function::texts, name_in_stack, resources, text};

/// A DynamoDB table. All key attributes are strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Name in the template: `UserCoupons`.
    pub logical_id: String,
    /// Name without the stack's prefix: `user-coupons`.
    pub name: String,
    /// Primary key.
    pub key: Key,
    /// Global secondary indexes.
    pub indexes: Vec<Index>,
    /// View type of the stream, when the table has one: `NEW_IMAGE`.
    pub stream: Option<String>,
}

/// Key of a table or an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Partition key attribute.
    pub hash: String,
    /// Sort key attribute.
    pub range: Option<String>,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Name of the index.
    pub name: String,
    /// Its key.
    pub key: Key,
    /// The attributes that it projects beside the keys; `None` when it projects all.
    pub included: Option<Vec<String>>,
}

impl Index {
    /// The index's `Projection`, as `CreateTable` takes it.
    pub fn projection(&self) -> Value {
        match &self.included {
            Some(attributes) => json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": attributes}),
            None => json!({"ProjectionType": "ALL"}),
        }
    }
}

impl Table {
    /// Every key attribute of the table and its indexes, once.
    pub fn attributes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for key in std::iter::once(&self.key).chain(self.indexes.iter().map(|index| &index.key)) {
            for name in std::iter::once(&key.hash).chain(&key.range) {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
        }
        names
    }
}

pub(super) fn all(document: &Value) -> Result<Vec<Table>> {
    resources(document, "AWS::DynamoDB::Table")
        .map(|(id, resource)| table(id, &resource["Properties"]).with_context(|| format!("table {id}")))
        .collect()
}

fn table(logical_id: &str, properties: &Value) -> Result<Table> {
    let indexes = properties["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    Ok(Table {
        logical_id: logical_id.to_owned(),
        name: name_in_stack(&properties["TableName"])?,
        key: key(&properties["KeySchema"])?,
        indexes: indexes
            .map(|index| {
                let included = included(&index["Projection"])?;
                Ok(Index { name: text(&index["IndexName"])?, key: key(&index["KeySchema"])?, included })
            })
            .collect::<Result<_>>()?,
        stream: properties["StreamSpecification"]["StreamViewType"].as_str().map(str::to_owned),
    })
}

fn included(projection: &Value) -> Result<Option<Vec<String>>> {
    match projection["ProjectionType"].as_str() {
        Some("ALL") => Ok(None),
        Some("INCLUDE") => texts(&projection["NonKeyAttributes"]).map(Some),
        other => bail!("the projection {other:?} is not understood"),
    }
}

fn key(schema: &Value) -> Result<Key> {
    let part = |kind: &str| {
        let parts = schema.as_array().into_iter().flatten();
        parts.filter(|part| part["KeyType"] == kind).find_map(|part| part["AttributeName"].as_str()).map(str::to_owned)
    };
    Ok(Key { hash: part("HASH").context("no partition key")?, range: part("RANGE") })
}
