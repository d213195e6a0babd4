//! Queries over requests for access.

use diesel::prelude::*;

use super::model::{AccessRequest, AccessRequestKind, AccessRequestState};
use crate::cases::{DecidesIn, VisibleTo, decided, visible};
use crate::clock::Micros;
use crate::db::tables::{access_requests, cases};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::identity::Caller;
use crate::lookalike::fold;
use crate::proof::id::Digest;

/// Keeps a version that an event with this leaf recorded. The first version makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, request: &AccessRequest, leaf: &Digest) -> Result<()> {
    let row = (
        access_requests::asker_id.eq(&request.asked_by.id),
        access_requests::second_id.eq(request.second.as_ref().map(|second| second.id.clone())),
        access_requests::case_id.eq(request.case_id.clone()),
        access_requests::kind.eq(request.kind.as_str()),
        access_requests::state.eq(request.state.as_str()),
        access_requests::ends_at.eq(request.ends_at.0),
        access_requests::answered_at.eq(request.answer.as_ref().map(|answer| answer.at.0)),
        access_requests::version.eq(request.version),
        access_requests::leaf.eq(leaf.as_bytes().to_vec()),
        access_requests::body.eq(canonical(request)?),
    );
    if request.version > 1 {
        diesel::update(access_requests::table.find(&request.id))
            .set(row)
            .execute(conn)?;
    } else {
        let id = access_requests::id.eq(&request.id);
        diesel::insert_into(access_requests::table)
            .values((id, row))
            .execute(conn)?;
    }
    Ok(())
}

/// A request by id.
pub fn find(conn: &mut AnyConn, id: &str) -> Result<AccessRequest> {
    db::record(conn, access_requests::table.find(id).select(access_requests::body))
}

/// The case that has this number, or one that is compared as the same.
pub fn case_of_number(conn: &mut AnyConn, number: &str) -> Result<Option<String>> {
    let found = cases::table.filter(cases::number_key.eq(fold(number)));
    Ok(found.select(cases::id).first(conn).optional()?)
}

/// Whether a caller reads a case now.
pub fn reads(conn: &mut AnyConn, caller: &Caller, case: &str, now: Micros) -> Result<bool> {
    let to = VisibleTo::of(caller, now);
    let found: i64 = cases::table
        .filter(cases::id.eq(case).and(visible(&to)))
        .count()
        .get_result(conn)?;
    Ok(found > 0)
}

/// How many requests of a person wait for an answer, as they see it: a denial looks like none.
pub fn waiting_of(conn: &mut AnyConn, user: &str, now: Micros) -> Result<i64> {
    let unanswered = [AccessRequestState::Asked, AccessRequestState::Denied].map(AccessRequestState::as_str);
    Ok(access_requests::table
        .filter(access_requests::asker_id.eq(user))
        .filter(access_requests::state.eq_any(unanswered))
        .filter(access_requests::ends_at.gt(now))
        .count()
        .get_result(conn)?)
}

/// Requests of a person, the newest first.
pub fn of_asker(conn: &mut AnyConn, user: &str, before: Option<&str>, limit: usize) -> Result<Vec<AccessRequest>> {
    let found = access_requests::table
        .filter(access_requests::asker_id.eq(user))
        .filter(access_requests::id.lt(before.unwrap_or("g")))
        .order(access_requests::id.desc())
        .limit(limit as i64);
    db::records(conn, found.select(access_requests::body))
}

/// Break-glass requests that name a person as the second one and wait for them, the newest first.
pub fn of_second(
    conn: &mut AnyConn,
    (user, now): (&str, Micros),
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<AccessRequest>> {
    let found = access_requests::table
        .filter(access_requests::second_id.eq(user))
        .filter(access_requests::state.eq(AccessRequestState::Asked.as_str()))
        .filter(access_requests::ends_at.gt(now))
        .filter(access_requests::id.lt(before.unwrap_or("g")))
        .order(access_requests::id.desc())
        .limit(limit as i64);
    db::records(conn, found.select(access_requests::body))
}

/// Requests that wait in cases where a caller decides, the newest first. Own ones are decided by others.
pub fn to_decide(
    conn: &mut AnyConn,
    (caller, now): (&Caller, Micros),
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<AccessRequest>> {
    let by = DecidesIn::of(caller, now);
    let theirs = cases::table.filter(decided(&by)).select(cases::id.nullable());
    let found = access_requests::table
        .filter(access_requests::case_id.eq_any(theirs))
        .filter(access_requests::kind.eq(AccessRequestKind::Access.as_str()))
        .filter(access_requests::state.eq(AccessRequestState::Asked.as_str()))
        .filter(access_requests::ends_at.gt(now))
        .filter(access_requests::asker_id.ne(&caller.user))
        .filter(access_requests::id.lt(before.unwrap_or("g")))
        .order(access_requests::id.desc())
        .limit(limit as i64);
    db::records(conn, found.select(access_requests::body))
}

/// Glasses broken since a moment in the cases that somebody leads, or in all; the newest first.
pub fn broken_since(conn: &mut AnyConn, since: Micros, lead: Option<&str>, limit: i64) -> Result<Vec<AccessRequest>> {
    let mut found = access_requests::table
        .filter(access_requests::kind.eq(AccessRequestKind::BreakGlass.as_str()))
        .filter(access_requests::state.eq(AccessRequestState::Granted.as_str()))
        .filter(access_requests::answered_at.ge(since))
        .order(access_requests::id.desc())
        .limit(limit)
        .select(access_requests::body)
        .into_boxed();
    if let Some(lead) = lead {
        let led = cases::table
            .filter(cases::lead_id.eq(lead))
            .select(cases::id.nullable());
        found = found.filter(access_requests::case_id.eq_any(led));
    }
    let bodies: Vec<String> = found.load(conn)?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}
