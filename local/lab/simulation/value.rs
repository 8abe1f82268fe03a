//! Attribute values as DynamoDB's JSON has them, and how large an item is.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};
use sijang_storage::AttributeValue;

/// An item.
pub type Item = BTreeMap<String, Value>;

/// An attribute value of one of the kinds that the shop writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Value {
    S(String),
    N(String),
    B(String),
    Bool(bool),
    Null(bool),
    M(Item),
    L(Vec<Value>),
}

impl Value {
    pub fn number(number: i64) -> Self {
        Self::N(number.to_string())
    }

    pub fn as_number(&self) -> Option<i64> {
        if let Self::N(digits) = self { digits.parse().ok() } else { None }
    }

    pub fn as_text(&self) -> Option<&str> {
        if let Self::S(text) = self { Some(text) } else { None }
    }

    /// Bytes, as capacity is reckoned:
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.
    fn size(&self) -> usize {
        match self {
            Self::S(text) => text.len(),
            Self::N(digits) => digits.len().div_ceil(2) + 1,
            Self::B(encoded) => encoded.len() * 3 / 4,
            Self::Bool(_) | Self::Null(_) => 1,
            Self::M(members) => 3 + members.len() + size(members),
            Self::L(members) => 3 + members.iter().map(|member| 1 + member.size()).sum::<usize>(),
        }
    }

    /// The same as the SDK has it.
    pub fn as_attribute(&self) -> AttributeValue {
        match self {
            Self::S(text) => AttributeValue::S(text.clone()),
            Self::N(digits) => AttributeValue::N(digits.clone()),
            Self::B(encoded) => AttributeValue::B(BASE64_STANDARD.decode(encoded).unwrap().into()),
            Self::Bool(yes) => AttributeValue::Bool(*yes),
            Self::Null(yes) => AttributeValue::Null(*yes),
            Self::M(members) => AttributeValue::M(as_attributes(members)),
            Self::L(members) => AttributeValue::L(members.iter().map(Self::as_attribute).collect()),
        }
    }

    /// The same with one text put in the place of another, wherever it stands.
    pub fn renamed(&self, from: &str, to: &str) -> Self {
        match self {
            Self::S(text) => Self::S(text.replace(from, to)),
            Self::M(members) => Self::M(renamed(members, from, to)),
            Self::L(members) => Self::L(members.iter().map(|member| member.renamed(from, to)).collect()),
            other => other.clone(),
        }
    }
}

/// Bytes of an item.
pub fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value.size()).sum()
}

/// An item as the SDK has it.
pub fn as_attributes(item: &Item) -> sijang_storage::Item {
    item.iter().map(|(name, value)| (name.clone(), value.as_attribute())).collect()
}

/// An item with one text put in the place of another.
pub fn renamed(item: &Item, from: &str, to: &str) -> Item {
    item.iter().map(|(name, value)| (name.clone(), value.renamed(from, to))).collect()
}
