//! Queries over the roster.

use diesel::prelude::*;

use super::model::{RosterEntry, RosterKind};
use crate::clock::Micros;
use crate::db::tables::roster;
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::identity::Person;
use crate::proof::id::Digest;

/// Keeps a version that an event with this leaf recorded. The first makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, entry: &RosterEntry, leaf: &Digest) -> Result<()> {
    let row = (
        roster::kind.eq(entry.kind.as_str()),
        roster::unit_id.eq(&entry.unit.id),
        roster::user_id.eq(&entry.user.id),
        roster::given_by.eq(&entry.given_by.id),
        roster::starts_at.eq(entry.starts_at.0),
        roster::until.eq(entry.until.0),
        roster::ended_at.eq(entry.ended_at.map(|at| at.0)),
        roster::version.eq(entry.version),
        roster::leaf.eq(leaf.as_bytes().to_vec()),
        roster::body.eq(canonical(entry)?),
    );
    if entry.version > 1 {
        diesel::update(roster::table.find(&entry.id)).set(row).execute(conn)?;
    } else {
        diesel::insert_into(roster::table)
            .values((roster::id.eq(&entry.id), row))
            .execute(conn)?;
    }
    Ok(())
}

/// An entry by id.
pub fn get(conn: &mut AnyConn, id: &str) -> Result<RosterEntry> {
    db::record(conn, roster::table.find(id).select(roster::body))
}

/// Entries, the newest first.
pub fn list(conn: &mut AnyConn, before: Option<&str>, limit: usize) -> Result<Vec<RosterEntry>> {
    let found = roster::table
        // "~" sorts after every id.
        .filter(roster::id.lt(before.unwrap_or("~")))
        .order(roster::id.desc())
        .limit(limit as i64);
    db::records(conn, found.select(roster::body))
}

/// Entries that have not ended, by their start.
pub fn lasting(conn: &mut AnyConn, now: Micros, limit: usize) -> Result<Vec<RosterEntry>> {
    let found = roster::table
        .filter(roster::ended_at.is_null().and(roster::until.gt(now)))
        .order((roster::starts_at, roster::id))
        .limit(limit as i64);
    db::records(conn, found.select(roster::body))
}

/// People who are on call at most for one unit.
const ON_CALL: i64 = 20;

/// Who is on call now for a unit by its path: for it or for one above it.
///
/// # Errors
/// Where the database fails.
pub fn on_call(conn: &mut AnyConn, unit_path: &str, now: Micros) -> Result<Vec<Person>> {
    let units: Vec<String> = unit_path
        .split('/')
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect();
    let found = roster::table
        .filter(
            roster::kind
                .eq(RosterKind::OnCall.as_str())
                .and(roster::unit_id.eq_any(units)),
        )
        .filter(roster::ended_at.is_null())
        .filter(roster::starts_at.le(now).and(roster::until.gt(now)))
        .order((roster::starts_at, roster::id))
        .limit(ON_CALL);
    let entries: Vec<RosterEntry> = db::records(conn, found.select(roster::body))?;
    let mut people: Vec<Person> = Vec::new();
    for entry in entries {
        if people.iter().all(|known| known.id != entry.user.id) {
            people.push(entry.user);
        }
    }
    Ok(people)
}

/// What somebody has on the roster now, as the one on call or the one who stands in.
pub fn of_user(conn: &mut AnyConn, user: &str, now: Micros) -> Result<Vec<RosterEntry>> {
    let found = roster::table
        .filter(roster::user_id.eq(user).and(roster::ended_at.is_null()))
        .filter(roster::starts_at.le(now).and(roster::until.gt(now)))
        .order((roster::until, roster::id))
        .limit(ON_CALL);
    db::records(conn, found.select(roster::body))
}
