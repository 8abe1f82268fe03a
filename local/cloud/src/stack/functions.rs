//! The functions of a stack: the binary as built, environment as deployed.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;

use super::physical_name;
use crate::{
    iam::Enforcer,
    lambda::{FunctionSpec, Functions},
    layout::{Repository, StateFolder},
    ministack::{CREDENTIAL, Cloud, REGION},
    progress::Progress,
    template::Template,
};

/// The busy ones may have a second execution environment, where others have one.
const BUSY: [&str; 7] =
    ["place-order", "issue-coupon", "deposit-balance", "get-balance", "get-product", "list-products", "create-product"];

/// The functions to serve; the environments are still empty.
pub(super) fn specs(
    template: &Template,
    repository: &Repository,
    state: &StateFolder,
    instances: &BTreeMap<String, usize>,
) -> Result<Vec<FunctionSpec>> {
    let binary = repository.functions();
    ensure!(binary.is_file(), "{} is not built: run cargo build --workspace --bin functions", binary.display());
    let specs = template.functions().iter().map(|function| {
        let name = function.name.clone();
        let usual = if BUSY.contains(&name.as_str()) { 2 } else { 1 };
        FunctionSpec {
            physical_name: physical_name(&name),
            binary: binary.clone(),
            environment: BTreeMap::new(),
            timeout: function.timeout,
            instances: instances.get(&name).copied().unwrap_or(usual),
            log: state.log(&name),
            name,
        }
    });
    Ok(specs.collect())
}

/// Serves them behind the enforcer, each with the environment that the deployed stack gives it.
pub(super) async fn serve(
    cloud: &Cloud,
    enforcer: &Enforcer,
    mut specs: Vec<FunctionSpec>,
    state: &StateFolder,
    progress: Progress,
) -> Result<Functions> {
    let environments = try_join_all(specs.iter().map(|spec| environment(cloud, &spec.physical_name))).await?;
    for (spec, environment) in specs.iter_mut().zip(environments) {
        spec.environment = environment;
    }
    write_environment(state, &specs)?;
    for spec in &mut specs {
        // By its access key the enforcer knows the function, and so its role.
        let behind = [("AWS_ENDPOINT_URL", enforcer.endpoint()), ("AWS_ACCESS_KEY_ID", spec.name.clone())];
        spec.environment.extend(behind.map(|(name, value)| (name.to_owned(), value)));
    }
    Functions::start(specs, progress).await
}

/// Leaves one environment for all functions, without roles: `cargo lambda watch --env-file` has only one, too.
fn write_environment(state: &StateFolder, specs: &[FunctionSpec]) -> Result<()> {
    let all = specs.iter().flat_map(|spec| &spec.environment).filter(|(name, _)| !name.starts_with("AWS_LAMBDA_"));
    let variables: BTreeMap<_, _> = all.collect();
    let lines: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    let file = state.environment();
    fs::write(&file, lines.concat()).with_context(|| format!("cannot write {}", file.display()))
}

async fn environment(cloud: &Cloud, function: &str) -> Result<BTreeMap<String, String>> {
    let deployed = cloud.function(function).await?;
    let mut environment = deployed.environment.variables;
    let memory = deployed.memory_size.to_string();
    let given = [
        ("AWS_ENDPOINT_URL", cloud.endpoint()),
        ("AWS_REGION", REGION),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_ACCESS_KEY_ID", CREDENTIAL),
        ("AWS_SECRET_ACCESS_KEY", CREDENTIAL),
        ("AWS_LAMBDA_FUNCTION_NAME", function),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &memory),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("TZ", ":UTC"),
    ];
    environment.extend(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Ok(environment)
}
