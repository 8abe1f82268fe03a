//! "How to add a route" of functions/README.md, done in a copy: after each step, exactly the tests fail that name what is
//! still missing, and after the last step none.
//!
//! The route is `get-customer-balance` again, under another name. The tests are those of this binary, which reads the copy.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use sijang_cli::mutations::Copy;
use sijang_cloud::layout::Repository;
use tempfile::TempDir;

/// Names the root of the copy that the tests read.
pub const ROOT: &str = "SIJANG_ROOT";

/// How the names of the pattern are those of the new route.
const NAMES: [(&str, &str); 4] = [
    ("get-customer-balance", "show-customer-wallet"),
    ("get_customer_balance", "show_customer_wallet"),
    ("GetCustomerBalance", "ShowCustomerWallet"),
    ("/v1/admin/customers/{user_id}/balance", "/v1/admin/customers/{user_id}/wallet"),
];

const BINARIES: &str = "template::functions_match_the_binaries_one_to_one";
const COSTS: &str = "readme_tables::the_table_of_costs_has_a_row_for_every_route_that_calls_a_table";
const DATA_KEY: &str = "template::roles_may_use_the_data_key_and_senders_generate_data_keys";
const OPERATIONS: &str = "openapi::the_operations_are_the_routes_of_the_template_and_its_functions";
const ROUTES: &str = "readme_tables::the_table_of_routes_is_that_of_the_template";
const SCOPES: &str = "openapi::an_operation_wants_the_scopes_that_its_route_wants";
const THROTTLING: &str = "template::routes_have_the_throttling_of_their_class";

fn renamed(text: &str) -> String {
    NAMES.iter().fold(text.to_owned(), |text, (pattern, new)| text.replace(pattern, new))
}

/// Writes a file of the new function beside that of the pattern.
fn write_file(root: &Path, pattern: &str) {
    fs::write(root.join(renamed(pattern)), renamed(&fs::read_to_string(root.join(pattern)).unwrap())).unwrap();
}

/// Repeats, with the new names, what stands in a file from `from` on and before `to`.
fn repeat(root: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(root.join(file)).unwrap();
    let begin = text.find(from).unwrap_or_else(|| panic!("{file} has no {from}"));
    let end = begin + text[begin..].find(to).unwrap_or_else(|| panic!("{file} has no {to}"));
    let (head, tail) = text.split_at(end);
    fs::write(root.join(file), [head, &renamed(&head[begin..]), tail].concat()).unwrap();
}

/// Adds the operation to the OpenAPI document, as the code with the new function generates it.
fn describe(root: &Path) {
    let file = root.join("functions/openapi/openapi.json");
    let mut document: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let (pattern, new) = NAMES[3];
    document["paths"][new] = serde_json::from_str(&renamed(&document["paths"][pattern].to_string())).unwrap();
    fs::write(file, document.to_string()).unwrap();
}

/// The steps that the tests of this binary see, each with the tests that fail after it.
type Step = (fn(&Path), &'static [&'static str]);

const STEPS: [Step; 9] = [
    (|root| write_file(root, "functions/src/balances/get_customer_balance.rs"), &[BINARIES]),
    (|root| write_file(root, "functions/src/bin/get-customer-balance.rs"), &[BINARIES]),
    (
        |root| repeat(root, "template.yaml", "  GetCustomerBalance:\n", "  # A customer's ledger"),
        &[COSTS, DATA_KEY, OPERATIONS, ROUTES, SCOPES, THROTTLING],
    ),
    (
        |root| repeat(root, "template.yaml", "!Ref GetCustomerBalanceRole, ", "!Ref ListCustomerLedgerRole"),
        &[COSTS, OPERATIONS, ROUTES, SCOPES, THROTTLING],
    ),
    (
        |root| {
            let route = "        GET /v1/admin/customers/{user_id}/balance:";
            repeat(root, "template.yaml", route, "        GET /v1/admin/customers/{user_id}/balance/transactions:");
        },
        &[COSTS, OPERATIONS, ROUTES, SCOPES],
    ),
    (describe, &[COSTS, ROUTES]),
    (
        |root| {
            let row = "| `GET /v1/admin/customers/{user_id}/balance` |";
            repeat(root, "functions/README.md", row, "| `GET /v1/admin/customers/{user_id}/balance/transactions`");
        },
        &[COSTS],
    ),
    (|root| repeat(root, "local/lab/BUDGET.md", "| get-customer-balance |", "| list-customer-ledger |"), &[]),
    // The compiler alone reads these.
    (
        |root| {
            repeat(root, "functions/src/lib.rs", "    pub mod get_customer_balance;\n", "    pub mod list_balance");
            repeat(
                root,
                "functions/src/operations.rs",
                "    balances::get_customer_balance(",
                "    balances::list_balance",
            );
        },
        &[],
    ),
];

/// A copy of what the steps change and the tests read.
fn copy() -> TempDir {
    let copy = TempDir::new().unwrap();
    let mut names = ["template.yaml", "functions", "local/lab/BUDGET.md"].map(PathBuf::from).to_vec();
    while let Some(name) = names.pop() {
        let (from, to) = (crate::root().join(&name), copy.path().join(&name));
        if from.is_dir() {
            names.extend(fs::read_dir(from).unwrap().map(|entry| name.join(entry.unwrap().file_name())));
        } else {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        }
    }
    copy
}

/// The tests on what a route needs.
const OF_A_ROUTE: [&str; 8] = [
    "template::functions_",
    "template::a_binary_",
    "template::roles_",
    "template::routes_",
    "openapi::the_operations_",
    "openapi::an_operation_",
    "readme_tables::the_table_of_routes_",
    "readme_tables::the_table_of_costs_",
];

/// Those of these tests that fail when they read this copy, and all that they say.
fn failures(root: &Path, tests: &[&str]) -> (BTreeSet<String>, String) {
    let output = Command::new(env::current_exe().unwrap()).args(tests).env(ROOT, root).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("test result: "), "{text}");
    let failed = |line: &str| Some(line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?.to_owned());
    (text.lines().filter_map(failed).collect(), text)
}

#[test]
fn each_missing_piece_of_a_new_route_fails_a_test_that_names_it() {
    let copy = copy();
    for (number, (step, expected)) in STEPS.iter().enumerate() {
        step(copy.path());
        let (failed, text) = failures(copy.path(), &OF_A_ROUTE);
        assert_eq!(failed, expected.iter().map(|&name| name.to_owned()).collect(), "after step {}", number + 1);
        let named = NAMES.iter().any(|(_, new)| text.contains(new));
        assert_eq!(named, !expected.is_empty(), "after step {}: {text}", number + 1);
    }
    let (failed, text) = failures(copy.path(), &["template::", OF_A_ROUTE[4], OF_A_ROUTE[5], OF_A_ROUTE[6], COSTS]);
    assert_eq!(failed, BTreeSet::new(), "after the last step: {text}");
}

/// It compiles a copy of the project: `cargo test -p sijang-tests --test artifacts walk -- --ignored`.
#[tokio::test]
#[ignore = "compiles for minutes"]
async fn a_new_route_compiles_and_its_document_is_generated() {
    let copy = Copy::of(&Repository::find().unwrap(), 0).await.unwrap();
    for (step, _) in STEPS {
        step(copy.root());
    }
    for update in [true, false] {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "test",
            "--locked",
            "-p",
            "sijang-tests",
            "--test",
            "artifacts",
            "--",
            "openapi::",
            "fuzz_corpus::",
        ]);
        cargo.current_dir(copy.root()).env("CARGO_TARGET_DIR", copy.target()).env_remove(ROOT);
        if update {
            cargo.env("UPDATE_EXPECT", "1");
        }
        assert!(cargo.status().unwrap().success());
    }
    let document = fs::read_to_string(copy.root().join("functions/openapi/openapi.json")).unwrap();
    assert!(document.contains(NAMES[0].1));
}
