//! Puts the `main` of every function's binary into one program, and lists them by name.

use std::{env, error::Error, fs, path::PathBuf};

const BINARIES: &str = "../../../functions/src/bin";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={BINARIES}");
    let (mut modules, mut functions) = (Vec::new(), Vec::new());
    for file in fs::read_dir(BINARIES)? {
        let file = file?.path();
        let name = file.file_stem().and_then(|stem| stem.to_str()).ok_or("a file without a name")?;
        let module = name.replace('-', "_");
        let source = fs::read_to_string(&file)?.replace("//!", "//").replace("fn main", "pub fn main");
        modules.push(format!("mod {module} {{ {source} }}"));
        functions.push(format!("({name:?}, {module}::main)"));
    }
    let (modules, functions) = (modules.join("\n"), functions.join(",\n"));
    let list = format!("const FUNCTIONS: &[(&str, Main)] = &[{functions}];");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    Ok(fs::write(folder.join("functions.rs"), format!("{modules}\n{list}"))?)
}
