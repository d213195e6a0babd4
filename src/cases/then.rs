//! What a case was at a moment: who worked in it, and in which units it lay.

use diesel::prelude::*;

use super::model::Case;
use super::projection::VERSIONS;
use super::store;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{cases, events};
use crate::error::Result;
use crate::ledger::{self, Action};

/// Whether somebody was the lead or a member of a case at a moment. Who is one now since before then is told by one row;
/// of others the case's records are read.
///
/// # Errors
/// Where the database fails.
pub fn worked_then(conn: &mut AnyConn, (case, user): (&str, &str), at: Micros) -> Result<bool> {
    let since = store::member_since(conn, case, user)?;
    if since.is_some_and(|since| since <= at) {
        return Ok(true);
    }
    let led = version_then(conn, case, at)?.is_some_and(|then| then.lead.id == user);
    Ok(led || joined_then(conn, (case, user), at)?)
}

/// The names of a case's unit at a moment and of the units above it; those of its first unit before it was opened.
///
/// # Errors
/// Where the database fails.
pub fn unit_names_then(conn: &mut AnyConn, case: &str, at: Micros) -> Result<Vec<String>> {
    let opened: Micros = cases::table.find(case).select(cases::opened_at).first(conn)?;
    match version_then(conn, case, at.max(opened))? {
        Some(then) => store::names_of_unit(conn, &then.unit_id),
        None => store::unit_names(conn, case),
    }
}

/// The version of a case that was in force at a moment; none before it was opened.
fn version_then(conn: &mut AnyConn, id: &str, at: Micros) -> Result<Option<Case>> {
    let current = store::case(conn, id)?;
    if current.changed_at.0 <= at {
        return Ok(Some(current));
    }
    let body = ledger::read::version_at(conn, (&ledger::case_stream(id), id), VERSIONS, at)?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// Whether the last that was recorded of their membership until then is that it began.
fn joined_then(conn: &mut AnyConn, (case, user): (&str, &str), at: Micros) -> Result<bool> {
    let actions = [Action::MemberAdded.as_str(), Action::MemberRemoved.as_str()];
    let last: Option<String> = events::table
        .filter(
            events::object
                .eq(user)
                .and(events::stream.eq(ledger::case_stream(case))),
        )
        .filter(events::action.eq_any(actions).and(events::at.le(at)))
        .order(events::seq.desc())
        .select(events::action)
        .first(conn)
        .optional()?;
    Ok(last.as_deref() == Some(Action::MemberAdded.as_str()))
}
