//! The release for AWS: every function compiled at once and packed into an archive of its own, where `template.yaml`
//! looks for it. Packing once serves every environment, and the same commit gives the same bytes on any machine.

mod archive;
mod compile;
mod pgo;

use std::{collections::BTreeMap, fmt, fs, path::Path};

use anyhow::{Context, Result, ensure};

use sijang_cloud::digest::sha256;

pub use self::{
    compile::{PROFILED, compile, compile_by_profile},
    pgo::Pgo,
};

/// The processor that the functions are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// AWS Graviton.
    Arm64,
    /// Intel and AMD.
    X86_64,
}

impl Architecture {
    /// Of this machine, if it is one of them.
    fn here() -> Option<Self> {
        match std::env::consts::ARCH {
            "aarch64" => Some(Self::Arm64),
            "x86_64" => Some(Self::X86_64),
            _ => None,
        }
    }

    /// `e_machine` of its ELF files.
    fn machine(self) -> [u8; 2] {
        match self {
            Self::Arm64 => [0xb7, 0],
            Self::X86_64 => [0x3e, 0],
        }
    }
}

/// As the template's parameter `Architecture` has it.
impl fmt::Display for Architecture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        })
    }
}

/// A packed function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Size of the archive in bytes.
    pub size: usize,
    /// Digest of the archive.
    pub sha256: String,
}

/// Packs each function's `NAME/bootstrap` in `folder` into `NAME/bootstrap.zip`. Beside them come `SHA256SUMS`, by which
/// a deployment knows that it has what was packed, and `parameters.yaml`, which tells the template what it was packed for.
pub fn pack<'a>(
    folder: &Path,
    functions: impl IntoIterator<Item = &'a str>,
    architecture: Architecture,
) -> Result<BTreeMap<String, Packed>> {
    let mut packed = BTreeMap::new();
    for name in functions {
        let home = folder.join(name);
        let binary = fs::read(home.join("bootstrap")).with_context(|| format!("{name} was not compiled"))?;
        let machine = binary.get(18..20).filter(|_| binary.starts_with(b"\x7fELF"));
        ensure!(machine == Some(&architecture.machine()), "{name} was not compiled for {architecture}");
        let archive = archive::of(&binary)?;
        fs::write(home.join("bootstrap.zip"), &archive)?;
        packed.insert(name.to_owned(), Packed { size: archive.len(), sha256: sha256(&archive) });
    }
    let sums = packed.iter().map(|(name, packed)| format!("{}  {name}/bootstrap.zip\n", packed.sha256));
    fs::write(folder.join("SHA256SUMS"), sums.collect::<String>())?;
    fs::write(folder.join("parameters.yaml"), format!("Architecture: {architecture}\n"))?;
    Ok(packed)
}
