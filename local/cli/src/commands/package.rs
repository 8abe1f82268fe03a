//! `./local/shop package`

use anyhow::Result;
use clap::Args;
use serde_json::json;
use sijang_cli::release::{Architecture, compile, pack};
use sijang_cloud::{layout::Repository, progress::Progress, template::Template};

/// Compiles every function for Lambda and packs each into the archive that template.yaml names.
#[derive(Debug, Args)]
pub struct Package {
    /// For x86-64; the default is arm64 (AWS Graviton)
    #[arg(long)]
    x86_64: bool,
    /// Print JSON: size and SHA-256 of each archive
    #[arg(long)]
    json: bool,
}

impl Package {
    pub(super) async fn run(self) -> Result<()> {
        let repository = Repository::find()?;
        let template = Template::load(&repository.template())?;
        let architecture = if self.x86_64 { Architecture::X86_64 } else { Architecture::Arm64 };
        let folder = compile(&repository, architecture, Progress::new(false)).await?;
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
