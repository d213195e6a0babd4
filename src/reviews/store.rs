//! Queries over reviews and what is reviewed.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::Serialize;

use super::model::{ReviewCount, ReviewKind, ReviewPeriod, ReviewSignature, ReviewedUnit};
use crate::cases::{VisibleTo, visible};
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{cases, events, grants, members, reviews, units, users};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::identity::{Caller, Person};
use crate::ledger;
use crate::proof::id::Digest;

/// Keeps a signature, as an event with this leaf recorded it.
pub fn insert(conn: &mut AnyConn, signed: &ReviewSignature, leaf: &Digest) -> Result<()> {
    diesel::insert_into(reviews::table)
        .values((
            reviews::id.eq(&signed.id),
            reviews::kind.eq(signed.kind.as_str()),
            reviews::period.eq(&signed.period),
            reviews::unit_id.eq(signed.unit.as_ref().map_or("", |unit| unit.id.as_str())),
            reviews::leaf.eq(leaf.as_bytes().to_vec()),
            reviews::body.eq(canonical(signed)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// The signatures of a kind over some periods.
pub fn signed(conn: &mut AnyConn, kind: ReviewKind, periods: &[ReviewPeriod]) -> Result<Vec<ReviewSignature>> {
    let names: Vec<String> = periods.iter().map(|period| period.name.clone()).collect();
    let found = reviews::table
        .filter(reviews::kind.eq(kind.as_str()))
        .filter(reviews::period.eq_any(names))
        .order(reviews::id);
    db::records(conn, found.select(reviews::body))
}

/// When the log began.
pub fn began(conn: &mut AnyConn) -> Result<Option<Micros>> {
    Ok(events::table
        .filter(events::stream.eq(ledger::AGENCY))
        .order(events::seq)
        .select(events::at)
        .first(conn)
        .optional()?)
}

/// The units that have a supervisor, in the order of their names.
pub fn supervised_units(conn: &mut AnyConn) -> Result<Vec<ReviewedUnit>> {
    let supervised = users::table
        .filter(users::roles.like("%\"supervisor\"%").and(users::disabled.eq(false)))
        .select(users::unit_id);
    let rows: Vec<(String, String)> = units::table
        .filter(units::id.eq_any(supervised))
        .order((units::name, units::id))
        .select((units::id, units::name))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| ReviewedUnit { id, name }).collect())
}

/// How much of a week's access log there is: what was seen or taken out, and what was refused.
pub fn count_week(conn: &mut AnyConn, week: &ReviewPeriod) -> Result<ReviewCount> {
    let of_week = || events::at.ge(week.begins).and(events::at.lt(week.ends));
    let accesses: i64 = events::table
        .filter(of_week().and(events::stream.like("access:%")))
        .filter(events::action.not_like("%.refused"))
        .count()
        .get_result(conn)?;
    let refusals: i64 = events::table
        .filter(of_week().and(events::action.like("%.refused")))
        .count()
        .get_result(conn)?;
    Ok(ReviewCount {
        accesses: Some(accesses),
        refusals: Some(refusals),
        ..ReviewCount::default()
    })
}

/// Who may see one case: its lead, its members, and those who were let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseAccess {
    /// The case.
    pub case_id: String,
    /// Its number.
    pub case_number: String,
    /// Its handling.
    pub handling: String,
    /// Its status.
    pub status: String,
    /// Its lead.
    pub lead: Person,
    /// Its members.
    pub members: Vec<Person>,
    /// The grants on it that run.
    pub grants: Vec<GrantedAccess>,
}

/// A grant that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantedAccess {
    /// Who was let in.
    pub user: Person,
    /// What they may.
    pub rights: Vec<&'static str>,
    /// Of how many chosen captures, where it is not of the whole case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captures: Option<i64>,
    /// Until when.
    pub until: Timestamp,
}

type CaseFields = (String, String, String, String, String);

/// Who may see the cases of a caller's unit and of those below, as far as the caller may read them; the newest case first.
pub fn access(
    conn: &mut AnyConn,
    caller: &Caller,
    (before, limit): (Option<&str>, usize),
    now: Micros,
) -> Result<Vec<CaseAccess>> {
    let sees = VisibleTo::of(caller, now);
    let rows: Vec<CaseFields> = cases::table
        .filter(visible(&sees))
        .filter(cases::unit_path.like(format!("{}%", caller.unit_path)))
        // "~" sorts after every id.
        .filter(cases::id.lt(before.unwrap_or("~")))
        .order(cases::id.desc())
        .limit(limit as i64)
        .select((cases::id, cases::number, cases::handling, cases::status, cases::lead_id))
        .load(conn)?;
    let ids: Vec<String> = rows.iter().map(|(id, ..)| id.clone()).collect();
    let leads: Vec<String> = rows.iter().map(|(.., lead)| lead.clone()).collect();
    let names = crate::users::store::names(conn, leads)?;
    let mut members = members_of(conn, &ids)?;
    let mut grants = grants_of(conn, &ids, now)?;
    let all = rows
        .into_iter()
        .map(|(case_id, case_number, handling, status, lead)| CaseAccess {
            members: members.remove(&case_id).unwrap_or_default(),
            grants: grants.remove(&case_id).unwrap_or_default(),
            lead: Person {
                name: names.get(&lead).cloned().unwrap_or_default(),
                id: lead,
            },
            case_id,
            case_number,
            handling,
            status,
        });
    Ok(all.collect())
}

fn members_of(conn: &mut AnyConn, ids: &[String]) -> Result<HashMap<String, Vec<Person>>> {
    let rows: Vec<(String, String, String)> = members::table
        .inner_join(users::table.on(users::id.eq(members::user_id)))
        .filter(members::case_id.eq_any(ids.to_vec()).and(members::ended_at.is_null()))
        .order((members::case_id, users::name, users::id))
        .select((members::case_id, users::id, users::name))
        .load(conn)?;
    let mut all: HashMap<String, Vec<Person>> = HashMap::new();
    for (case, id, name) in rows {
        all.entry(case).or_default().push(Person { id, name });
    }
    Ok(all)
}

type GrantFields = (String, String, String, (bool, bool, bool), i64, Micros);

fn grants_of(conn: &mut AnyConn, ids: &[String], now: Micros) -> Result<HashMap<String, Vec<GrantedAccess>>> {
    let rows: Vec<GrantFields> = grants::table
        .inner_join(users::table.on(users::id.eq(grants::user_id)))
        .filter(grants::case_id.eq_any(ids.to_vec()))
        .filter(grants::ended_at.is_null().and(grants::until.gt(now)))
        .order((grants::case_id, users::name, grants::id))
        .select((
            grants::case_id,
            users::id,
            users::name,
            (grants::can_read, grants::can_export, grants::can_decide),
            grants::chosen,
            grants::until,
        ))
        .load(conn)?;
    let mut all: HashMap<String, Vec<GrantedAccess>> = HashMap::new();
    for (case, id, name, (reads, exports, decides), chosen, until) in rows {
        let rights = [(reads, "read"), (exports, "export"), (decides, "decide")];
        all.entry(case).or_default().push(GrantedAccess {
            user: Person { id, name },
            rights: rights
                .into_iter()
                .filter(|(has, _)| *has)
                .map(|(_, word)| word)
                .collect(),
            captures: Some(chosen).filter(|n| *n > 0),
            until: Timestamp(until),
        });
    }
    Ok(all)
}

/// Cases that are counted at once.
const AT_ONCE: usize = 200;

/// How many cases, members and running grants a caller's review of a year looks at.
pub fn count_access(conn: &mut AnyConn, caller: &Caller, now: Micros) -> Result<ReviewCount> {
    let (mut cases, mut people, mut given) = (0, 0, 0);
    let mut after: Option<String> = None;
    loop {
        let page = access(conn, caller, (after.as_deref(), AT_ONCE), now)?;
        let Some(last) = page.last() else { break };
        after = Some(last.case_id.clone());
        cases += page.len();
        people += page.iter().map(|one| one.members.len()).sum::<usize>();
        given += page.iter().map(|one| one.grants.len()).sum::<usize>();
    }
    let number = |n: usize| i64::try_from(n).ok();
    Ok(ReviewCount {
        cases: number(cases),
        members: number(people),
        grants: number(given),
        ..ReviewCount::default()
    })
}

/// A unit by id.
pub fn unit(conn: &mut AnyConn, id: &str) -> Result<ReviewedUnit> {
    let name = crate::users::store::unit_name(conn, id)?;
    Ok(ReviewedUnit {
        id: id.to_owned(),
        name,
    })
}
