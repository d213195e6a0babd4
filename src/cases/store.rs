//! Queries over cases, members and grants.

use diesel::prelude::*;
use diesel::sql_types::Bool;
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

const COLUMNS: (cases::id, cases::body, cases::held, cases::version) = (cases::id, cases::body, cases::held, cases::version);

/// A case by id.
pub fn case(conn: &mut AnyConn, id: &str) -> Result<Option<CaseRow>> {
    Ok(cases::table.find(id).select(COLUMNS).first(conn).optional()?)
}

/// The record of a case's current version.
pub fn record(conn: &mut AnyConn, id: &str) -> Result<Value> {
    let row = case(conn, id)?.ok_or_else(Error::not_found)?;
    Ok(serde_json::from_str(&row.body)?)
}

type Filter<'a> = Box<dyn BoxableExpression<cases::table, crate::db::AnyBackend, SqlType = Bool> + 'a>;

/// The cases a caller may read: the same answer as the policy's `CaseRead`, for lists.
pub fn visible<'a>(caller: &'a Caller, now: Micros) -> Filter<'a> {
    let works = caller.is(Role::Investigator) || caller.is(Role::Supervisor);
    let any = works || caller.is(Role::Prosecutor);
    let supervisor = caller.is(Role::Supervisor);
    let mine = members::table
        .filter(members::user_id.eq(&caller.user).and(members::ended_at.is_null()))
        .select(members::case_id);
    let granted = grants::table
        .filter(grants::user_id.eq(&caller.user).and(grants::ended_at.is_null()).and(grants::until.gt(now)))
        .filter(grants::can_read.eq(true).or(grants::can_export.eq(true)).or(grants::can_decide.eq(true).and(supervisor.into_sql::<Bool>())))
        .select(grants::case_id);
    let of_unit = cases::handling.eq("standard").and(cases::unit_path.like(format!("{}%", caller.unit_path)));
    Box::new(
        works
            .into_sql::<Bool>()
            .and(cases::lead_id.eq(&caller.user).or(cases::id.eq_any(mine)))
            .or(supervisor.into_sql::<Bool>().and(of_unit))
            .or(any.into_sql::<Bool>().and(cases::id.eq_any(granted))),
    )
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
    let mut query = cases::table
        .filter(visible(caller, now))
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

/// Whether somebody is a member.
pub fn is_member(conn: &mut AnyConn, case: &str, user: &str) -> Result<bool> {
    let found: Option<String> = members::table
        .filter(members::case_id.eq(case).and(members::user_id.eq(user)).and(members::ended_at.is_null()))
        .select(members::user_id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
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
