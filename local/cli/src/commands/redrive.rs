//! `./local/shop redrive`

use anyhow::Result;
use aws_sdk_sqs::{Client, config::BehaviorVersion};
use clap::Args;
use serde_json::json;
use sijang_cli::running::Running;
use sijang_cloud::{
    layout::{Repository, StateFolder},
    progress::Progress,
    redrive::Redrive as Queues,
};

/// Moves the messages of the dead-letter queue (DLQ) of the order events back to their queue.
#[derive(Debug, Args)]
pub struct Redrive {
    /// Only print how many messages there are
    #[arg(long)]
    dry_run: bool,
    /// Move at most this many
    #[arg(long, value_name = "N")]
    max: Option<usize>,
    /// A stack on AWS, with the credentials, the region and AWS_ENDPOINT_URL of the environment; by default the running shop
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Redrive {
    pub(super) async fn run(self) -> Result<()> {
        let queues = match &self.stack {
            Some(stack) => {
                let config = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
                Queues::of_stack(Client::new(&config), stack).await?
            }
            None => running().await?,
        };
        let progress = Progress::new(false);
        let count = progress.wait("waiting for the number of messages in the DLQ", queues.count()).await?;
        // A message that fails again meanwhile comes back to the DLQ. It is not moved a second time: never more than `count`.
        let most = if self.dry_run { 0 } else { self.max.unwrap_or(count).min(count) };
        let moved = progress.wait("waiting for SQS to move the messages", queues.run(most)).await?;
        if self.json {
            println!("{}", json!({"in_dlq": count, "moved": moved, "dry_run": self.dry_run}));
        } else if count == 0 {
            println!("the DLQ is empty");
        } else if self.dry_run {
            println!("{count} DLQ messages would be moved to the queue");
        } else {
            println!("{moved} of {count} DLQ messages moved to the queue");
        }
        Ok(())
    }
}

/// The queues of the shop that runs on this machine.
async fn running() -> Result<Queues> {
    let running = Running::read(&StateFolder::open(Repository::find()?.state())?)?;
    Queues::of_local_stack(&running.ministack_endpoint, &running.stack_name).await
}
