//! The deployed functions contain nothing of the local cloud, and no switch that turns identity off.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use regex_lite::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Every crate that is linked into a function, by name.
fn linked() -> BTreeSet<String> {
    let arguments =
        ["tree", "--locked", "--package", "sijang-functions", "--edges", "normal,build", "--prefix", "none"];
    let tree =
        Command::new(env!("CARGO")).args(arguments).args(["--format", "{lib}"]).current_dir(root()).output().unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    String::from_utf8(tree.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The sources of the deployed functions, with their paths.
fn sources() -> Vec<(PathBuf, String)> {
    let (mut folders, mut sources) = (vec![root().join("functions"), root().join("shared")], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "toml") {
                let text = fs::read_to_string(&path).unwrap();
                sources.push((path, text));
            }
        }
    }
    sources
}

#[test]
fn the_local_sign_in_is_not_in_a_function() {
    let linked = linked();
    for part in ["sijang_edge", "sijang_storage", "sijang_domain"] {
        assert!(linked.contains(part), "{part}: {linked:?}");
    }
    for local in ["sijang_cli", "sijang_cloud", "sijang_portal", "sijang_fuzz", "dynoxide", "axum", "reqwest"] {
        assert!(!linked.contains(local), "{local} is linked into the functions");
    }
}

#[test]
fn nothing_that_is_deployed_is_another_program_under_another_feature() {
    for (path, text) in sources() {
        let shown = path.display();
        for switch in ["cfg(feature", "cfg!(feature", "cfg!(debug_assertions", "[features]"] {
            assert!(!text.contains(switch), "{shown} has {switch}");
        }
    }
}

#[test]
fn the_environment_says_nothing_of_who_asks() {
    let variable = Regex::new(r#"(?:env::var(?:_os)?|named|sdk_config|amount_from_env)\("([A-Z0-9_]+)"\)"#).unwrap();
    let mut read = BTreeSet::new();
    for (path, text) in sources() {
        read.extend(variable.captures_iter(&text).map(|found| found[1].to_owned()));
        // By a name that is computed, the environment is read in one place for each kind of thing.
        let computed = text.matches("env::var(name)").count();
        let places = ["connection.rs", "store.rs", "queue.rs", "environment.rs"];
        let allowed = usize::from(places.iter().any(|file| path.ends_with(file)));
        assert!(computed <= allowed, "{} reads variables by a computed name", path.display());
    }
    let expected = [
        // By these two metrics are named.
        "AWS_LAMBDA_FUNCTION_NAME",
        "STACK_NAME",
        // By these the services are reached.
        "AWS_CA_BUNDLE",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_SQS",
        "AWS_REGION",
        "BALANCES_TABLE",
        "BALANCE_MAX",
        "CANCELLATION_DAYS",
        "COUPONS_TABLE",
        "CURSOR_KEY",
        "DEPOSIT_MAX",
        "DEPOSIT_MIN",
        "EVENTS_TABLE",
        "ORDERS_TABLE",
        "ORDER_EVENTS_DLQ_URL",
        "ORDER_EVENTS_QUEUE_URL",
        "PLATFORM_BUCKET",
        "PRODUCTS_TABLE",
        "PSEUDONYM_KEY",
        "RUST_LOG",
        "SALES_TABLE",
        "STAFF_ACTIONS_TABLE",
        "USER_COUPONS_TABLE",
    ];
    assert_eq!(read, expected.map(str::to_owned).into(), "a new variable: can it be used to pass for somebody?");
}
