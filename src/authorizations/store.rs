//! Queries over authorizations.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::model::{Authorization, AuthorizationState};
use crate::clock::Micros;
use crate::db::tables::{authorization_holders, authorizations, cases};
use crate::db::{AnyConn, canonical};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::identity::{Caller, Person};
use crate::proof::id::Digest;
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

/// An authorization's row: what follows from its record.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset)]
#[diesel(table_name = authorizations)]
pub struct AuthorizationRow {
    id: String,
    case_id: String,
    number: i64,
    state: String,
    requester_id: String,
    starts_at: Micros,
    ends_at: Micros,
    version: i64,
    leaf: Vec<u8>,
    body: String,
}

impl AuthorizationRow {
    /// The row of a version that an event with this leaf recorded.
    pub fn of(authorization: &Authorization, leaf: &Digest) -> Result<Self> {
        Ok(Self {
            id: authorization.id.clone(),
            case_id: authorization.case_id.clone(),
            number: authorization.number,
            state: authorization.state.as_str().into(),
            requester_id: authorization.requester.id.clone(),
            starts_at: authorization.starts_at.0,
            ends_at: authorization.ends_at.0,
            version: authorization.version,
            leaf: leaf.as_bytes().to_vec(),
            body: canonical(authorization)?,
        })
    }
}

/// Keeps a version's row, a new one for the first version, else in place of the one before; and who holds it.
pub fn save(conn: &mut AnyConn, row: &AuthorizationRow, holders: &[Person]) -> Result<()> {
    if row.version > 1 {
        diesel::update(authorizations::table.find(&row.id))
            .set(row)
            .execute(conn)?;
        diesel::delete(authorization_holders::table.filter(authorization_holders::authorization_id.eq(&row.id)))
            .execute(conn)?;
    } else {
        diesel::insert_into(authorizations::table)
            .values(row.clone())
            .execute(conn)?;
    }
    for holder in holders {
        diesel::insert_into(authorization_holders::table)
            .values((
                authorization_holders::authorization_id.eq(&row.id),
                authorization_holders::user_id.eq(&holder.id),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Counts one authorization more of a case: its number. The case's stream is held.
pub fn next_number(conn: &mut AnyConn, case: &str) -> Result<i64> {
    let counted: i64 = cases::table.find(case).select(cases::authorizations).first(conn)?;
    diesel::update(cases::table.find(case))
        .set(cases::authorizations.eq(counted + 1))
        .execute(conn)?;
    Ok(counted + 1)
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

/// What a list of authorizations is asked for.
#[derive(Debug, Clone, Default)]
pub struct AuthorizationSearch {
    pub state: Option<AuthorizationState>,
    pub before: Option<String>,
    pub limit: usize,
}

/// Authorizations over the cases a caller may read, newest first.
pub fn list(
    conn: &mut AnyConn,
    caller: &Caller,
    search: &AuthorizationSearch,
    now: Micros,
) -> Result<Vec<Authorization>> {
    let sees = crate::cases::VisibleTo::of(caller, now);
    let readable = cases::table.filter(crate::cases::visible(&sees)).select(cases::id);
    let (states, from, to) = stored(search.state, now);
    let bodies: Vec<String> = authorizations::table
        .filter(authorizations::case_id.eq_any(readable))
        .filter(authorizations::state.eq_any(states))
        .filter(authorizations::ends_at.ge(from).and(authorizations::ends_at.lt(to)))
        // "~" sorts after every id.
        .filter(authorizations::id.lt(search.before.as_deref().unwrap_or("~")))
        .order(authorizations::id.desc())
        .limit(search.limit as i64)
        .select(authorizations::body)
        .load(conn)?;
    bodies.iter().map(|b| Authorization::from_record(b)).collect()
}

/// The stored states and ends that make a state now: expiry is computed when used, so a row past its end may still
/// say approved.
fn stored(state: Option<AuthorizationState>, now: Micros) -> (Vec<&'static str>, Micros, Micros) {
    let all = (Micros::MIN, Micros::MAX);
    let (states, (from, to)) = match state {
        None => (AuthorizationState::WORDS.iter().map(|(w, _)| *w).collect(), all),
        Some(AuthorizationState::Approved) => (vec!["approved"], (now, Micros::MAX)),
        Some(AuthorizationState::Expired) => (vec!["approved", "expired"], (Micros::MIN, now)),
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
