//! `casetrail demo`.

use std::path::PathBuf;

use crate::config::Config;
use crate::error::{Error, Result};

/// What stands on the command line after `demo`.
#[derive(Debug, clap::Args)]
pub struct DemoFlags {
    /// One line of JSON on standard output when ready, and nothing else ever
    #[arg(long)]
    json: bool,
}

/// What a demonstration is told.
#[derive(Debug, Clone)]
pub struct DemoArgs {
    /// Whether a program reads standard output.
    pub json: bool,
    /// The fresh folder.
    pub data_dir: PathBuf,
}

impl DemoFlags {
    /// With the folder of `--data-dir`, or one of the demonstration's own.
    pub fn into_args(self, data_dir: Option<PathBuf>) -> DemoArgs {
        DemoArgs {
            json: self.json,
            data_dir: data_dir.unwrap_or_else(|| PathBuf::from("casetrail-demo")),
        }
    }
}

/// Fills a fresh folder and serves it.
pub fn run(_config: &Config, _args: &DemoArgs) -> Result<()> {
    Err(Error::internal("not merged"))
}
