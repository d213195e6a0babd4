//! What the database tells of the installation.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::Serialize;
use serde_json::Value;

use crate::clock::{Micros, Timestamp};
use crate::db::tables::{events, files, jobs, records, users};
use crate::db::{AnyConn, Location};
use crate::error::Result;
use crate::jobs::JobState;
use crate::ledger::Action;

/// Backups that are shown.
const BACKUPS: i64 = 10;
/// Failed jobs and locked users that are shown.
const SHOWN: i64 = 50;

/// A backup, as its event tells of it.
#[derive(Debug, Clone, Serialize)]
pub struct Backup {
    /// When it was made.
    pub made_at: Timestamp,
    /// Events in the tree it holds.
    pub size: u64,
    /// Evidence files it holds.
    pub files: u64,
    /// The SHA-256 of its `backup.json`.
    pub manifest: String,
}

/// The last backups, the latest first.
pub fn backups(conn: &mut AnyConn) -> Result<Vec<Backup>> {
    let told = events::stream
        .eq(records::stream)
        .and(events::seq.eq(records::seq))
        .and(events::leaf.eq(records::leaf));
    let rows: Vec<(Micros, String)> = records::table
        .inner_join(events::table.on(told))
        .filter(events::action.eq(Action::BackupMade.as_str()))
        .order(events::at.desc())
        .limit(BACKUPS)
        .select((events::at, records::body))
        .load(conn)?;
    rows.iter().map(|(at, body)| backup(*at, body)).collect()
}

fn backup(at: Micros, body: &str) -> Result<Backup> {
    let said: Value = serde_json::from_str(body)?;
    Ok(Backup {
        made_at: Timestamp(at),
        size: said["size"].as_u64().unwrap_or(0),
        files: said["files"].as_u64().unwrap_or(0),
        manifest: said["manifest"].as_str().unwrap_or_default().to_owned(),
    })
}

/// A job that ended with an error, or that comes again and failed the last time.
#[derive(Debug, Clone, Serialize)]
pub struct FailedJob {
    /// Its kind.
    pub kind: String,
    /// When it was due.
    pub due_at: Timestamp,
    /// Why it failed; none for a job that works for a case, whose readers alone are told.
    pub reason: Option<String>,
}

/// Kinds of jobs that work for the installation and for no case.
const OF_NO_CASE: [&str; 3] = ["audit", "expiry", "retries"];

/// Jobs that failed, the latest first.
pub fn failed_jobs(conn: &mut AnyConn) -> Result<Vec<FailedJob>> {
    let failed = jobs::state.eq(JobState::Failed.as_str());
    let again = jobs::state
        .eq(JobState::Waiting.as_str())
        .and(jobs::error.is_not_null());
    let rows: Vec<(String, Micros, Option<String>)> = jobs::table
        .filter(failed.or(again))
        .order((jobs::due_at.desc(), jobs::kind, jobs::object))
        .limit(SHOWN)
        .select((jobs::kind, jobs::due_at, jobs::error))
        .load(conn)?;
    let shown = |(kind, due_at, error): (String, Micros, Option<String>)| FailedJob {
        reason: error.filter(|_| OF_NO_CASE.contains(&kind.as_str())),
        due_at: Timestamp(due_at),
        kind,
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// Evidence files, and their bytes.
pub fn stored_files(conn: &mut AnyConn) -> Result<(u64, u64)> {
    let bytes = sql::<BigInt>("CAST(COALESCE(SUM(size), 0) AS BIGINT)");
    let (count, bytes): (i64, i64) = files::table
        .select((sql::<BigInt>("COUNT(*)"), bytes))
        .get_result(conn)?;
    Ok((u64::try_from(count).unwrap_or(0), u64::try_from(bytes).unwrap_or(0)))
}

/// Users who are locked: id and sign-in name.
pub fn locked(conn: &mut AnyConn) -> Result<Vec<(String, String)>> {
    Ok(users::table
        .filter(users::locked.eq(true).and(users::disabled.eq(false)))
        .order(users::username)
        .limit(SHOWN)
        .select((users::id, users::username))
        .load(conn)?)
}

/// When the server was last started, and as which version.
pub fn last_start(conn: &mut AnyConn) -> Result<Option<Micros>> {
    Ok(events::table
        .filter(events::action.eq(Action::SoftwareStarted.as_str()))
        .order(events::at.desc())
        .select(events::at)
        .first(conn)
        .optional()?)
}

/// The bytes that the database takes.
pub fn database_bytes(conn: &mut AnyConn, location: &Location) -> Result<u64> {
    let bytes = match location {
        Location::Postgres(_) => sql::<BigInt>("SELECT pg_database_size(current_database())").get_result(conn)?,
        Location::Sqlite(_) => {
            let pages: i64 = sql::<BigInt>("SELECT page_count FROM pragma_page_count").get_result(conn)?;
            let size: i64 = sql::<BigInt>("SELECT page_size FROM pragma_page_size").get_result(conn)?;
            pages * size
        }
    };
    Ok(u64::try_from(bytes).unwrap_or(0))
}
