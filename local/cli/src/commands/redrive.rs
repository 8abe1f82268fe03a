//! `./local/redrive [--dry-run] [--max N] [--stack NAME]`

use anyhow::Result;
use aws_sdk_sqs::{Client, config::BehaviorVersion};
use clap::Args;
use sijang_cli::running::Running;
use sijang_cloud::{
    layout::{Repository, StateFolder},
    redrive::Redrive as Move,
};

/// Brings the dead letters of the order events back to their queue, of the running shop or of a stack on AWS.
#[derive(Debug, Args)]
pub struct Redrive {
    /// Only say how many there are
    #[arg(long)]
    dry_run: bool,
    /// Move no more than so many
    #[arg(long)]
    max: Option<usize>,
    /// A stack on AWS, with the usual credentials, region and `AWS_ENDPOINT_URL` of the environment; else it is the
    /// running shop's
    #[arg(long)]
    stack: Option<String>,
}

impl Redrive {
    pub(super) async fn run(self) -> Result<()> {
        let redrive = match &self.stack {
            Some(stack) => {
                let config = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
                Move::of_stack(Client::new(&config), stack).await?
            }
            None => running().await?,
        };
        let there = redrive.count().await?;
        if there == 0 {
            println!("there are no dead letters");
            return Ok(());
        }
        if self.dry_run {
            println!("{there} dead letters would go back to the queue");
            return Ok(());
        }
        // A letter that dies again while this runs is not moved again: no more than there were.
        let moved = redrive.run(self.max.unwrap_or(there).min(there)).await?;
        println!("{moved} of {there} dead letters are back in the queue");
        Ok(())
    }
}

/// The queues of the shop that runs on this machine.
async fn running() -> Result<Move> {
    let running = Running::read(&StateFolder::open(Repository::find()?.state())?)?;
    Move::of_local_stack(&running.ministack_endpoint, &running.stack_name).await
}
