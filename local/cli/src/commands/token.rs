//! `./local/shop token`

use anyhow::Result;
use clap::Args;
use sijang_cli::running::Running;
use sijang_cloud::layout::{Repository, StateFolder};

/// Prints an access token of the running shop, which is valid for 12 hours.
#[derive(Debug, Args)]
pub struct Token {
    /// The customer, or the member of staff
    name: String,
    /// A token of the staff pool, for the admin routes
    #[arg(long)]
    admin: bool,
}

impl Token {
    pub(super) fn run(self) -> Result<()> {
        let state = StateFolder::open(Repository::find()?.state())?;
        let pools = Running::read(&state)?.user_pools;
        let pool = if self.admin { pools.staff } else { pools.customers };
        println!("{}", pool.signer(&state)?.token(&self.name)?);
        Ok(())
    }
}
