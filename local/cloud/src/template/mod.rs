//! `template.yaml` as typed data. Everything local is derived from the file that is deployed to AWS: the tables of the
//! contract tests, the timeouts of the functions, the permissions that tests compare with what the code calls.

mod function;
mod table;
mod yaml;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::digest::sha256;

pub use self::{
    function::{Function, Route, Statement},
    table::{Index, Key, Table},
};

/// A parsed template.
#[derive(Debug, Clone)]
pub struct Template {
    document: Value,
    sha256: String,
    functions: Vec<Function>,
    tables: Vec<Table>,
}

impl Template {
    /// Reads and parses the file at `path`.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("cannot understand {}", path.display()))
    }

    /// Parses a template's text.
    pub fn parse(text: &str) -> Result<Self> {
        let document = yaml::parse(text)?;
        let functions = function::all(&document)?;
        let tables = table::all(&document)?;
        Ok(Self { document, sha256: sha256(text), functions, tables })
    }

    /// The whole template as JSON, intrinsic functions in their long forms.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Checksum of the file's text, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The Lambda functions, in the order of the file's logical ids.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The function whose binary is called `name`.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The DynamoDB tables.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The logical ids of tables and queues by their names without the stack's prefix: `user-coupons`, `order-events`.
    pub fn stores(&self) -> Result<BTreeMap<String, String>> {
        self.named(&[("AWS::DynamoDB::Table", "TableName"), ("AWS::SQS::Queue", "QueueName")])
    }

    /// The logical ids of buckets by their names without the stack's prefix: `platform-${AWS::AccountId}`.
    pub fn buckets(&self) -> Result<BTreeMap<String, String>> {
        self.named(&[("AWS::S3::Bucket", "BucketName")])
    }

    /// The logical ids of the resources of these types by what the property of the type names them.
    fn named(&self, types: &[(&str, &str)]) -> Result<BTreeMap<String, String>> {
        let all = types.iter().flat_map(|(kind, name)| {
            resources(&self.document, kind).map(move |(id, resource)| (id, &resource["Properties"][name]))
        });
        all.map(|(id, name)| Ok((name_in_stack(name)?, id.clone()))).collect()
    }

    /// The table called `name`, without the stack's prefix: `user-coupons`.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

/// Resources of one type, with their logical ids.
fn resources<'a>(document: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let all = document["Resources"].as_object().into_iter().flatten();
    all.filter(move |(_, resource)| resource["Type"] == kind)
}

/// The part of a physical name after the stack's: `{"Fn::Sub": "${AWS::StackName}-orders"}` is `orders`.
fn name_in_stack(name: &Value) -> Result<String> {
    let text = name["Fn::Sub"].as_str().and_then(|text| text.strip_prefix("${AWS::StackName}-"));
    Ok(text.with_context(|| format!("the name {name} does not start with ${{AWS::StackName}}-"))?.to_owned())
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} should be text"))?.to_owned())
}
