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
/// Locked users that are shown.
const SHOWN: i64 = 50;

/// A backup, as its event tells of it.
#[derive(Debug, Clone, Serialize)]
pub struct Backup {
    /// When it was made.
    pub made_at: Timestamp,
    /// Events in the tree it holds.
    pub size: u64,
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
        manifest: said["manifest"].as_str().unwrap_or_default().to_owned(),
    })
}

/// A kind of job of which some ended with an error, or that comes again and failed the last time. How many they are is not
/// told: with their times it would tell of the work on cases.
#[derive(Debug, Clone, Serialize)]
pub struct FailedJob {
    /// The kind.
    pub kind: String,
    /// When the latest was due, and why it failed; none for jobs that work for cases, whose readers alone are told.
    pub due_at: Option<Timestamp>,
    pub reason: Option<String>,
}

/// Kinds of jobs that work for the installation and for no case.
const OF_NO_CASE: [&str; 3] = ["audit", "expiry", "retries"];

/// Kinds of jobs of which some failed.
pub fn failed_jobs(conn: &mut AnyConn) -> Result<Vec<FailedJob>> {
    let failed = || {
        let again = jobs::state
            .eq(JobState::Waiting.as_str())
            .and(jobs::error.is_not_null());
        jobs::table.filter(jobs::state.eq(JobState::Failed.as_str()).or(again))
    };
    let kinds: Vec<String> = failed().select(jobs::kind).distinct().order(jobs::kind).load(conn)?;
    let mut all = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let latest: Option<(Micros, Option<String>)> = match OF_NO_CASE.contains(&kind.as_str()) {
            true => failed()
                .filter(jobs::kind.eq(&kind))
                .order((jobs::due_at.desc(), jobs::object))
                .select((jobs::due_at, jobs::error))
                .first(conn)
                .optional()?,
            false => None,
        };
        let (due_at, reason) = latest.unzip();
        all.push(FailedJob {
            kind,
            due_at: due_at.map(Timestamp),
            reason: reason.flatten(),
        });
    }
    Ok(all)
}

/// The bytes of all evidence files.
pub fn stored_bytes(conn: &mut AnyConn) -> Result<u64> {
    let bytes = sql::<BigInt>("CAST(COALESCE(SUM(size), 0) AS BIGINT)");
    let bytes: i64 = files::table.select(bytes).get_result(conn)?;
    Ok(u64::try_from(bytes).unwrap_or(0))
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
