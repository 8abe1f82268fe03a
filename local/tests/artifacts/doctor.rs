//! `./local/shop doctor` tells what a machine lacks: here, machines made of a folder of programs.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use tempfile::TempDir;

/// Programs that every Linux has.
const BASE: [&str; 8] = ["sh", "uname", "sed", "grep", "sort", "head", "awk", "dirname"];

/// A machine that has these programs, and no others; a hundred gigabytes free, nothing built.
fn machine(programs: &[(&str, &str)]) -> TempDir {
    machine_with_disk(programs, 100, 0)
}

/// The same with so many gibibytes free, and so many built before.
fn machine_with_disk(programs: &[(&str, &str)], free: u64, built: u64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for name in BASE {
        let program = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.exists());
        symlink(program.unwrap(), folder.path().join(name)).unwrap();
    }
    let df = format!("Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/sda 0 0 {} 0% /", free << 20);
    let du = format!("{0} target\n{0} total", built << 20);
    for (name, answer) in programs.iter().copied().chain([("df", df.as_str()), ("du", du.as_str())]) {
        let program = folder.path().join(name);
        fs::write(&program, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// The output of the doctor, and whether it succeeds.
fn examined(machine: &TempDir) -> (String, bool) {
    let doctor = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/scripts/doctor.sh");
    let output = Command::new(doctor).env_clear().env("PATH", machine.path()).output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.success())
}

fn line<'a>(report: &'a str, program: &str) -> &'a str {
    report.lines().find(|line| line.split_whitespace().nth(1) == Some(program)).unwrap()
}

#[test]
fn a_machine_with_everything_needed_is_well() {
    let (report, well) =
        examined(&machine(&[("cargo", "cargo 1.99.0"), ("cc", "cc 12"), ("python3", "Python 3.12.1")]));
    assert!(well, "{report}");
    assert!(report.ends_with("everything that ./local/up and ./local/test need is here\n"), "{report}");
}

#[test]
fn missing_or_old_tool_is_named_with_its_remedy() {
    let (report, well) = examined(&machine(&[("cargo", "cargo 1.80.0"), ("python3", "Python 3.9.2")]));
    assert!(!well, "{report}");
    assert!(line(&report, "cargo").contains("1.80.0 is too old: Rust 1.94.1 or newer"), "{report}");
    assert!(line(&report, "python3").contains("3.9.2 is too old: Python 3.10 or newer"), "{report}");
    assert!(line(&report, "cc").contains("MISSING") && line(&report, "cc").contains("apt install"), "{report}");
    assert!(report.ends_with("doctor: 3 missing\n"), "{report}");
}

#[test]
fn a_disk_has_to_hold_what_is_not_yet_built() {
    let programs = [("cargo", "cargo 1.99.0"), ("cc", "cc 12"), ("python3", "Python 3.12.1")];
    let (report, well) = examined(&machine_with_disk(&programs, 4, 3));
    assert!(!well, "{report}");
    let disk = line(&report, "disk");
    assert!(disk.contains("4 GiB free: builds and tools take about 8, of which 3 are here"), "{report}");
    let (report, well) = examined(&machine_with_disk(&programs, 1, 7));
    assert!(well, "{report}");
}

#[test]
fn missing_deployment_tool_is_named_and_is_no_failure() {
    let (report, well) =
        examined(&machine(&[("cargo", "cargo 1.99.0"), ("cc", "cc 12"), ("python3", "Python 3.12.1")]));
    assert!(well && line(&report, "sam").trim_start().starts_with('-'), "{report}");
}
