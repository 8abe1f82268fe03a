//! Properties of every answer: it is a success or a definite problem of the contract, and a problem says nothing that
//! the contract does not say, least of all the input.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sijang_edge::{CATALOGUE, Response};

/// The operations and problems of the contract.
pub(crate) struct Contract {
    /// By name.
    operations: BTreeMap<String, Operation>,
    /// Names of fields and parameters.
    names: BTreeSet<String>,
}

/// Body and parameters of an operation.
pub(crate) struct Operation {
    /// A body, or null.
    example: Value,
    parameters: Vec<Value>,
}

impl Operation {
    pub(crate) fn has_body(&self) -> bool {
        !self.example.is_null()
    }

    /// The names of its parameters in the `path` or in the `query`.
    pub(crate) fn named(&self, place: &str) -> impl Iterator<Item = &str> {
        let there = self.parameters.iter().filter(move |parameter| parameter["in"] == place);
        there.filter_map(|parameter| parameter["name"].as_str())
    }
}

impl Contract {
    pub(crate) fn of_the_document() -> Self {
        let document = sijang_functions::openapi::document();
        let mut contract = Self { operations: BTreeMap::new(), names: BTreeSet::new() };
        contract.learn(&document["components"]["schemas"]);
        for operation in document["paths"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(_, path)| path.as_object().into_iter().flatten().map(|(_, operation)| operation))
        {
            let example = operation["requestBody"]["content"]["application/json"]["example"].clone();
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            contract.names.extend(parameters.iter().filter_map(|one| one["name"].as_str()).map(str::to_owned));
            let name = operation["operationId"].as_str().unwrap_or_default().to_owned();
            contract.operations.insert(name, Operation { example, parameters });
        }
        contract
    }

    /// The names of the properties of all schemas.
    fn learn(&mut self, schema: &Value) {
        if let Value::Object(members) = schema {
            let properties = members.get("properties").and_then(Value::as_object);
            self.names.extend(properties.into_iter().flatten().map(|(name, _)| name.clone()));
        }
        match schema {
            Value::Object(members) => members.values().for_each(|member| self.learn(member)),
            Value::Array(elements) => elements.iter().for_each(|element| self.learn(element)),
            _ => {}
        }
    }

    /// A body that the operation takes.
    pub(crate) fn example(&self, operation: &str) -> Option<&Value> {
        self.operations.get(operation).map(|operation| &operation.example).filter(|example| !example.is_null())
    }

    /// The names of the operations that are so, in order.
    pub(crate) fn operations(&self, are: impl Fn(&Operation) -> bool) -> Vec<&str> {
        self.operations.iter().filter(|(_, operation)| are(operation)).map(|(name, _)| name.as_str()).collect()
    }

    /// The names of the parameters of the query without which an operation answers 400.
    pub(crate) fn required_query<'a>(&'a self, operation: &str) -> impl Iterator<Item = &'a str> {
        let parameters = self.operations.get(operation).map(|operation| operation.parameters.iter());
        let required = |parameter: &&Value| parameter["in"] == "query" && parameter["required"] == true;
        parameters.into_iter().flatten().filter(required).filter_map(|parameter| parameter["name"].as_str())
    }

    /// The answer, which keeps to the rules.
    pub(crate) fn check(&self, operation: &str, response: &Response) -> (u16, Value) {
        let (status, text) = (response.status().as_u16(), String::from_utf8_lossy(response.body()));
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        assert!((200..500).contains(&status), "{operation}: {status} {text}");
        if status >= 400 {
            let kind = CATALOGUE.iter().find(|kind| body["code"] == kind.code);
            assert!(kind.is_some_and(|kind| kind.status == status), "{operation}: {text}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            for error in body["errors"].as_array().into_iter().flatten() {
                let known = |step: &str| step.is_empty() || self.names.contains(step) || is_index(step);
                let (pointer, parameter) = (error["pointer"].as_str(), error["parameter"].as_str());
                assert!(pointer.is_none_or(|pointer| pointer.split('/').all(known)), "{operation} repeats: {text}");
                assert!(parameter.is_none_or(is_short_and_plain), "{operation} repeats: {text}");
            }
        }
        (status, body)
    }
}

/// The part of a parameter's name that a problem may repeat.
fn is_short_and_plain(parameter: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(&byte);
    parameter.len() <= 40 && parameter.bytes().all(is_plain)
}

fn is_index(step: &str) -> bool {
    step.len() <= 5 && step.bytes().all(|byte| byte.is_ascii_digit())
}
