//! `./local/shop token`

use anyhow::Result;
use clap::Args;
use sijang_cli::running::Running;
use sijang_cloud::layout::{Repository, StateFolder};
use sijang_portal::issuer::{ADMIN, CUSTOMER, Issuer};

/// Prints an access token of the running shop, which is valid for 12 hours.
#[derive(Debug, Args)]
pub struct Token {
    /// The customer: the `sub` of the token
    name: String,
    /// Add the scope of the admin routes
    #[arg(long)]
    admin: bool,
}

impl Token {
    pub(super) fn run(self) -> Result<()> {
        let state = StateFolder::open(Repository::find()?.state())?;
        let issuer = Issuer::open(&state.issuer_key(), Running::read(&state)?.issuer)?;
        let scopes: &[&str] = if self.admin { &[CUSTOMER, ADMIN] } else { &[CUSTOMER] };
        println!("{}", issuer.token(&self.name, scopes)?);
        Ok(())
    }
}
