//! The contract, from the code: the OpenAPI document of the API, and the schemas of its events.
//!
//! Parameters and responses of an operation are annotated beside its handler. The consequences of its shape (the
//! problems that a body, a page or a token can cause) are added by rule. The documents are checked in (`functions/openapi`), and
//! compared in the tests.

pub mod compatibility;
pub mod events;
mod problems;
mod tidy;

use serde_json::{Map, Value};
use utoipa::{
    OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::operations::Operations;

/// Adds the access token that most operations want.
fn add_token(document: &mut utoipa::openapi::OpenApi) {
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some("An access token of the shop's issuer. `scope` has `shop/customer`, `shop/admin`, or both."));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(token.build()));
}

/// The OpenAPI document.
///
/// # Panics
/// When an annotation names a problem that does not exist, or a schema breaks the rules of [`tidy`].
pub fn document() -> Value {
    let mut document = generated();
    problems::describe(&mut document);
    tidy::prune(&mut document);
    document
}

/// The document of the annotations, with all schemas.
fn generated() -> Value {
    let mut document = Operations::openapi();
    add_token(&mut document);
    #[allow(clippy::expect_used)]
    let mut document = serde_json::to_value(document).expect("a document is plain data");
    tidy::tidy(&mut document);
    document
}

/// A schema of the document, and every schema that it refers to, under `$defs`: complete by itself.
fn complete(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let mut found = Map::new();
    let mut pending = vec![schema.clone()];
    while let Some(next) = pending.pop() {
        for name in tidy::references(&next) {
            if !found.contains_key(&name) {
                pending.push(schemas[&name].clone());
                found.insert(name.clone(), schemas[&name].clone());
            }
        }
    }
    let mut whole = schema.clone();
    if !found.is_empty() {
        whole["$defs"] = found.into();
    }
    tidy::rename_references(&mut whole, &|name| format!("#/$defs/{name}"));
    whole
}
