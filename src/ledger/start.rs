//! Opens the log at the start of the server: makes it with its key where there is none, else opens the key that it has.

use std::path::Path;

use diesel::prelude::*;
use serde_json::json;

use super::action::Action;
use super::append::{Draft, Heads};
use super::signer::LogSigner;
use super::{AGENCY, tree};
use crate::clock::Micros;
use crate::db::Db;
use crate::db::tables::log_state;
use crate::error::{Error, Kind, Result};
use crate::proof::id::Digest;

/// What a log is begun with, where there is none.
pub struct NewLog<'a> {
    /// Its origin, where a setting names one.
    pub origin: Option<&'a str>,
    /// Whether everything says DEMO.
    pub demo: bool,
    /// The time of the start.
    pub now: Micros,
    /// The id of the installation.
    pub installation: &'a str,
}

/// Opens the installation's log: makes it, with its key, only where there is none.
pub fn open(db: &Db, keys: &Path, new: &NewLog<'_>) -> Result<LogSigner> {
    match db.read_blocking(tree::state)? {
        Some(state) => {
            let origin = state.origin;
            if new.origin.is_some_and(|o| o != origin) {
                let detail = format!(
                    "the log's origin is {origin} and never changes: remove the setting `origin`, or set it to that"
                );
                return Err(Error::new(Kind::Conflict, "log-origin", detail));
            }
            LogSigner::open(keys, &origin, &state.vkey)
        }
        None => create(db, keys, new),
    }
}

fn create(db: &Db, keys: &Path, new: &NewLog<'_>) -> Result<LogSigner> {
    let (demo, now, id) = (new.demo, new.now, new.installation);
    let host = if demo { "casetrail.demo" } else { "casetrail.invalid" };
    let origin = new.origin.map_or_else(|| format!("{host}/{id}"), str::to_owned);
    let key = keys.join("log.key");
    let signer = match (key.exists(), keys.join("log.checkpoint").exists()) {
        (false, _) => LogSigner::create(keys, &origin)?,
        // A key that never signed belongs to a first start that was cut off; it is taken up again.
        (true, false) => LogSigner::adopt(keys, &origin)?,
        (true, true) => {
            let detail = format!(
                "{} belongs to another log than this empty database: use its database, or an empty data folder",
                key.display()
            );
            return Err(Error::new(Kind::Conflict, "log-key", detail));
        }
    };
    let (vkey, id) = (signer.vkey(), id.to_owned());
    db.write_blocking(move |conn| {
        diesel::insert_into(log_state::table)
            .values((
                log_state::id.eq(1i64),
                log_state::installation.eq(&id),
                log_state::origin.eq(&origin),
                log_state::vkey.eq(&vkey),
                log_state::size.eq(0i64),
                log_state::root.eq(Digest::of(b"").as_bytes().to_vec()),
                log_state::demo.eq(demo),
                log_state::read_only.eq(false),
            ))
            .execute(conn)?;
        let record = json!({"origin": origin, "vkey": vkey});
        let created = Draft::new(AGENCY.into(), Action::KeyCreated, ("installation", &id), record);
        let mut heads = Heads::lock(conn, &[AGENCY])?;
        heads.append(conn, &super::job("start"), now, &created)?;
        heads.flush(conn)
    })?;
    Ok(signer)
}
