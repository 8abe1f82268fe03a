//! `./local/shop gameday`

use anyhow::Result;
use clap::Args;

use super::{cargo, exec};

/// Breaks a shop of its own on purpose, follows the runbooks to repair it, and prints which alarms were raised.
#[derive(Debug, Args)]
pub struct Gameday {}

impl Gameday {
    #[allow(clippy::unused_self)] // like every command
    pub(super) fn run(self) -> Result<()> {
        Err(exec(&mut cargo(&["test", "--workspace", "--locked", "--test", "system", "--", "gameday"])?))
    }
}
