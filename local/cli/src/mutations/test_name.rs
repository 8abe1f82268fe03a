//! A test by its name: `storage: orders::every_short_line_is_told` is that test of the target `storage`.
//!
//! Tables and pages name tests. Whether they exist is read from the sources, which costs nothing; a renamed test is
//! noticed at once.

use std::{fmt, fs, path::Path, str::FromStr};

use anyhow::{Context, Error, Result};
use serde::Deserialize;

/// Packages whose unit tests can be named, and where their sources are.
const PACKAGES: [(&str, &str); 8] = [
    ("sijang-domain", "shared/domain/src"),
    ("sijang-storage", "shared/storage/src"),
    ("sijang-edge", "shared/edge/src"),
    ("sijang-platform", "shared/platform/src"),
    ("sijang-cloud", "local/cloud/src"),
    ("sijang-portal", "local/portal/src"),
    ("sijang-cli", "local/cli/src"),
    ("sijang-testkit", "local/testkit/src"),
];

/// The name of a test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct TestName {
    /// A test target of `local/tests`, or a package for its unit tests.
    pub target: String,
    /// The test's path within it.
    pub path: String,
}

impl FromStr for TestName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (target, path) = text.split_once(": ").with_context(|| format!("`{text}` is not `target: test`"))?;
        Ok(Self { target: target.to_owned(), path: path.to_owned() })
    }
}

impl TryFrom<String> for TestName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl fmt::Display for TestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}: {}", self.target, self.path))
    }
}

impl TestName {
    /// Cargo's arguments to build and run it.
    ///
    /// Cargo chooses the features of the dependencies by what is built together, and would compile them once more for
    /// each choice. `sijang-tests` and `sijang-lab` depend on all the others: with them, the features are those of `./local/test`.
    pub fn selection(&self) -> Vec<String> {
        let package = |name: &str| ["--package".to_owned(), name.to_owned()];
        let target = match PACKAGES.iter().find(|(name, _)| *name == self.target) {
            Some((name, _)) => [package(name).as_slice(), &["--lib".to_owned()]].concat(),
            None => vec!["--test".to_owned(), self.target.clone()],
        };
        [package("sijang-tests"), package("sijang-lab")].concat().into_iter().chain(target).collect()
    }

    /// Cargo's name of the target.
    pub fn artifact(&self) -> String {
        let is_package = PACKAGES.iter().any(|(name, _)| *name == self.target);
        if is_package { self.target.replace('-', "_") } else { self.target.clone() }
    }

    /// Whether the sources of the project at `root` have this test: as a function of its module, or as the name of a
    /// trial.
    ///
    /// # Errors
    /// When the sources cannot be read.
    pub fn exists(&self, root: &Path) -> Result<bool> {
        let (module, function) = self.path.rsplit_once("::").unwrap_or(("", &self.path));
        let module = module.trim_end_matches("tests").trim_end_matches("::");
        let (function, trial) = (format!("fn {function}("), format!("\"{}\"", self.path));
        let found = |(at, text): &(String, String)| (at == module && text.contains(&function)) || text.contains(&trial);
        Ok(self.sources(root)?.iter().any(found))
    }

    /// Module and text of each source file of the target.
    fn sources(&self, root: &Path) -> Result<Vec<(String, String)>> {
        let mut sources = Vec::new();
        if let Some((_, folder)) = PACKAGES.iter().find(|(name, _)| *name == self.target) {
            read(&root.join(folder), "", &mut sources)?;
            return Ok(sources);
        }
        for tests in ["local/tests", "local/lab"] {
            let folder = root.join(tests).join(&self.target);
            if folder.is_dir() {
                read(&folder, "", &mut sources)?;
            }
        }
        Ok(sources)
    }
}

fn read(folder: &Path, module: &str, sources: &mut Vec<(String, String)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        let inner = if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") };
        if path.is_dir() {
            read(&path, &inner, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let own = if ["main", "lib", "mod"].contains(&name) { module.to_owned() } else { inner };
            sources.push((own, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
