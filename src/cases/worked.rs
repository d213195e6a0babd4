//! Whether somebody worked in a case at a moment.

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
    Ok(since.is_some_and(|since| since <= at)
        || led_then(conn, (case, user), at)?
        || joined_then(conn, (case, user), at)?)
}

fn led_then(conn: &mut AnyConn, (id, user): (&str, &str), at: Micros) -> Result<bool> {
    let current: (String, Micros) = cases::table
        .find(id)
        .select((cases::lead_id, cases::changed_at))
        .first(conn)?;
    if current.1 <= at {
        return Ok(current.0 == user);
    }
    let Some(body) = ledger::read::version_at(conn, (&ledger::case_stream(id), id), VERSIONS, at)? else {
        return Ok(false);
    };
    let case: Case = serde_json::from_str(&body)?;
    Ok(case.lead.id == user)
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
