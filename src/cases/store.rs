//! Queries over cases, members and grants.

use diesel::prelude::*;
use serde_json::Value;

use super::model;
use super::particulars::{self, Stage};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{cases, grants, members};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::identity::Caller;
use crate::policy::Role;

/// A case's record and counters.
#[derive(Debug, Clone, Queryable)]
pub struct CaseRow {
    pub id: String,
    pub body: String,
    pub held: i64,
    pub version: i64,
}

const COLUMNS: (cases::id, cases::body, cases::held, cases::version) =
    (cases::id, cases::body, cases::held, cases::version);

/// A case by id.
pub fn case(conn: &mut AnyConn, id: &str) -> Result<Option<CaseRow>> {
    Ok(cases::table.find(id).select(COLUMNS).first(conn).optional()?)
}

/// The record of a case's current version.
pub fn record(conn: &mut AnyConn, id: &str) -> Result<Value> {
    let row = case(conn, id)?.ok_or_else(Error::not_found)?;
    Ok(serde_json::from_str(&row.body)?)
}

/// By which of their parts a caller sees cases; an empty part matches no row.
#[derive(Debug, Clone)]
pub struct Sees {
    worker: String,
    units: String,
    grantee: String,
    decider: String,
    now: Micros,
}

impl Sees {
    /// What a caller's roles give.
    pub fn of(caller: &Caller, now: Micros) -> Self {
        let supervisor = caller.is(Role::Supervisor);
        let works = supervisor || caller.is(Role::Investigator);
        let part = |given: bool| if given { caller.user.clone() } else { String::new() };
        Self {
            worker: part(works),
            units: if supervisor {
                format!("{}%", caller.unit_path)
            } else {
                String::new()
            },
            grantee: part(works || caller.is(Role::Prosecutor)),
            decider: part(supervisor),
            now,
        }
    }
}

/// The cases a caller may read: the same answer as the policy's `CaseRead`, for lists.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn visible(sees: &Sees) -> _ {
    let worker: &str = sees.worker.as_str();
    let units: &str = sees.units.as_str();
    let grantee: &str = sees.grantee.as_str();
    let decider: &str = sees.decider.as_str();
    let now: i64 = sees.now;
    let mine = members::table
        .filter(members::user_id.eq(worker))
        .filter(members::ended_at.is_null())
        .select(members::case_id);
    let granted = grants::table
        .filter(grants::user_id.eq(grantee))
        .filter(grants::ended_at.is_null())
        .filter(grants::until.gt(now))
        .filter(
            grants::can_read
                .or(grants::can_export)
                .or(grants::can_decide.and(grants::user_id.eq(decider))),
        )
        .select(grants::case_id);
    cases::lead_id
        .eq(worker)
        .or(cases::handling.eq("standard").and(cases::unit_path.like(units)))
        .or(cases::id.eq_any(mine))
        .or(cases::id.eq_any(granted))
}

/// What a list of cases is asked for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub number: Option<String>,
    pub kind: Option<String>,
    pub status: Option<String>,
    pub before: Option<String>,
    pub limit: usize,
}

/// Cases a caller may read, newest first.
pub fn list(conn: &mut AnyConn, caller: &Caller, search: &Search, now: Micros) -> Result<Vec<CaseRow>> {
    let sees = Sees::of(caller, now);
    let mut query = cases::table
        .filter(visible(&sees))
        .order(cases::id.desc())
        .limit(search.limit as i64)
        .select(COLUMNS)
        .into_boxed();
    if let Some(number) = &search.number {
        query = query.filter(cases::number.eq(number));
    }
    if let Some(kind) = &search.kind {
        query = query.filter(cases::kind.eq(kind));
    }
    if let Some(status) = &search.status {
        query = query.filter(cases::status.eq(status));
    }
    if let Some(before) = &search.before {
        query = query.filter(cases::id.lt(before));
    }
    Ok(query.load(conn)?)
}

/// Members of some cases, with the time since when.
pub fn members_of(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<(String, String, Micros)>> {
    Ok(members::table
        .filter(members::case_id.eq_any(ids.to_vec()).and(members::ended_at.is_null()))
        .order((members::case_id, members::since, members::user_id))
        .select((members::case_id, members::user_id, members::since))
        .load(conn)?)
}

/// Since when somebody is a member.
pub fn member_since(conn: &mut AnyConn, case: &str, user: &str) -> Result<Option<Micros>> {
    Ok(members::table
        .filter(
            members::case_id
                .eq(case)
                .and(members::user_id.eq(user))
                .and(members::ended_at.is_null()),
        )
        .select(members::since)
        .first(conn)
        .optional()?)
}

/// Grants of a case: id and record.
pub fn grants_of(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<(String, String)>> {
    let mut query = grants::table
        .filter(grants::case_id.eq(case))
        .order(grants::id)
        .limit(limit as i64)
        .select((grants::id, grants::body))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(grants::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// Refuses a stage (`authorization`, `closing`, `packet`) while the case owes something before it.
pub fn nothing_due(conn: &mut AnyConn, case_id: &str, stage: &str) -> Result<()> {
    let record = record(conn, case_id)?;
    let stage = Stage::from_word(stage).ok_or_else(|| Error::internal("no such stage"))?;
    particulars::require(model::kind_of(&record)?, &record["particulars"], stage)
}
