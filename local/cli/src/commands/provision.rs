//! `./local/shop provision`

use anyhow::Result;
use clap::Args;
use sijang_cli::provision::{Engines, provision};
use sijang_cloud::{layout::Repository, progress::Progress, stack::STACK_NAME, template::Template};

/// Creates the tables and queues of template.yaml in other engines, and prints the environment of the functions.
///
/// The engines are those of AWS_ENDPOINT_URL, or of AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SQS.
/// Existing tables and queues are not changed.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Provision {
    /// The stack's name, which the names of tables and queues begin with
    #[arg(long, value_name = "NAME", default_value = STACK_NAME)]
    stack: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Provision {
    pub(super) async fn run(self) -> Result<()> {
        let template = Template::load(&Repository::find()?.template())?;
        let engines = Engines::from_env()?;
        let provisioned = provision(&template, &engines, &self.stack);
        let environment = Progress::new(false).wait("waiting for tables and queues", provisioned).await?;
        if self.json {
            println!("{:#}", serde_json::to_value(environment)?);
            return Ok(());
        }
        for (name, value) in environment {
            println!("{name}={value}");
        }
        Ok(())
    }
}
