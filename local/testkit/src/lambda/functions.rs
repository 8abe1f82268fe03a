//! How the process of a function is started: its debug binary, with the environment that `template.yaml` gives it.

use std::{ffi::OsString, path::Path, sync::LazyLock};

use serde_json::Value;
use sijang_local::{
    layout::Repository,
    process::{DeathSignal, Program},
    stack::STACK_NAME,
    template::{Function, Template},
};

use crate::{
    engine::TABLES,
    world::{DEAD_LETTERS, QUEUE, World},
};

static REPOSITORY: LazyLock<Repository> = LazyLock::new(|| Repository::find().unwrap());
static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::load(&REPOSITORY.template()).unwrap());

/// Builds the binaries: cargo does not know that these tests need them.
pub async fn build() {
    sijang_local::build::functions(REPOSITORY.root(), true).await.unwrap();
}

/// The function, as the template has it.
pub fn template(name: &str) -> &'static Function {
    TEMPLATE.function(name).unwrap_or_else(|| panic!("the template has no function {name}"))
}

/// What to run for a function whose services are these, with its output in `folder`.
pub fn program(name: &str, world: &World, runtime_api: &str, folder: &Path) -> Program {
    let mut program = bare(name, runtime_api, folder);
    let variables = template(name).environment.iter();
    program.environment.extend(variables.map(|(variable, value)| (variable.into(), resolve(value, world).into())));
    let endpoints =
        [("AWS_ENDPOINT_URL_DYNAMODB", world.dynamodb_endpoint()), ("AWS_ENDPOINT_URL_SQS", world.sqs_endpoint())];
    program.environment.extend(endpoints.map(|(variable, value)| (variable.into(), value.into())));
    program
}

/// The same with what Lambda gives every function, and no more.
pub fn bare(name: &str, runtime_api: &str, folder: &Path) -> Program {
    let given = [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_REGION", "ap-northeast-2"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ];
    let environment = given.map(|(variable, value)| (OsString::from(variable), OsString::from(value))).to_vec();
    Program {
        path: REPOSITORY.binary(name),
        arguments: Vec::new(),
        environment,
        directory: folder.to_owned(),
        log: folder.join(format!("{name}.log")),
        death_signal: DeathSignal::Kill,
    }
}

/// A value of the template: a text, or a reference to a table, a queue or a parameter.
fn resolve(value: &Value, world: &World) -> String {
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    let name = value["Ref"].as_str().unwrap_or_else(|| panic!("{value} is nothing that is known here"));
    if let Some(table) = TABLES.iter().find(|table| table.logical_id == name) {
        return world.database.name_of(&table.name);
    }
    match name {
        "OrderEvents" => QUEUE.to_owned(),
        "OrderEventsDlq" => DEAD_LETTERS.to_owned(),
        "AWS::StackName" => STACK_NAME.to_owned(),
        parameter => match &TEMPLATE.document()["Parameters"][parameter]["Default"] {
            Value::String(text) => text.clone(),
            Value::Null => panic!("the template has no parameter {parameter} with a default"),
            other => other.to_string(),
        },
    }
}
