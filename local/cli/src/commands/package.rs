//! `./local/package [--x86-64]`

use anyhow::Result;
use clap::Args;
use sijang_cli::release::{Architecture, compile, pack};
use sijang_cloud::{layout::Repository, progress::Progress, template::Template};

/// Compiles every function for Lambda, once, and packs each where `template.yaml` looks for it.
#[derive(Debug, Args)]
pub struct Package {
    /// For Intel and AMD; else it is for AWS Graviton
    #[arg(long)]
    x86_64: bool,
}

impl Package {
    pub(super) async fn run(self) -> Result<()> {
        let repository = Repository::find()?;
        let template = Template::load(&repository.template())?;
        let architecture = if self.x86_64 { Architecture::X86_64 } else { Architecture::Arm64 };
        let folder = compile(&repository, architecture, Progress::new(false)).await?;
        let packed = pack(&folder, template.functions().iter().map(|function| function.name.as_str()), architecture)?;
        for (name, packed) in &packed {
            println!("{:>9} bytes  {}  {name}", packed.size, packed.sha256);
        }
        let total: usize = packed.values().map(|packed| packed.size).sum();
        println!("{total:>9} bytes  {} functions for {architecture} in {}", packed.len(), folder.display());
        Ok(())
    }
}
