//! The table of mutations: the file, the change, and the test that fails.
//!
//! To add one, write into the file of its area in `local/lab/mutations`:
//!
//! ```yaml
//! - mutation: stock is not asked for
//!   file: shared/storage/src/catalogue.rs
//!   find: stock >= :units AND active
//!   replace: active
//!   caught_by: "storage: rounds::many_buyers_get_exactly_the_units_in_stock"
//! ```
//!
//! `find` must stand in the file exactly once. With `with`, the test gets environment variables. A test that runs the
//! functions' binaries does not do: the binaries are not built.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::TestName;

/// One rule broken.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mutation {
    /// A description of the mutation.
    #[serde(rename = "mutation")]
    pub name: String,
    /// In which file of the project.
    pub file: String,
    /// The text that is taken out; it stands in the file exactly once.
    pub find: String,
    /// The text that is put in its place.
    pub replace: String,
    /// The test that must fail.
    pub caught_by: TestName,
    /// Environment variables for the test.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
}

impl Mutation {
    /// The text of the mutation's file with the mutation in it.
    ///
    /// # Errors
    /// When the text to replace does not occur exactly once, or nothing would change.
    pub fn applied_to(&self, text: &str) -> Result<String> {
        let count = text.matches(&self.find).count();
        ensure!(count == 1, "{}: its `find` stands {count} times in {}", self.name, self.file);
        ensure!(self.find != self.replace, "{}: it changes nothing", self.name);
        Ok(text.replacen(&self.find, &self.replace, 1))
    }
}

/// All mutations of the project at `root`, area by area.
///
/// # Errors
/// When a file cannot be read, or two mutations have one name.
pub fn table(root: &Path) -> Result<Vec<Mutation>> {
    let folder = root.join("local/lab/mutations");
    let mut areas = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    areas.sort();
    let mut mutations: Vec<Mutation> = Vec::new();
    for area in areas {
        let area_mutations: Vec<Mutation> = serde_yaml_ng::from_str(&fs::read_to_string(&area)?)
            .with_context(|| format!("{} is no table of mutations", area.display()))?;
        for mutation in area_mutations {
            let known = mutations.iter().any(|known| known.name == mutation.name);
            ensure!(!known, "two mutations are called {}", mutation.name);
            mutations.push(mutation);
        }
    }
    Ok(mutations)
}
