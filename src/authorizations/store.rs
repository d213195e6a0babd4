//! Queries over authorizations.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::model::{Authorization, State};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{authorizations, cases};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::identity::Caller;
use crate::{both, fixed};

/// An authorization by id.
pub fn get(conn: &mut AnyConn, id: &str) -> Result<Authorization> {
    let body: Option<String> = authorizations::table
        .find(id)
        .select(authorizations::body)
        .first(conn)
        .optional()?;
    Authorization::from_record(&body.ok_or_else(Error::not_found)?)
}

/// Authorizations of a case, in the order of their numbers.
pub fn of_case(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Authorization>> {
    let bodies: Vec<String> = authorizations::table
        .filter(
            authorizations::case_id
                .eq(case)
                .and(authorizations::id.gt(after.unwrap_or_default())),
        )
        .order(authorizations::id)
        .limit(limit as i64)
        .select(authorizations::body)
        .load(conn)?;
    bodies.iter().map(|b| Authorization::from_record(b)).collect()
}

fixed! {
    OnceApproved -> Text: "SELECT body FROM authorizations WHERE case_id = ", case: String as Text,
    " AND (state = 'approved' OR state = 'revoked' OR state = 'expired') ORDER BY id DESC LIMIT 500"
}

/// Authorizations of a case that were ever approved: those that may cover a capture. Every capture is held against them.
pub fn once_approved(conn: &mut AnyConn, case: &str) -> Result<Vec<Authorization>> {
    let query = OnceApproved { case: case.to_owned() };
    let bodies: Vec<String> = both!(conn, |c| query.load(c))?;
    bodies.iter().map(|b| Authorization::from_record(b)).collect()
}

/// Authorizations over the cases a caller may read, newest first.
pub fn list(
    conn: &mut AnyConn,
    caller: &Caller,
    state: Option<State>,
    before: Option<&str>,
    limit: usize,
    now: Micros,
) -> Result<Vec<Authorization>> {
    let sees = crate::cases::Sees::of(caller, now);
    let readable = cases::table.filter(crate::cases::visible(&sees)).select(cases::id);
    let (states, from, to) = stored(state, now);
    let bodies: Vec<String> = authorizations::table
        .filter(authorizations::case_id.eq_any(readable))
        .filter(authorizations::state.eq_any(states))
        .filter(authorizations::ends_at.ge(from).and(authorizations::ends_at.lt(to)))
        // "~" sorts after every id.
        .filter(authorizations::id.lt(before.unwrap_or("~")))
        .order(authorizations::id.desc())
        .limit(limit as i64)
        .select(authorizations::body)
        .load(conn)?;
    bodies.iter().map(|b| Authorization::from_record(b)).collect()
}

/// The stored states and ends that make a state now: expiry is computed when used, so a row past its end may still
/// say approved.
fn stored(state: Option<State>, now: Micros) -> (Vec<&'static str>, Micros, Micros) {
    let all = (Micros::MIN, Micros::MAX);
    let (states, (from, to)) = match state {
        None => (State::WORDS.iter().map(|(w, _)| *w).collect(), all),
        Some(State::Approved) => (vec!["approved"], (now, Micros::MAX)),
        Some(State::Expired) => (vec!["approved", "expired"], (Micros::MIN, now)),
        Some(state) => (vec![state.as_str()], all),
    };
    (states, from, to)
}

/// Approved ones past their end that no job has recorded yet.
pub fn overdue(conn: &mut AnyConn, now: Micros) -> Result<Vec<(String, String)>> {
    Ok(authorizations::table
        .filter(
            authorizations::state
                .eq("approved")
                .and(authorizations::ends_at.lt(now)),
        )
        .order(authorizations::id)
        .limit(100)
        .select((authorizations::id, authorizations::case_id))
        .load(conn)?)
}
