//! One problem document of every type, made by the code that answers requests: the examples of the OpenAPI document are
//! what the API really says.

use serde_json::Value;

use crate::{ProblemType, catalogue, language::Language, reply::Response};

/// Every type of problem with an example of it, in the order of the catalogue.
pub fn problems() -> Vec<(&'static ProblemType, Value)> {
    catalogue::examples().into_iter().map(|failure| (failure.kind(), document(&failure))).collect()
}

fn document(failure: &crate::Failure) -> Value {
    let reply = failure.reply(Language::English, "Jj9p5hGtoE0EPZA=", catalogue::days_later(0));
    serde_json::from_slice(Response::from(reply).body()).unwrap_or_default()
}
