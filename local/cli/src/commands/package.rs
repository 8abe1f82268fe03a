//! `./local/shop package`

use std::path::Path;

use anyhow::{Result, ensure};
use clap::Args;
use serde_json::json;
use sijang_cli::release::{Architecture, compile, compile_by_profile, pack};
use sijang_cloud::{layout::Repository, progress::Progress, template::Template};

use super::cargo;

/// Compiles every function for Lambda and packs each into the archive that template.yaml names.
#[derive(Debug, Args)]
pub struct Package {
    /// For x86-64; the default is arm64 (AWS Graviton)
    #[arg(long)]
    x86_64: bool,
    /// Optimize by a profile (PGO): those functions that are called most are compiled first, and do a shop's work. For
    /// this machine's architecture only; other than without it, two builds of one commit can differ in their bytes
    #[arg(long)]
    pgo: bool,
    /// Print JSON: size and SHA-256 of each archive
    #[arg(long)]
    json: bool,
}

impl Package {
    pub(super) async fn run(self) -> Result<()> {
        let repository = Repository::find()?;
        let template = Template::load(&repository.template())?;
        let architecture = if self.x86_64 { Architecture::X86_64 } else { Architecture::Arm64 };
        let progress = Progress::new(false);
        let folder = if self.pgo {
            compile_by_profile(&repository, architecture, train, progress).await?
        } else {
            compile(&repository, architecture, &[], &[], progress).await?
        };
        let packed = pack(&folder, template.functions().iter().map(|function| function.name.as_str()), architecture)?;
        if self.json {
            let packed = packed
                .iter()
                .map(|(name, packed)| (name.clone(), json!({"bytes": packed.size, "sha256": packed.sha256})));
            println!("{:#}", serde_json::Value::Object(packed.collect()));
            return Ok(());
        }
        for (name, packed) in &packed {
            println!("{:>9} bytes  {}  {name}", packed.size, packed.sha256);
        }
        let total: usize = packed.values().map(|packed| packed.size).sum();
        println!("{total:>9} bytes  {} functions for {architecture} in {}", packed.len(), folder.display());
        Ok(())
    }
}

/// Lets the functions in this folder do the work of a shop. The shop is the benchmark's.
async fn train(functions: &Path) -> Result<()> {
    let mut work = cargo(&["test", "--workspace", "--locked", "--test", "bench", "--", "train"])?;
    ensure!(work.arg(functions).status()?.success(), "the functions do not work");
    Ok(())
}
