//! A new log that continues an older state (contract section 3): a new key under a new origin, over the same events.
//!
//! The old tree's leaves are the first of the new one, in the same order, so the old roots stay what they were at their
//! sizes; what was signed after this state is named in the first new event, `log.succeeded`. Leaves, tiles and
//! checkpoints refuse to be emptied by their triggers: this is the one place that takes the triggers away, inside the
//! one transaction that puts them back, on a fresh copy that nobody serves yet. The old key and its checkpoints stay
//! beside the new ones.

use std::fs;
use std::io::Write;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{QueryableByName, sql_query};
use serde_json::json;

use super::{backup, installation};
use crate::clock::{Clock, Micros, SystemClock};
use crate::db::tables::{checkpoints, log_state};
use crate::db::{AnyConn, Db};
use crate::error::{Error, Result};
use crate::ledger::{self, Action, Draft, Heads, LogSigner, TreeState};
use crate::proof::Digest;
use crate::proof::checkpoint::Checkpoint;

/// A checkpoint with its signed note.
#[derive(Debug, Clone)]
pub struct KnownCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note, as it was signed.
    pub note: String,
}

/// Begins the new log and takes every event into its tree; the answer is text for the operator.
pub fn begin(db: &Db, keys: &Path, old: &TreeState, known: &KnownCheckpoint) -> Result<String> {
    let origin = next_origin(&old.origin);
    keep_notes(db, keys, &old.origin)?;
    put_aside(keys, &old.origin)?;
    let signer = LogSigner::create(keys, &origin)?;
    let vkey = signer.vkey();
    let (now, draft) = (SystemClock.now(), succeeded(old, known, &origin, &vkey));
    let (new_origin, new_vkey) = (origin.clone(), vkey.clone());
    db.write_blocking(move |conn| rebuild(conn, &new_origin, &new_vkey, now, &draft))?;
    let mut signer = LogSigner::open(keys, &origin, &vkey)?;
    let size = loop {
        let (size, more) = ledger::run_once(db, &mut signer, SystemClock.now())?;
        if !more {
            break size;
        }
    };
    Ok(format!(
        "NEW LOG: {origin}, {size} leaves, of which the last names the last known checkpoint ({} leaves) of {}\nits key, for whoever verifies: {vkey}\n",
        known.checkpoint.size, old.origin
    ))
}

/// `name`, then `name/2`, then `name/3`.
fn next_origin(old: &str) -> String {
    match old.rsplit_once('/').map(|(head, tail)| (head, tail.parse::<u32>())) {
        Some((head, Ok(n))) if n >= 2 => format!("{head}/{}", n + 1),
        _ => format!("{old}/2"),
    }
}

/// A suffix for what belonged to a log, unlike that of any log before it.
fn mark(origin: &str) -> String {
    Digest::of(origin.as_bytes()).to_string()[..8].to_owned()
}

/// The old signatures are evidence: they go from the table into a file.
fn keep_notes(db: &Db, keys: &Path, origin: &str) -> Result<()> {
    let mut file = backup::create(&keys.join(format!("log.{}.checkpoints", mark(origin))))?;
    let mut after = -1;
    loop {
        let notes: Vec<(i64, String)> = db.read_blocking(|conn| {
            let page = checkpoints::table
                .filter(checkpoints::size.gt(after))
                .order(checkpoints::size)
                .limit(1000);
            Ok(page.select((checkpoints::size, checkpoints::note)).load(conn)?)
        })?;
        let Some((last, _)) = notes.last() else { break };
        after = *last;
        for (size, note) in notes {
            writeln!(file, "{}", json!({"size": size, "note": note}))?;
        }
    }
    Ok(file.sync_all()?)
}

fn put_aside(keys: &Path, origin: &str) -> Result<()> {
    for name in ["key", "checkpoint"] {
        let file = keys.join(format!("log.{name}"));
        if file.exists() {
            fs::rename(file, keys.join(format!("log.{}.{name}", mark(origin))))?;
        }
    }
    Ok(())
}

fn succeeded(old: &TreeState, known: &KnownCheckpoint, origin: &str, vkey: &str) -> Draft {
    let c = &known.checkpoint;
    let attest = [
        ("last_known".to_owned(), json!({"root": c.root, "size": c.size})),
        ("continued".to_owned(), json!({"root": old.root, "size": old.size})),
    ];
    Draft {
        stream: ledger::AGENCY.into(),
        action: Action::LogSucceeded,
        object_type: "installation",
        object_id: old.installation.clone(),
        version: 1,
        record: json!({
            "origin": origin, "vkey": vkey,
            "continues": {"origin": old.origin, "vkey": old.vkey, "size": old.size, "root": old.root},
            "last_known": {"size": c.size, "root": c.root, "note": known.note},
        }),
        attest: attest.into_iter().collect(),
    }
}

#[derive(QueryableByName)]
struct Trigger {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    sql: String,
}

/// Empties the tree and queues every event for it again, in the old order, with the new event last.
fn rebuild(conn: &mut AnyConn, origin: &str, vkey: &str, now: Micros, draft: &Draft) -> Result<()> {
    let AnyConn::Sqlite(_) = conn else {
        return Err(Error::internal("a new log is begun on SQLite only"));
    };
    let triggers: Vec<Trigger> = sql_query(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('leaves', 'tiles', 'checkpoints')",
    )
    .load(conn)?;
    for trigger in &triggers {
        conn.batch_execute(&format!("DROP TRIGGER {}", trigger.name))?;
    }
    // What waited has ids above 0, so that the tree's own leaves go before it.
    conn.batch_execute(
        "INSERT INTO outbox (id, leaf, stream, seq) \
         SELECT idx - (SELECT COUNT(*) FROM leaves), leaf, stream, seq FROM leaves ORDER BY idx; \
         DELETE FROM leaves; DELETE FROM tiles; DELETE FROM checkpoints;",
    )?;
    for trigger in &triggers {
        conn.batch_execute(&trigger.sql)?;
    }
    let empty = Digest::of(b"").as_bytes().to_vec();
    diesel::update(log_state::table)
        .set((
            log_state::origin.eq(origin),
            log_state::vkey.eq(vkey),
            log_state::size.eq(0i64),
            log_state::root.eq(empty),
            log_state::read_only.eq(false),
        ))
        .execute(conn)?;
    let mut heads = Heads::lock(conn, &[ledger::AGENCY])?;
    heads.append(conn, &ledger::operator(&installation::os_user()), now, draft)?;
    heads.flush(conn)
}

#[cfg(test)]
mod tests {
    use super::next_origin;

    #[test]
    fn origins_are_counted() {
        assert_eq!(
            next_origin("casetrail.invalid/019ab1c4"),
            "casetrail.invalid/019ab1c4/2"
        );
        assert_eq!(next_origin("agency.example/log/2"), "agency.example/log/3");
        assert_eq!(next_origin("agency.example/1"), "agency.example/1/2");
    }
}
