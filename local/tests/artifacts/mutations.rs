//! The tables of mutations and the page of proof agree with the code: the text to replace is there, and the tests
//! that they name exist. (`./local/shop mutate` makes the mutations and checks that those tests fail.)

use std::{fs, path::Path};

use sijang_cli::mutations::{TestName, table};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

#[test]
fn mutations_apply_and_their_tests_exist() {
    let mutations = table(root()).unwrap();
    assert!(mutations.len() >= 40, "only {} mutations", mutations.len());
    let wrong = |mutation: &sijang_cli::mutations::Mutation| {
        let text = fs::read_to_string(root().join(&mutation.file));
        let mutated = text.map_err(Into::into).and_then(|text| mutation.applied_to(&text));
        let exists = mutation.caught_by.exists(root()).unwrap();
        let missing = (!exists).then(|| format!("{}: there is no test {}", mutation.name, mutation.caught_by));
        mutated.err().map(|error| format!("{error:#}")).into_iter().chain(missing).collect::<Vec<_>>()
    };
    let wrong: Vec<String> = mutations.iter().flat_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_of_proof_names_tests_that_exist() {
    let page = fs::read_to_string(root().join("local/tests/PROOF.md")).unwrap();
    let quoted = page.split('`').skip(1).step_by(2);
    let named: Vec<TestName> = quoted.filter(|text| text.contains("::")).map(|text| text.parse().unwrap()).collect();
    assert!(named.len() >= 20, "only {} tests", named.len());
    for test in named {
        assert!(test.exists(root()).unwrap(), "there is no test {test}");
    }
}

#[test]
fn a_test_is_known_by_its_module_and_its_name() {
    let exists = |name: &str| name.parse::<TestName>().unwrap().exists(root()).unwrap();
    assert!(exists("storage: orders::every_short_line_is_told"));
    assert!(exists("sijang-domain: money::tests::money_has_both_ends"));
    assert!(exists("system: rules::orders::inactive_product_cannot_be_ordered"));
    assert!(exists("artifacts: mutations::a_test_is_known_by_its_module_and_its_name"));
    assert!(!exists("storage: coupons::every_short_line_is_told"));
    assert!(!exists("storage: orders::no_such_rule"));
    assert!(!exists("no_such_target: orders::every_short_line_is_told"));
}
