//! A release: archives of always the same bytes, environments that state their changes and reasons, and a
//! deployment of exactly the packed archives.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Cursor, Read},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
    time::{Duration, SystemTime},
};

use regex_lite::Regex;
use serde_json::Value;
use sijang_cli::release::{Architecture, pack};
use sijang_cloud::template::Template;
use tempfile::TempDir;
use zip::{DateTime, ZipArchive};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// The beginning of a program for a processor.
fn program(machine: u8) -> Vec<u8> {
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(18, 0);
    elf.extend([machine, 0]);
    elf.extend((0..100_000_u32).flat_map(|number| (number % 977).to_le_bytes()));
    elf
}

const ARM: u8 = 0xb7;
const INTEL: u8 = 0x3e;

/// A folder as cargo-lambda leaves it.
fn compiled(names: &[&str], machine: u8) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::create_dir_all(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join("bootstrap"), program(machine)).unwrap();
    }
    folder
}

#[test]
fn an_archive_is_always_of_the_same_bytes_whoever_packs_it_and_when() {
    let (one, other) = (compiled(&["place-order"], ARM), compiled(&["place-order"], ARM));
    let binary = other.path().join("place-order/bootstrap");
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o600)).unwrap();
    let earlier = SystemTime::now() - Duration::from_hours(10_000);
    fs::File::options().append(true).open(&binary).unwrap().set_modified(earlier).unwrap();
    for folder in [&one, &other] {
        pack(folder.path(), ["place-order"], Architecture::Arm64).unwrap();
    }
    for file in ["place-order/bootstrap.zip", "SHA256SUMS", "parameters.yaml"] {
        assert_eq!(fs::read(one.path().join(file)).unwrap(), fs::read(other.path().join(file)).unwrap(), "{file}");
    }
}

#[test]
fn archive_holds_the_bootstrap_and_nothing_of_this_machine() {
    let folder = compiled(&["get-order"], INTEL);
    let packed = pack(folder.path(), ["get-order"], Architecture::X86_64).unwrap();
    let bytes = fs::read(folder.path().join("get-order/bootstrap.zip")).unwrap();
    assert_eq!(packed["get-order"].size, bytes.len());
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    assert_eq!(archive.len(), 1);
    let mut entry = archive.by_name("bootstrap").unwrap();
    assert_eq!(entry.unix_mode().unwrap() & 0o777, 0o755, "Lambda must be able to run it");
    assert_eq!(entry.last_modified(), Some(DateTime::DEFAULT));
    let mut content = Vec::new();
    entry.read_to_end(&mut content).unwrap();
    assert_eq!(content, program(INTEL));
}

#[test]
fn a_program_for_another_processor_or_none_is_not_packed() {
    let folder = compiled(&["get-order"], INTEL);
    let error = pack(folder.path(), ["get-order"], Architecture::Arm64).unwrap_err();
    assert_eq!(error.to_string(), "get-order was not compiled for arm64");
    let error = pack(folder.path(), ["get-order", "place-order"], Architecture::X86_64).unwrap_err();
    assert_eq!(error.to_string(), "place-order was not compiled");
    fs::write(folder.path().join("get-order/bootstrap"), "#!/bin/sh\n# much too short").unwrap();
    assert!(pack(folder.path(), ["get-order"], Architecture::X86_64).is_err());
}

/// The parameters of an environment, and the lines of its file.
fn environment(name: &str) -> (BTreeMap<String, Value>, Vec<String>) {
    let text = fs::read_to_string(root().join(format!("local/ops/environments/{name}.yaml"))).unwrap();
    (serde_yaml_ng::from_str(&text).unwrap(), text.lines().map(ToOwned::to_owned).collect())
}

/// Why a parameter's declaration does not allow a value.
fn objection(declaration: &Value, value: &Value) -> Option<String> {
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    if let Some(allowed) = declaration["AllowedValues"].as_array() {
        let texts = allowed.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), ToOwned::to_owned));
        if !texts.into_iter().any(|one| one == text) {
            return Some(format!("{text} is not among {allowed:?}"));
        }
    }
    if let Some(pattern) = declaration["AllowedPattern"].as_str()
        && !Regex::new(pattern).unwrap().is_match(&text)
    {
        return Some(format!("{text} is not like {pattern}"));
    }
    let number = text.parse::<f64>();
    match declaration["Type"].as_str()? {
        "Number" if number.is_err() => Some(format!("{text} is no number")),
        "Number" if number.unwrap() < declaration["MinValue"].as_f64().unwrap_or(f64::MIN) => {
            Some(format!("{text} is too small"))
        }
        "Number" | "CommaDelimitedList" => None,
        // SAM hands a YAML boolean on as `True`.
        "String" if value.is_string() => None,
        "String" => Some(format!("{text} must stand in quotes")),
        kind => Some(format!("the type {kind} is not understood")),
    }
}

#[test]
fn every_parameter_of_an_environment_is_one_of_the_template_and_allowed() {
    let template = Template::load(&root().join("template.yaml")).unwrap();
    for name in ["dev", "prod"] {
        for (parameter, value) in environment(name).0 {
            let declaration = &template.document()["Parameters"][&parameter];
            assert!(declaration.is_object(), "{name}: the template has no parameter {parameter}");
            assert_eq!(objection(declaration, &value), None, "{name}: {parameter}");
            assert!(!["Release", "Architecture"].contains(&parameter.as_str()), "{parameter} is of what was packed");
        }
    }
}

#[test]
fn every_group_of_parameters_says_why() {
    for name in ["dev", "prod"] {
        let (parameters, lines) = environment(name);
        assert!(!parameters.is_empty());
        let body = lines.iter().skip_while(|line| !line.is_empty()).skip(1);
        let mut explained = false;
        for line in body {
            explained = line.starts_with('#') || explained && !line.is_empty();
            assert!(explained, "{name}: nothing says why {line}");
        }
    }
}

#[test]
fn prod_is_protected_from_deletion_and_releases_by_canary() {
    let prod = environment("prod").0;
    for parameter in ["DeletionProtection", "PointInTimeRecovery", "GradualDeployment"] {
        assert_eq!(prod[parameter], "true", "{parameter}");
    }
    for reserved in ["FlashSaleConcurrency", "WorkerConcurrency"] {
        let value = &prod[reserved];
        let value = value.as_u64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap());
        assert!(value >= 5, "{reserved}");
    }
    assert!(prod["LogRetentionDays"].as_u64().unwrap() >= 365);
    assert!(!prod["AllowedOrigins"].as_str().unwrap().contains("localhost"));
}

/// A copy of the files that a deployment reads, with packed functions, and a `sam` that records its arguments.
fn deployable() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for directory in ["local/ops/environments", "local/cli/scripts", "target/lambda/get-order", "bin"] {
        fs::create_dir_all(path(directory)).unwrap();
    }
    for file in [
        "local/cli/scripts/deploy.sh",
        "local/ops/environments/samconfig.toml",
        "local/ops/environments/dev.yaml",
        "local/ops/environments/prod.yaml",
    ] {
        fs::copy(root().join(file), path(file)).unwrap();
    }
    fs::write(path("template.yaml"), "Resources: {}\n").unwrap();
    fs::write(path("target/lambda/get-order/bootstrap"), program(ARM)).unwrap();
    pack(&path("target/lambda"), ["get-order"], Architecture::Arm64).unwrap();
    fs::write(path("bin/sam"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n").unwrap();
    fs::set_permissions(path("bin/sam"), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn deploy(folder: &TempDir, arguments: &[&str]) -> Output {
    let path = format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap());
    Command::new(folder.path().join("local/cli/scripts/deploy.sh")).args(arguments).env("PATH", path).output().unwrap()
}

/// The name of the release that a deployment would be.
fn release(folder: &TempDir, arguments: &[&str]) -> String {
    let output = deploy(folder, arguments);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let (_, name) = said.split_once("Release=").unwrap();
    name.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn deployment_gives_sam_parameters_archives_and_release_name() {
    let folder = deployable();
    let output = deploy(&folder, &["prod", "--no-confirm-changeset"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let arguments: Vec<&str> = said.lines().collect();
    let (named, rest): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|argument| argument.starts_with("Release="));
    let files = ["file://local/ops/environments/prod.yaml", "file://target/lambda/parameters.yaml"];
    let configuration = ["deploy", "--config-file", "local/ops/environments/samconfig.toml", "--config-env", "prod"];
    // The checksum of its template.
    let template = "49cbd1e9008e8b67dec76613bb4d6468c822c99701820526928d43b382f35fba";
    let tags = format!("project=sijang environment=prod template={template}");
    let expected =
        [&configuration[..], &["--parameter-overrides"], &files, &["--tags", &tags], &["--no-confirm-changeset"]]
            .concat();
    assert_eq!(rest, expected);
    assert!(Regex::new("^Release=[0-9a-f]{16}$").unwrap().is_match(named[0]), "{named:?}");
}

#[test]
fn release_name_changes_if_and_only_if_its_content_does() {
    let folder = deployable();
    let dry = ["prod", "--dry-run"];
    let first = release(&folder, &dry);
    assert_eq!(release(&folder, &["prod"]), first);
    let mut seen = vec![first, release(&folder, &["dev", "--dry-run"]), release(&folder, &["prod", "--force-publish"])];
    for file in ["template.yaml", "local/ops/environments/prod.yaml"] {
        let path = folder.path().join(file);
        fs::write(&path, fs::read_to_string(&path).unwrap() + "# changed\n").unwrap();
        seen.push(release(&folder, &dry));
    }
    let mut binary = program(ARM);
    binary.push(1);
    fs::write(folder.path().join("target/lambda/get-order/bootstrap"), binary).unwrap();
    pack(&folder.path().join("target/lambda"), ["get-order"], Architecture::Arm64).unwrap();
    seen.push(release(&folder, &dry));
    let different: BTreeSet<&String> = seen.iter().collect();
    assert_eq!(different.len(), 6, "{seen:?}");
}

#[test]
fn nothing_is_deployed_that_was_not_packed_or_was_changed_since() {
    let folder = deployable();
    let archive = folder.path().join("target/lambda/get-order/bootstrap.zip");
    let mut bytes = fs::read(&archive).unwrap();
    bytes.push(0);
    fs::write(&archive, bytes).unwrap();
    let changed = deploy(&folder, &["dev"]);
    fs::remove_dir_all(folder.path().join("target/lambda")).unwrap();
    let absent = deploy(&folder, &["dev"]);
    for output in [changed, absent] {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stdout.is_empty() && String::from_utf8_lossy(&output.stderr).contains("./local/shop package"));
    }
    assert_eq!(deploy(&folder, &["staging"]).status.code(), Some(2), "there is no such environment");
}

#[test]
fn stack_names_that_resources_cannot_have_are_rejected() {
    let folder = deployable();
    for name in ["Sijang", "shop_1", "1shop", "", "my-aws-shop", "a23456789012345678901234567890123456789"] {
        let output = deploy(&folder, &["dev", "--stack-name", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("38 lower-case letters"), "{name}");
        assert_eq!(deploy(&folder, &["dev", &format!("--stack-name={name}")]).status.code(), Some(2), "{name}");
    }
    let longest = "a2345678901234567890123456789012345678";
    assert!(deploy(&folder, &["dev", "--stack-name", longest]).status.success());
    let configuration = folder.path().join("local/ops/environments/samconfig.toml");
    let text = fs::read_to_string(&configuration).unwrap().replace("\"sijang-prod\"", "\"Sijang-Prod\"");
    fs::write(configuration, text).unwrap();
    assert_eq!(deploy(&folder, &["prod"]).status.code(), Some(2));
    assert!(deploy(&folder, &["dev"]).status.success(), "the other environment has a name of its own");
}

/// A workflow of GitHub's.
fn workflow(name: &str) -> Value {
    let text = fs::read_to_string(root().join(".github/workflows").join(name)).unwrap();
    serde_yaml_ng::from_str(&text).unwrap()
}

#[test]
fn workflows_pin_actions_by_commit_and_have_least_permissions() {
    let commit = Regex::new("^[a-z-]+/[a-z-]+@[0-9a-f]{40}$").unwrap();
    let mut writes = BTreeSet::new();
    for name in ["ci.yml", "release.yml"] {
        let workflow = workflow(name);
        assert_eq!(workflow["permissions"], serde_json::json!({"contents": "read"}), "{name}");
        for (job, described) in workflow["jobs"].as_object().unwrap() {
            for step in described["steps"].as_array().into_iter().flatten() {
                if let Some(action) = step["uses"].as_str() {
                    assert!(commit.is_match(action), "{name}: {job}: {action}");
                }
            }
            for (what, may) in described["permissions"].as_object().into_iter().flatten() {
                writes.extend((may == "write").then(|| format!("{job} {what}")));
            }
        }
    }
    let expected = ["dev id-token", "prod id-token", "publish contents"].map(ToOwned::to_owned);
    assert_eq!(writes, BTreeSet::from(expected));
}

#[test]
fn release_deploys_the_same_archives_to_dev_and_then_to_prod() {
    let jobs = &workflow("release.yml")["jobs"];
    assert_eq!(jobs["check"]["uses"], "./.github/workflows/ci.yml");
    for (job, needs) in [("dev", "check"), ("prod", "dev")] {
        let job = &jobs[job];
        assert_eq!(job["needs"], needs);
        let steps = job["steps"].to_string();
        assert!(steps.contains("./local/shop deploy") && steps.contains("functions-arm64"), "{steps}");
        assert!(!steps.contains("./local/shop package"), "what is deployed is what was tried");
    }
    assert_eq!([&jobs["dev"]["environment"], &jobs["prod"]["environment"]], ["dev", "prod"]);
}
