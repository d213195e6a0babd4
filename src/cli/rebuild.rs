//! `casetrail rebuild`: a database made anew from the ledger and the files, and proved. The way out after damage to the
//! database, and the way from SQLite to PostgreSQL and back.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use super::failure::{Done, Failure};
use super::output::{self, Counted, ProgressDisplay};
use super::{audit as told, installation};
use crate::config::Config;
use crate::db::{Db, Location, migrate};
use crate::projections;

/// What stands on the command line after `rebuild`.
#[derive(Debug, clap::Args)]
pub struct RebuildArgs {
    /// The empty database: sqlite://PATH or postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL")]
    into: String,
}

/// Rebuilds into an empty database, audits it and prints what was proved.
pub fn run(config: &Config, args: &RebuildArgs) -> Done {
    let location = Location::parse(&args.into).map_err(|e| Failure::field("--into", "url", e.detail))?;
    if location == config.database()? {
        let message = "is the database of this installation: name an empty one beside it";
        return Err(Failure::field("--into", "other", message));
    }
    let source = installation::open(config)?;
    migrate::migrate(&location)?;
    let target = Db::open(&location, 2)?;
    let places = installation::places(config);
    let display = Arc::new(Mutex::new(ProgressDisplay::new()));
    let shown = display.clone();
    let progress: projections::Told = Arc::new(move |step, done, total| {
        if let Ok(mut display) = shown.lock() {
            display.show(step, Counted::Things, done, total);
        }
    });
    let made = projections::rebuild(&source, &target, &places.scratch, &*places.store, &progress);
    if let Ok(display) = display.lock() {
        display.end();
    }
    made.map_err(|e| match e.code {
        "conflict" => Failure::failed(e.detail),
        _ => Failure::from(e),
    })?;
    let report = told::watched(ProgressDisplay::new(), &target, &places)?;
    output::print(&report.text());
    if !report.clean {
        return Err(Failure::failed(format!(
            "what was rebuilt in {location} is not clean: the faults above were in the ledger or the files already. A person \
             whose password is named needs a new one: `casetrail user reset`"
        )));
    }
    output::print(&format!(
        "rebuilt in {location}\nTo work with it: stop the server, set `database` to it (in casetrail.toml, or with --database), \
         and start. Keep the old database until then; the two must never both be written to.\n"
    ));
    Ok(ExitCode::SUCCESS)
}
