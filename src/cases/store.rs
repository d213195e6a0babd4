//! Queries over cases, members and grants.

use diesel::prelude::*;

use super::model::{Case, CaseView, Grant, Member, Right};
use super::particulars::Stage;
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{cases, grants, members};
use crate::db::{AnyConn, canonical};
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::policy::Role;
use crate::proof::id::Digest;

/// A case's row: what follows from its record and its unit. The counters beside it follow from other records.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset)]
#[diesel(table_name = cases)]
pub struct CaseRow {
    id: String,
    number: String,
    kind: String,
    status: String,
    handling: String,
    unit_id: String,
    unit_path: String,
    lead_id: String,
    opened_at: Micros,
    changed_at: Micros,
    version: i64,
    leaf: Vec<u8>,
    body: String,
}

impl CaseRow {
    /// The row of a version that an event with this leaf recorded.
    pub fn of(case: &Case, unit_path: &str, leaf: &Digest) -> Result<Self> {
        Ok(Self {
            id: case.id.clone(),
            number: case.number.clone(),
            kind: case.kind.as_str().into(),
            status: case.status.as_str().into(),
            handling: case.handling.as_str().into(),
            unit_id: case.unit_id.clone(),
            unit_path: unit_path.into(),
            lead_id: case.lead.id.clone(),
            opened_at: case.opened_at.0,
            changed_at: case.changed_at.0,
            version: case.version,
            leaf: leaf.as_bytes().to_vec(),
            body: canonical(case)?,
        })
    }
}

/// Keeps a version's row: a new one for the first version, else in place of the one before.
pub fn save(conn: &mut AnyConn, row: &CaseRow) -> Result<()> {
    if row.version > 1 {
        diesel::update(cases::table.find(&row.id)).set(row).execute(conn)?;
        return Ok(());
    }
    let counters = (
        cases::items.eq(0i64),
        cases::held.eq(0i64),
        cases::authorizations.eq(0i64),
    );
    diesel::insert_into(cases::table)
        .values((row.clone(), counters))
        .execute(conn)?;
    Ok(())
}

/// The current version of a case.
pub fn case(conn: &mut AnyConn, id: &str) -> Result<Case> {
    let body: Option<String> = cases::table.find(id).select(cases::body).first(conn).optional()?;
    Ok(serde_json::from_str(&body.ok_or_else(Error::not_found)?)?)
}

/// A case with its members.
pub fn view(conn: &mut AnyConn, id: &str) -> Result<CaseView> {
    let row: Option<(String, i64)> = cases::table
        .find(id)
        .select((cases::body, cases::held))
        .first(conn)
        .optional()?;
    let (body, held) = row.ok_or_else(Error::not_found)?;
    let members = members_of(conn, &[id.to_owned()])?;
    Ok(CaseView {
        case: serde_json::from_str(&body)?,
        members: members.into_iter().map(|(_, member)| member).collect(),
        held,
    })
}

/// Whether a case has this number.
pub fn is_taken(conn: &mut AnyConn, number: &str) -> Result<bool> {
    let found: Option<String> = cases::table
        .filter(cases::number.eq(number))
        .select(cases::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Under which grounds a caller may see cases: the caller's id or unit path under each, empty where the role is missing.
#[derive(Debug, Clone)]
pub struct VisibleTo {
    worker: String,
    units: String,
    grantee: String,
    decider: String,
    now: Micros,
}

impl VisibleTo {
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
pub fn visible(to: &VisibleTo) -> _ {
    let worker: &str = to.worker.as_str();
    let units: &str = to.units.as_str();
    let grantee: &str = to.grantee.as_str();
    let decider: &str = to.decider.as_str();
    let now: i64 = to.now;
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
pub struct CaseSearch {
    pub number: Option<String>,
    pub kind: Option<String>,
    pub status: Option<String>,
    pub before: Option<String>,
    pub limit: usize,
}

/// Cases a caller may read, newest first.
pub fn list(conn: &mut AnyConn, caller: &Caller, search: &CaseSearch, now: Micros) -> Result<Vec<CaseView>> {
    let sees = VisibleTo::of(caller, now);
    let mut query = cases::table
        .filter(visible(&sees))
        .order(cases::id.desc())
        .limit(search.limit as i64)
        .select((cases::id, cases::body, cases::held))
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
    let rows: Vec<(String, String, i64)> = query.load(conn)?;
    let ids: Vec<String> = rows.iter().map(|(id, ..)| id.clone()).collect();
    let members = members_of(conn, &ids)?;
    let view = |(id, body, held): (String, String, i64)| {
        let own = members.iter().filter(|(case, _)| *case == id);
        Ok(CaseView {
            case: serde_json::from_str(&body)?,
            members: own.map(|(_, member)| member.clone()).collect(),
            held,
        })
    };
    rows.into_iter().map(view).collect()
}

/// Members of some cases, each with its case's id.
fn members_of(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<(String, Member)>> {
    let rows: Vec<(String, String, Micros)> = members::table
        .filter(members::case_id.eq_any(ids.to_vec()).and(members::ended_at.is_null()))
        .order((members::case_id, members::since, members::user_id))
        .select((members::case_id, members::user_id, members::since))
        .load(conn)?;
    let member = |(case, user_id, since)| {
        let since = Timestamp(since);
        (case, Member { user_id, since })
    };
    Ok(rows.into_iter().map(member).collect())
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

/// Makes somebody a member since then, whether they were one before or not.
pub fn put_member(conn: &mut AnyConn, case: &str, member: &Member) -> Result<()> {
    let since = member.since.0;
    let back = diesel::update(members::table.find((case, &member.user_id)))
        .set((members::since.eq(since), members::ended_at.eq(None::<Micros>)))
        .execute(conn)?;
    if back == 0 {
        diesel::insert_into(members::table)
            .values((
                members::case_id.eq(case),
                members::user_id.eq(&member.user_id),
                members::since.eq(since),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Ends a membership.
pub fn end_member(conn: &mut AnyConn, case: &str, user: &str, at: Micros) -> Result<()> {
    diesel::update(members::table.find((case, user)))
        .set(members::ended_at.eq(at))
        .execute(conn)?;
    Ok(())
}

/// A grant's row: what follows from its record.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset)]
#[diesel(table_name = grants, treat_none_as_null = true)]
pub struct GrantRow {
    id: String,
    case_id: String,
    user_id: String,
    can_read: bool,
    can_export: bool,
    can_decide: bool,
    created_at: Micros,
    until: Micros,
    ended_at: Option<Micros>,
    version: i64,
    leaf: Vec<u8>,
    body: String,
}

impl GrantRow {
    /// The row of a version that an event with this leaf recorded.
    pub fn of(grant: &Grant, leaf: &Digest) -> Result<Self> {
        Ok(Self {
            id: grant.id.clone(),
            case_id: grant.case_id.clone(),
            user_id: grant.user.id.clone(),
            can_read: grant.gives(Right::Read),
            can_export: grant.gives(Right::Export),
            can_decide: grant.gives(Right::Decide),
            created_at: grant.granted_at.0,
            until: grant.until.0,
            ended_at: grant.ended_at.map(|at| at.0),
            version: grant.version,
            leaf: leaf.as_bytes().to_vec(),
            body: canonical(grant)?,
        })
    }
}

/// Keeps a version's row: a new one for the first version, else in place of the one before.
pub fn save_grant(conn: &mut AnyConn, row: &GrantRow) -> Result<()> {
    if row.version > 1 {
        diesel::update(grants::table.find(&row.id)).set(row).execute(conn)?;
    } else {
        diesel::insert_into(grants::table).values(row.clone()).execute(conn)?;
    }
    Ok(())
}

/// A grant by id.
pub fn grant(conn: &mut AnyConn, id: &str) -> Result<Grant> {
    let body: Option<String> = grants::table.find(id).select(grants::body).first(conn).optional()?;
    Ok(serde_json::from_str(&body.ok_or_else(Error::not_found)?)?)
}

/// Grants of a case, oldest first.
pub fn grants_of(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Grant>> {
    let bodies: Vec<String> = grants::table
        .filter(grants::case_id.eq(case).and(grants::id.gt(after.unwrap_or_default())))
        .order(grants::id)
        .limit(limit as i64)
        .select(grants::body)
        .load(conn)?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

/// Refuses a stage while the case owes something before it.
pub fn nothing_due(conn: &mut AnyConn, case_id: &str, stage: Stage) -> Result<()> {
    case(conn, case_id)?.require(stage)
}
