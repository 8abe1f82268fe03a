//! Artifacts agree with the code: template, OpenAPI document, release packages, provisioning,
//! pages and tables, the corpus of the fuzz targets.

// In a test, what fails to unwrap fails the test.
#![allow(clippy::unwrap_used)]

mod doctor;
mod edge;
mod fuzz_corpus;
mod identity;
mod isolation;
mod mutations;
mod openapi;
mod package;
mod provision;
mod readme_tables;
mod release;
mod security_page;
mod template;
mod walk;
mod watching;

use std::{
    env,
    path::{Path, PathBuf},
};

/// The repository, or the copy of it in which [`walk`] adds a route.
fn root() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned();
    env::var_os(walk::ROOT).map_or_else(own, PathBuf::from)
}
