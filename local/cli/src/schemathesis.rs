//! Checks the running shop against its contract from outside: schemathesis attacks it with the OpenAPI document, and a
//! client that a public generator makes from the document goes shopping. Both are fetched with pip when first wanted.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::Result;
use serde_json::{Value, json};
use sijang_cloud::{
    layout::Repository,
    progress::Progress,
    python::{Environment, run},
};
use sijang_portal::OPENAPI;
use tokio::process::Command;

use crate::shop::LocalShop;

const REQUIREMENTS: &str = include_str!("../schemathesis/requirements.txt");

/// The programs.
#[derive(Debug, Clone)]
pub struct Checkers {
    programs: Environment,
    /// `local/cli/schemathesis`: how they are used.
    recipes: PathBuf,
}

/// How hard to attack.
#[derive(Debug, Clone)]
pub struct Attack {
    /// Generated requests for each operation and phase, at most.
    pub examples: u32,
    /// The same seed makes the same requests, but for the identifiers that the shop itself makes up.
    pub seed: u32,
    /// What to run: `examples,coverage,fuzzing,stateful`.
    pub phases: String,
}

impl Checkers {
    /// Gives the programs, fetching them when they are not there yet.
    pub async fn fetch(repository: &Repository, progress: Progress) -> Result<Self> {
        let what = "schemathesis and a client generator";
        let programs = Environment::fetch(repository, "contract", REQUIREMENTS, what, progress).await?;
        Ok(Self { programs, recipes: repository.root().join("local/cli/schemathesis") })
    }

    /// Attacks a shop as customer and administrator; `folder` is for files. The command's output ends
    /// with a summary; its status says whether anything was found.
    pub fn attack(&self, shop: &LocalShop, attack: &Attack, folder: &Path) -> Result<Command> {
        let document = folder.join("openapi.json");
        fs::write(&document, closed(serde_json::from_str(OPENAPI)?).to_string())?;
        let mut schemathesis = self.programs.program("schemathesis");
        schemathesis
            .arg("--config-file")
            .arg(self.recipes.join("schemathesis.toml"))
            .arg("run")
            .arg(&document)
            // One worker: parsing Python in two threads at once, as its generator does, fails now and then in CPython 3.11.
            .args(["--url", shop.api_url(), "--no-color", "--workers", "1", "--warnings", "off"])
            .args(["--seed", &attack.seed.to_string(), "--max-examples", &attack.examples.to_string()])
            .args(["--phases", &attack.phases])
            .env("SIJANG_CUSTOMER", shop.customers().token("schemathesis")?)
            .env("SIJANG_STAFF", shop.staff().token("schemathesis")?)
            .env("SCHEMATHESIS_HOOKS", self.recipes.join("hooks.py"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .current_dir(folder)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(schemathesis)
    }

    /// Generates a client in `folder` and runs a purchase with it. Returns its output.
    pub async fn tour(&self, shop: &LocalShop, folder: &Path) -> Result<String> {
        let document = folder.join("openapi.json");
        fs::write(&document, OPENAPI)?;
        let mut generator = self.programs.program("openapi-python-client");
        generator.arg("generate").arg("--path").arg(&document).args(["--meta", "none", "--fail-on-warning"]);
        generator.arg("--config").arg(self.recipes.join("generator.yml"));
        run(generator.arg("--output-path").arg(folder.join("client"))).await?;
        let mut tour = self.programs.program("python");
        tour.arg(self.recipes.join("tour.py")).arg(folder).arg(shop.api_url());
        let output = run(tour.arg(shop.customers().token("storefront")?)).await?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The document with every answer closed: a field that the contract does not have is a finding here, though clients
/// are asked to ignore it.
fn closed(mut document: Value) -> Value {
    for schema in document["components"]["schemas"].as_object_mut().into_iter().flatten().map(|(_, schema)| schema) {
        if schema["type"] == "object" {
            schema["additionalProperties"] = json!(false);
        }
    }
    document
}
