//! The requests that the store makes of DynamoDB, as they come over the wire.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{expression::Placeholders, value::Item};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactWriteItems {
    pub transact_items: Vec<Action>,
    pub client_request_token: String,
}

#[derive(Debug, Deserialize)]
pub enum Action {
    Put(Write),
    Update(Write),
}

/// A put, which has an item, or an update, which has a key and an expression.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Write {
    pub table_name: String,
    #[serde(alias = "Item")]
    pub key: Item,
    #[serde(default)]
    pub update_expression: String,
    pub condition_expression: Option<String>,
    #[serde(default)]
    pub expression_attribute_names: HashMap<String, String>,
    #[serde(default)]
    pub expression_attribute_values: Item,
    pub return_values_on_condition_check_failure: Option<String>,
}

impl Action {
    pub fn write(&self) -> &Write {
        match self {
            Self::Put(write) | Self::Update(write) => write,
        }
    }
}

impl Write {
    pub fn given(&self) -> Placeholders<'_> {
        Placeholders { names: &self.expression_attribute_names, values: &self.expression_attribute_values }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactGetItems {
    pub transact_items: Vec<TransactGet>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransactGet {
    pub get: GetItem,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetItem {
    pub table_name: String,
    pub key: Item,
    #[serde(default)]
    pub consistent_read: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchGetItem {
    pub request_items: BTreeMap<String, KeysAndAttributes>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeysAndAttributes {
    pub keys: Vec<Item>,
    #[serde(default)]
    pub consistent_read: bool,
}

/// A query of one partition: `hash = :id AND begins_with(range, :prefix)`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Query {
    pub table_name: String,
    pub key_condition_expression: String,
    pub expression_attribute_values: Item,
    #[serde(default)]
    pub consistent_read: bool,
}
