//! `./local/shop up`: the whole shop, until Ctrl-C.

use std::env;

use anyhow::{Result, bail};
use clap::Args;
use jiff::Timestamp;
use sijang_cli::{
    seed,
    shop::{LocalShop, ShopOptions},
};
use sijang_cloud::{layout::Repository, progress::Progress, stack::StackOptions};
use sijang_portal::DOCS_PATH;
use tokio::signal::unix::{SignalKind, signal};

/// Runs the whole shop on this machine. Ctrl-C stops it and keeps its data.
#[derive(Debug, Args)]
pub struct Up {
    /// Port of the shop on 127.0.0.1
    #[arg(long, default_value_t = 4566)]
    port: u16,
    /// Remove the data of earlier runs first
    #[arg(long)]
    fresh: bool,
    /// Do not build the functions: run the binaries that are in cargo's target folder
    #[arg(long)]
    no_build: bool,
    /// When the command was entered, in Unix seconds: the time that is printed includes the build
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

/// Seeds the shop, prints how to use it, and waits. Ends only when the local cloud ends.
async fn open(shop: &mut LocalShop, progress: Progress, since: Timestamp) -> Result<()> {
    let seeding = seed::seed(shop);
    let goods = progress.step("seed", "waiting for the admin API to take products and coupons", seeding).await?;
    progress.say(format_args!("seed       {} products, {} coupon campaigns", goods.products, goods.coupons));
    welcome(shop, progress, since);
    bail!("{}", shop.lost().await)
}

fn welcome(shop: &LocalShop, progress: Progress, since: Timestamp) {
    let seconds = (Timestamp::now() - since).as_secs();
    progress.say(format_args!("up         {seconds} s after the command; Ctrl-C stops it and keeps the data"));
    let state = shop.stack().state();
    // Another folder than the default is named in the commands, so that they work as they are printed.
    let own = match env::var("SIJANG_STATE") {
        Ok(folder) => format!("SIJANG_STATE={folder:?} "),
        Err(_) => String::new(),
    };
    print!("{}", instructions(shop.api_url(), &own, &state.logs().display().to_string()));
}

/// The addresses and variables for a first use of the shop. The variables are those of README's tour.
fn instructions(url: &str, own: &str, logs: &str) -> String {
    format!(
        r#"
The storefront:      "{url}"
A flash sale:        "{url}/#/flash"
The operations page: "{url}/#/operations"
The API, to read:    "{url}{DOCS_PATH}"
The logs:            {logs}

Sign in to the storefront as alice, bob or any other name: no password. The operations page wants the name admin.
In another terminal, in this folder:

  export API="{url}"
  export ALICE="$({own}./local/shop token alice)"
  export ADMIN="$({own}./local/shop token admin --admin)"

  curl -s "$API/v1/products?limit=3"
  curl -s "$API/v1/me/balance" -H "Authorization: Bearer $ALICE"
  curl -s "$API/v1/me/balance/deposits" -H "Authorization: Bearer $ALICE" \
       -H "Content-Type: application/json" -H "Idempotency-Key: first-deposit" \
       -d '{{"amount":50000,"currency":"KRW"}}'
"#
    )
}
