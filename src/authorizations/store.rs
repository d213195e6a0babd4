//! Queries over authorizations.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::model::{Authorization, AuthorizationState};
use crate::clock::Micros;
use crate::db::tables::{authorization_holders, authorizations, cases};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::forms::Word;
use crate::identity::Caller;
use crate::proof::id::Digest;
use crate::{both, fixed};

/// An authorization by id.
pub fn get(conn: &mut AnyConn, id: &str) -> Result<Authorization> {
    db::record(conn, authorizations::table.find(id).select(authorizations::body))
}

/// Keeps a version that an event with this leaf recorded, and who holds it. The first version makes the row, a later
/// one replaces it.
pub fn save(conn: &mut AnyConn, authorization: &Authorization, leaf: &Digest) -> Result<()> {
    let id = &authorization.id;
    let row = (
        authorizations::case_id.eq(&authorization.case_id),
        authorizations::number.eq(authorization.number),
        authorizations::state.eq(authorization.state.as_str()),
        authorizations::requester_id.eq(&authorization.requester.id),
        authorizations::starts_at.eq(authorization.terms.starts_at.0),
        authorizations::ends_at.eq(authorization.terms.ends_at.0),
        authorizations::version.eq(authorization.version),
        authorizations::leaf.eq(leaf.as_bytes().to_vec()),
        authorizations::body.eq(canonical(authorization)?),
    );
    if authorization.version > 1 {
        diesel::update(authorizations::table.find(id)).set(row).execute(conn)?;
        diesel::delete(authorization_holders::table.filter(authorization_holders::authorization_id.eq(id)))
            .execute(conn)?;
    } else {
        diesel::insert_into(authorizations::table)
            .values((authorizations::id.eq(id), row))
            .execute(conn)?;
    }
    for holder in &authorization.holders {
        diesel::insert_into(authorization_holders::table)
            .values((
                authorization_holders::authorization_id.eq(id),
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
    let later = authorizations::id.gt(after.unwrap_or_default());
    let found = authorizations::table.filter(authorizations::case_id.eq(case).and(later));
    let page = found.order(authorizations::id).limit(limit as i64);
    db::records(conn, page.select(authorizations::body))
}

fixed! {
    OnceApproved -> Text: "SELECT body FROM authorizations WHERE case_id = ", case: String as Text,
    " AND (state = 'approved' OR state = 'revoked' OR state = 'expired') ORDER BY id DESC LIMIT 500"
}

/// Authorizations of a case that were ever approved. Every new capture is judged by these.
pub fn once_approved(conn: &mut AnyConn, case: &str) -> Result<Vec<Authorization>> {
    let query = OnceApproved { case: case.to_owned() };
    let bodies: Vec<String> = both!(conn, |c| query.load(c))?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
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
    let found = authorizations::table
        .filter(authorizations::case_id.eq_any(readable))
        .filter(authorizations::state.eq_any(states))
        .filter(authorizations::ends_at.ge(from).and(authorizations::ends_at.lt(to)))
        // "~" sorts after every id.
        .filter(authorizations::id.lt(search.before.as_deref().unwrap_or("~")))
        .order(authorizations::id.desc())
        .limit(search.limit as i64)
        .select(authorizations::body);
    db::records(conn, found)
}

/// The stored states, and the range of ends, that amount to a state now. A row past its end may still say approved,
/// because expiry is computed when needed.
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
