//! `./local/up`: the whole shop, until Ctrl-C.

use anyhow::{Result, bail};
use clap::Args;
use jiff::Timestamp;
use sijang_cli::{
    seed,
    shop::{LocalShop, ShopOptions},
};
use sijang_cloud::{layout::Repository, progress::Progress, stack::StackOptions};
use sijang_portal::{
    DOCS_PATH,
    issuer::{ADMIN, CUSTOMER},
};
use tokio::signal::unix::{SignalKind, signal};

/// Starts everything; Ctrl-C stops everything.
#[derive(Debug, Args)]
pub struct Up {
    /// Port of the API on 127.0.0.1
    #[arg(long, default_value_t = 4566)]
    port: u16,
    /// Start with an empty shop: remove what earlier runs stored
    #[arg(long)]
    fresh: bool,
    /// Serve the binaries in cargo's target folder as they are
    #[arg(long)]
    no_build: bool,
    /// When the command was given, in Unix seconds: the total time includes the build before
    #[arg(long, hide = true)]
    since: Option<i64>,
}

impl Up {
    pub(super) async fn run(self) -> Result<()> {
        let progress = Progress::new(false);
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let since = self.since.map_or_else(|| Ok(Timestamp::now()), Timestamp::from_second)?;
        let state = Repository::find()?.state();
        let stack =
            StackOptions { fresh: self.fresh, quiet: false, build: !self.no_build, ..StackOptions::isolated(state) };
        let mut shop = tokio::select! {
            shop = LocalShop::start(ShopOptions { port: self.port, stack }) => shop?,
            _ = interrupt.recv() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        };
        let end = tokio::select! {
            end = open(&mut shop, progress, since) => end,
            _ = interrupt.recv() => Ok(()),
            _ = terminate.recv() => Ok(()),
        };
        progress.step("stop", "waiting for the last events, then for the data to be written", shop.stop()).await?;
        end
    }
}

/// Seeds the shop, says how to use it, and waits; ends only when the local cloud dies.
async fn open(shop: &mut LocalShop, progress: Progress, since: Timestamp) -> Result<()> {
    let seeding = seed::seed(shop);
    let goods = progress.step("seed", "waiting for the admin API to take products and coupons", seeding).await?;
    progress.say(format_args!("seed       {} products, {} coupon campaigns", goods.products, goods.coupons));
    welcome(shop, progress, since)?;
    bail!("{}", shop.lost().await)
}

fn welcome(shop: &LocalShop, progress: Progress, since: Timestamp) -> Result<()> {
    let url = shop.api_url();
    let (alice, bob) = (shop.token("alice", &[CUSTOMER])?, shop.token("bob", &[CUSTOMER])?);
    let admin = shop.token("admin", &[CUSTOMER, ADMIN])?;
    let seconds = (Timestamp::now() - since).get_seconds();
    progress.say(format_args!("up         {seconds} s after the command; Ctrl-C stops it and keeps the data"));
    println!(
        r#"
The shop is open at {url}
A flash sale:       {url}/#/flash
Its operations:     {url}/#/operations
Its API, to read:   {url}{DOCS_PATH}

export ALICE={alice}

export BOB={bob}

export ADMIN={admin}

Try (another token: ./local/token NAME [--admin]):

  curl -s {url}/v1/products?limit=3
  curl -s {url}/v1/me/balance -H "Authorization: Bearer $ALICE"
  curl -s {url}/v1/me/balance/deposits -H "Authorization: Bearer $ALICE" \
       -H "Content-Type: application/json" -H "Idempotency-Key: first-deposit" \
       -d '{{"amount":50000,"currency":"KRW"}}'
"#
    );
    Ok(())
}
