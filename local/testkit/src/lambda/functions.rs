//! How the process of a function is started: in a debug build, with the environment variables of `template.yaml`.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use serde_json::Value;
use sijang_cloud::{
    layout::Repository,
    process::{DeathSignal, Program},
    stack::STACK_NAME,
    template::{Function, Template},
};

use crate::{
    engine::TABLES,
    objects::BUCKET,
    platform::PSEUDONYM_SECRET,
    services::{DLQ, QUEUE, Services},
};

static REPOSITORY: LazyLock<Repository> = LazyLock::new(|| Repository::find().unwrap());
static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::load(&REPOSITORY.template()).unwrap());

/// Builds the binaries: cargo does not know that the process tests need them.
pub async fn build() {
    sijang_cloud::build::programs(REPOSITORY.root(), true).await.unwrap();
}

/// A folder for temporary files, under cargo's target folder.
pub fn scratch_folder() -> PathBuf {
    let folder = REPOSITORY.target().join("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The function, as the template has it.
pub fn template(name: &str) -> &'static Function {
    TEMPLATE.function(name).unwrap_or_else(|| panic!("the template has no function {name}"))
}

/// The command that runs a function whose services are these, with its output in `folder`.
pub fn program(name: &str, services: &Services, runtime_api: &str, folder: &Path) -> Program {
    let mut program = bare(name, runtime_api, folder);
    let variables = template(name).environment.iter();
    program.environment.extend(variables.map(|(variable, value)| (variable.into(), resolve(value, services).into())));
    let endpoints = [
        ("AWS_ENDPOINT_URL_DYNAMODB", services.dynamodb_endpoint()),
        ("AWS_ENDPOINT_URL_SQS", services.sqs_endpoint()),
        ("AWS_ENDPOINT_URL_S3", services.s3_endpoint()),
    ];
    program.environment.extend(endpoints.map(|(variable, value)| (variable.into(), value.into())));
    program
}

/// The same with only the variables that Lambda sets for every function.
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
        path: REPOSITORY.functions(),
        arguments: vec![name.into()],
        environment,
        directory: folder.to_owned(),
        log: folder.join(format!("{name}.log")),
        death_signal: DeathSignal::Kill,
    }
}

/// A value of the template: a text, a secret, or a reference to a table, a queue, the bucket or a parameter.
fn resolve(value: &Value, services: &Services) -> String {
    if let Some(text) = value.as_str() {
        return text.to_owned();
    }
    if value["Fn::Sub"].as_str().is_some_and(|text| text.starts_with("{{resolve:secretsmanager:")) {
        return PSEUDONYM_SECRET.to_owned();
    }
    let name = value["Ref"].as_str().unwrap_or_else(|| panic!("{value} is not known here"));
    if let Some(table) = TABLES.iter().find(|table| table.logical_id == name) {
        return services.database.name_of(&table.name);
    }
    match name {
        "OrderEvents" => QUEUE.to_owned(),
        "OrderEventsDlq" => DLQ.to_owned(),
        "PlatformBucket" => BUCKET.to_owned(),
        "AWS::StackName" => STACK_NAME.to_owned(),
        parameter => match &TEMPLATE.document()["Parameters"][parameter]["Default"] {
            Value::String(text) => text.clone(),
            Value::Null => panic!("the template has no parameter {parameter} with a default"),
            other => other.to_string(),
        },
    }
}
