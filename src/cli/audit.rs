//! `casetrail audit`: exit 0 clean, 1 something is wrong, 2 it could not be read.

use std::process::ExitCode;

use super::failure::{Done, Failure};
use super::installation;
use super::output::{self, Counted, ProgressDisplay};
use crate::audit::{self, AuditReport, Places};
use crate::config::Config;
use crate::db::Db;
use crate::error::Error;

/// What stands on the command line after `audit`.
#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    /// The whole report as one JSON object
    #[arg(long)]
    json: bool,
}

/// Audits the installation and prints the report.
pub fn run(config: &Config, args: &AuditArgs) -> Done {
    let db = installation::open(config)?;
    let progress = if args.json {
        ProgressDisplay::quiet()
    } else {
        ProgressDisplay::new()
    };
    let report = watched(progress, &db, &installation::places(config))?;
    output::print(&match args.json {
        true => serde_json::to_string(&report).map_err(Error::from)? + "\n",
        // What stands in a damaged database reaches a terminal without control characters.
        false => report.text(),
    });
    Ok(ExitCode::from(u8::from(!report.clean)))
}

/// Runs an audit under a progress bar; an error means that the installation could not be read.
pub fn watched(mut progress: ProgressDisplay, db: &Db, places: &Places) -> Result<AuditReport, Failure> {
    let done = audit::run(&db.reader(), places, &mut |step, done, total| {
        let unit = match step {
            "files" => Counted::Bytes,
            _ => Counted::Things,
        };
        progress.show(step, unit, done, total);
        Ok(())
    });
    progress.end();
    done.map_err(|e| Failure::from(e).with_code(2))
}
