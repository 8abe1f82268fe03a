//! `SECURITY.md` names tests: they are there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use regex_lite::Regex;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Everything in which a test can be.
fn sources() -> String {
    let (mut folders, mut sources) =
        (["functions", "shared", "local"].map(|folder| root().join(folder)).to_vec(), String::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    sources
}

#[test]
fn every_test_and_file_that_the_page_names_is_there() {
    let page = fs::read_to_string(root().join("local/tests/SECURITY.md")).unwrap();
    let (row, sources) = (Regex::new("`([a-z0-9_]+(?:::[a-z0-9_]+)*)`").unwrap(), sources());
    // A name of four words or more, as tests have them.
    let named: Vec<&str> = row.captures_iter(&page).map(|found| found.get(1).unwrap().as_str()).collect();
    let tests: Vec<&str> = named.into_iter().filter(|name| name.matches('_').count() >= 3).collect();
    assert!(tests.len() >= 30, "only {tests:?}");
    for test in tests {
        let last = test.rsplit("::").next().unwrap();
        let is_there = sources.contains(&format!("fn {last}(")) || sources.contains(&format!("::{last}\""));
        assert!(is_there, "SECURITY.md names a test {test}, which is not there");
    }
    let link = Regex::new(r"\]\(([^)#]+)\)").unwrap();
    for found in link.captures_iter(&page).filter(|found| !found[1].starts_with("http")) {
        assert!(
            root().join("local/tests").join(&found[1]).exists(),
            "SECURITY.md links to {}, which is not there",
            &found[1]
        );
    }
}
