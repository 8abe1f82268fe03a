//! `AWS_ENDPOINT_URL=URL ./local/provision [--stack NAME]`

use anyhow::Result;
use clap::Args;
use sijang_cli::provision::{Engines, provision};
use sijang_cloud::{layout::Repository, stack::STACK_NAME, template::Template};

/// Makes the tables and queues of `template.yaml` where `AWS_ENDPOINT_URL` says (or `AWS_ENDPOINT_URL_DYNAMODB` and
/// `AWS_ENDPOINT_URL_SQS`), and prints the environment that leads the functions there.
#[derive(Debug, Args)]
pub struct Provision {
    /// What their names begin with
    #[arg(long, default_value = STACK_NAME)]
    stack: String,
}

impl Provision {
    pub(super) async fn run(self) -> Result<()> {
        let template = Template::load(&Repository::find()?.template())?;
        for (name, value) in provision(&template, &Engines::from_env()?, &self.stack).await? {
            println!("{name}={value}");
        }
        Ok(())
    }
}
