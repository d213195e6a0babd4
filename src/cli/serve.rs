//! `casetrail serve`.

use crate::config::Config;
use crate::error::{Error, Result};

/// `serve` takes nothing of its own: the settings say everything.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {}

/// Runs the server until it is told to stop.
pub fn run(_config: &Config, _args: &ServeArgs) -> Result<()> {
    Err(Error::internal("not merged"))
}
