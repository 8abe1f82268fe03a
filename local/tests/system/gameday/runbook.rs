//! Runbooks as they are followed: the commands of a page that are marked `gameday`, run in a shell with the operator's
//! environment. `aws` is the part of the AWS CLI that the pages use, on the library below it.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sijang_cloud::{
    layout::Repository,
    ministack::{MiniStack, REGION},
    progress::Progress,
    stack::STACK_NAME,
};
use sijang_testkit::http::Shop;
use tokio::process::Command;

/// The shell of an operator in the repository, with variables.
pub struct Operator {
    root: PathBuf,
    variables: BTreeMap<String, String>,
}

impl Operator {
    /// Beside a stack: what an operator does to tables suffers the faults that the functions do.
    pub async fn beside(shop: &Shop, state: &Path) -> Self {
        let repository = Repository::find().unwrap();
        let programs_of_ministack = MiniStack::fetch(&repository, Progress::new(true)).await.unwrap();
        let programs = state.join("operator");
        fs::create_dir_all(&programs).unwrap();
        let cli = Path::new(env!("CARGO_MANIFEST_DIR")).join("system/gameday/aws.py");
        let aws = programs.join("aws");
        fs::write(
            &aws,
            format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", programs_of_ministack.python().display(), cli.display()),
        )
        .unwrap();
        fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let (admin, tables) = (shop.admin(), shop.stack().faulty_endpoint());
        let variables = [
            ("PATH", path.as_str()),
            ("STACK", STACK_NAME),
            ("API", shop.local().api_url()),
            ("ADMIN", admin.token().unwrap()),
            ("AWS_ENDPOINT_URL", shop.stack().ministack_endpoint()),
            ("AWS_ENDPOINT_URL_DYNAMODB", &tables),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("NO_PROXY", "127.0.0.1"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { root: repository.root().to_owned(), variables }
    }

    /// With one more variable, as the page leaves it to the operator.
    pub fn set(&mut self, name: &str, value: &impl ToString) {
        self.variables.insert(name.to_owned(), value.to_string());
    }

    /// Runs commands and returns their output.
    pub async fn run(&self, commands: &str) -> String {
        let script = format!(". local/ops/runbooks/tools.sh\n{commands}");
        let mut shell = Command::new("bash");
        shell.args(["--noprofile", "--norc", "-c", &script]).current_dir(&self.root).envs(&self.variables);
        let output = shell.kill_on_drop(true).output().await.unwrap();
        let [out, error] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        assert!(output.status.success() && !error.contains("error"), "{commands}\n{out}{error}");
        out
    }

    /// Follows a page; what its commands print.
    pub async fn follow(&self, page: &str) -> String {
        let path = self.root.join(format!("local/ops/runbooks/{page}.md"));
        let text = fs::read_to_string(&path).unwrap();
        let blocks = text.split("\n```sh gameday\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
        let blocks: Vec<&str> = blocks.collect();
        assert!(!blocks.is_empty(), "{page} has no commands for a game day");
        let mut printed = String::new();
        for block in blocks {
            printed.push_str(&self.run(block).await);
        }
        printed
    }
}
