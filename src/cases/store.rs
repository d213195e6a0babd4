//! Queries over cases, members and grants.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::model::{Case, CaseView, Grant, Member, Recusal, Right};
use super::particulars::Stage;
use crate::clock::{Micros, Timestamp};
use crate::db::tables::{authorizations, cases, grant_captures, grants, members, recusals, units, users};
use crate::db::{self, AnyConn, canonical};
use crate::error::{Error, Result};
use crate::identity::{Caller, Person};
use crate::lookalike::fold;
use crate::policy::Role;
use crate::proof::id::Digest;

/// Keeps a version that an event with this leaf recorded. The first version makes the row, a later one replaces it; the
/// counters in the row follow from other records.
pub fn save(conn: &mut AnyConn, case: &Case, unit_path: &str, leaf: &Digest) -> Result<()> {
    let row = (
        cases::number.eq(&case.number),
        cases::number_key.eq(fold(&case.number)),
        cases::kind.eq(case.kind.as_str()),
        cases::status.eq(case.status.as_str()),
        cases::handling.eq(case.handling.as_str()),
        cases::unit_id.eq(&case.unit_id),
        cases::unit_path.eq(unit_path),
        cases::lead_id.eq(&case.lead.id),
        cases::proposed_lead_id.eq(case.proposed_lead.as_ref().map(|proposed| &proposed.id)),
        cases::opened_at.eq(case.opened_at.0),
        cases::changed_at.eq(case.changed_at.0),
        cases::version.eq(case.version),
        cases::leaf.eq(leaf.as_bytes().to_vec()),
        cases::body.eq(canonical(case)?),
    );
    if case.version > 1 {
        diesel::update(cases::table.find(&case.id)).set(row).execute(conn)?;
        return Ok(());
    }
    let counters = (
        cases::items.eq(0i64),
        cases::held.eq(0i64),
        cases::authorizations.eq(0i64),
    );
    diesel::insert_into(cases::table)
        .values((cases::id.eq(&case.id), row, counters))
        .execute(conn)?;
    Ok(())
}

/// The current version of a case.
pub fn case(conn: &mut AnyConn, id: &str) -> Result<Case> {
    db::record(conn, cases::table.find(id).select(cases::body))
}

/// A case with its members.
pub fn view(conn: &mut AnyConn, id: &str) -> Result<CaseView> {
    let found = cases::table.find(id).select((cases::body, cases::held));
    let rows = found.load(conn)?;
    views(conn, rows)?.pop().ok_or_else(Error::not_found)
}

/// Whether another case has this number, or one that is compared as the same. Until this transaction ends nobody else asks
/// that of it.
pub fn is_taken(conn: &mut AnyConn, number: &str, but: &str) -> Result<bool> {
    let key = fold(number);
    if let AnyConn::Pg(c) = conn {
        let lock = sql_query("SELECT pg_advisory_xact_lock(hashtext($1))");
        lock.bind::<Text, _>(&key).execute(c)?;
    }
    let others = cases::table.filter(cases::number_key.eq(key).and(cases::id.ne(but)));
    let others: i64 = others.count().get_result(conn)?;
    Ok(others > 0)
}

/// The grounds on which a caller may see cases. Each holds the caller's id or unit path, or is empty without the role.
#[derive(Debug, Clone)]
pub struct VisibleTo {
    pub(super) worker: String,
    units: String,
    delegated: Vec<String>,
    pub(super) grantee: String,
    decider: String,
    pub(super) now: Micros,
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
            delegated: caller.delegated.clone(),
            grantee: part(works || caller.is(Role::Prosecutor)),
            decider: part(supervisor),
            now,
        }
    }
}

/// The names of a case's unit and of the units above it.
///
/// # Errors
/// Where the database fails.
pub fn unit_names(conn: &mut AnyConn, case: &str) -> Result<Vec<String>> {
    let unit: String = cases::table.find(case).select(cases::unit_id).first(conn)?;
    names_of_unit(conn, &unit)
}

/// The names of a unit and of the units above it.
pub(super) fn names_of_unit(conn: &mut AnyConn, unit: &str) -> Result<Vec<String>> {
    let path: String = units::table.find(unit).select(units::path).first(conn)?;
    let ids: Vec<&str> = path.split('/').filter(|id| !id.is_empty()).collect();
    Ok(units::table
        .filter(units::id.eq_any(ids))
        .select(units::name)
        .load(conn)?)
}

/// The cases a caller may read with what belongs to them: the same answer as the policy's family `Reading`, for lists.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn visible(to: &VisibleTo) -> _ {
    let worker: &str = to.worker.as_str();
    let units: &str = to.units.as_str();
    let delegated: Vec<String> = to.delegated.clone();
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
        .filter(grants::chosen.eq(0_i64))
        .filter(
            grants::can_read
                .or(grants::can_export)
                .or(grants::can_decide.and(grants::user_id.eq(decider))),
        )
        .select(grants::case_id);
    cases::lead_id
        .eq(worker)
        .or(cases::handling
            .eq("standard")
            .and(cases::unit_path.like(units).or(cases::unit_id.eq_any(delegated))))
        .or(cases::id.eq_any(mine))
        .or(cases::id.eq_any(granted))
}

/// Who decides, for lists: empty parts without the role of a supervisor.
#[derive(Debug, Clone)]
pub struct DecidesIn {
    user: String,
    units: String,
    delegated: Vec<String>,
    now: Micros,
}

impl DecidesIn {
    /// What a caller's role and unit give.
    pub fn of(caller: &Caller, now: Micros) -> Self {
        let (user, units) = match caller.is(Role::Supervisor) {
            true => (caller.user.clone(), format!("{}%", caller.unit_path)),
            false => (String::new(), String::new()),
        };
        Self {
            user,
            units,
            delegated: caller.delegated.clone(),
            now,
        }
    }
}

/// The cases in which a caller decides about what others did: the same answer as the policy's family `Deciding`, for
/// lists, as far as the case and the caller's relation to it go.
#[diesel::dsl::auto_type(no_type_alias)]
pub fn decided(by: &DecidesIn) -> _ {
    let user: &str = by.user.as_str();
    let units: &str = by.units.as_str();
    let delegated: Vec<String> = by.delegated.clone();
    let now: i64 = by.now;
    let mine = members::table
        .filter(members::user_id.eq(user))
        .filter(members::ended_at.is_null())
        .select(members::case_id);
    let named = grants::table
        .filter(grants::user_id.eq(user))
        .filter(grants::can_decide)
        .filter(grants::ended_at.is_null())
        .filter(grants::until.gt(now))
        .select(grants::case_id);
    let recused = recusals::table
        .filter(recusals::user_id.eq(user))
        .select(recusals::case_id);
    let of_unit = cases::handling
        .eq("standard")
        .and(cases::unit_path.like(units).or(cases::unit_id.eq_any(delegated)));
    let of_name = cases::handling.ne("standard").and(cases::id.eq_any(named));
    of_unit
        .or(of_name)
        .and(cases::lead_id.ne(user))
        .and(cases::id.ne_all(mine))
        .and(cases::id.ne_all(recused))
}

/// The cases that a caller was proposed to lead, oldest first.
pub fn offered(conn: &mut AnyConn, caller: &Caller) -> Result<Vec<Case>> {
    let offered = cases::table.filter(cases::proposed_lead_id.eq(&caller.user));
    db::records(conn, offered.order(cases::id).limit(SHOWN).select(cases::body))
}

/// A case in which somebody works, as its row tells it.
pub struct MyCase {
    pub view: CaseView,
    pub items: i64,
    /// When anything last happened in it.
    pub last: Micros,
}

/// The cases in which a caller works, as lead or as member; the newest change first.
pub fn mine(conn: &mut AnyConn, caller: &Caller, limit: i64) -> Result<Vec<MyCase>> {
    let user: &str = caller.user.as_str();
    let member = members::table
        .filter(members::user_id.eq(user).and(members::ended_at.is_null()))
        .select(members::case_id);
    // The last event of the case's stream, by the table's own order.
    let last = sql::<Nullable<BigInt>>(
        "(SELECT e.at FROM events e WHERE e.stream = 'case:' || cases.id ORDER BY e.seq DESC LIMIT 1)",
    );
    let rows: Vec<(String, i64, i64, Option<Micros>)> = cases::table
        .filter(cases::lead_id.eq(user).or(cases::id.eq_any(member)))
        .order(cases::id.desc())
        .limit(limit)
        .select((cases::body, cases::held, cases::items, last))
        .load(conn)?;
    let counted: Vec<(i64, Option<Micros>)> = rows.iter().map(|(_, _, items, last)| (*items, *last)).collect();
    let views = views(conn, rows.into_iter().map(|(body, held, ..)| (body, held)).collect())?;
    let mine = views.into_iter().zip(counted).map(|(view, (items, last))| MyCase {
        last: last.unwrap_or(view.case.changed_at.0),
        view,
        items,
    });
    let mut mine: Vec<MyCase> = mine.collect();
    mine.sort_by_key(|case| std::cmp::Reverse(case.last));
    Ok(mine)
}

/// Cases with their members, from their bodies and how many captures of each are held.
pub(super) fn views(conn: &mut AnyConn, rows: Vec<(String, i64)>) -> Result<Vec<CaseView>> {
    let mut views = Vec::with_capacity(rows.len());
    for (body, held) in rows {
        views.push(CaseView {
            case: serde_json::from_str(&body)?,
            members: Vec::new(),
            held,
        });
    }
    let ids: Vec<String> = views.iter().map(|view| view.case.id.clone()).collect();
    let members: Vec<(String, String, Micros)> = members::table
        .filter(members::case_id.eq_any(ids).and(members::ended_at.is_null()))
        .order((members::since, members::user_id))
        .select((members::case_id, members::user_id, members::since))
        .load(conn)?;
    for (case, user_id, since) in members {
        let since = Timestamp(since);
        let of_case = views.iter_mut().find(|view| view.case.id == case);
        if let Some(view) = of_case {
            view.members.push(Member { user_id, since });
        }
    }
    Ok(views)
}

/// Who works on a case beside its lead, by name.
pub fn members(conn: &mut AnyConn, case: &str) -> Result<Vec<Person>> {
    let rows: Vec<(String, String)> = members::table
        .inner_join(users::table.on(users::id.eq(members::user_id)))
        .filter(members::case_id.eq(case).and(members::ended_at.is_null()))
        .select((users::id, users::name))
        .order((users::name, users::id))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| Person { id, name }).collect())
}

/// Colleagues who are proposed at most.
const PROPOSED: i64 = 300;

/// Who could work on a case of this unit: its investigators and supervisors, and those of the units below it.
pub fn candidates(conn: &mut AnyConn, unit_path: &str) -> Result<Vec<Person>> {
    let has = |role: Role| users::roles.like(format!("%\"{role}\"%"));
    let rows: Vec<(String, String)> = users::table
        .inner_join(units::table.on(units::id.eq(users::unit_id)))
        .filter(users::disabled.eq(false))
        .filter(units::path.like(format!("{unit_path}%")))
        .filter(has(Role::Investigator).or(has(Role::Supervisor)))
        .select((users::id, users::name))
        .order((users::name, users::id))
        .limit(PROPOSED)
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| Person { id, name }).collect())
}

/// Keeps that somebody recused themselves, which an event with this leaf recorded.
pub fn save_recusal(conn: &mut AnyConn, recusal: &Recusal, leaf: &Digest) -> Result<()> {
    diesel::insert_into(recusals::table)
        .values((
            recusals::case_id.eq(&recusal.case_id),
            recusals::user_id.eq(&recusal.user.id),
            recusals::id.eq(&recusal.id),
            recusals::leaf.eq(leaf.as_bytes().to_vec()),
            recusals::body.eq(canonical(recusal)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// Who recused themselves from a case, from an id on, oldest first.
pub fn recusals_of(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Recusal>> {
    let found = recusals::table
        .filter(
            recusals::case_id
                .eq(case)
                .and(recusals::id.gt(after.unwrap_or_default())),
        )
        .order(recusals::id)
        .limit(limit as i64);
    db::records(conn, found.select(recusals::body))
}

/// Since when somebody is a member.
pub fn member_since(conn: &mut AnyConn, case: &str, user: &str) -> Result<Option<Micros>> {
    let found = members::table.find((case, user)).filter(members::ended_at.is_null());
    Ok(found.select(members::since).first(conn).optional()?)
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

/// Keeps a version of a grant that an event with this leaf recorded.
pub fn save_grant(conn: &mut AnyConn, grant: &Grant, leaf: &Digest) -> Result<()> {
    let row = (
        grants::case_id.eq(&grant.case_id),
        grants::user_id.eq(&grant.user.id),
        grants::can_read.eq(grant.rights.contains(&Right::Read)),
        grants::can_export.eq(grant.rights.contains(&Right::Export)),
        grants::can_decide.eq(grant.rights.contains(&Right::Decide)),
        grants::created_at.eq(grant.granted_at.0),
        grants::until.eq(grant.until.0),
        grants::ended_at.eq(grant.ended_at.map(|at| at.0)),
        grants::version.eq(grant.version),
        grants::leaf.eq(leaf.as_bytes().to_vec()),
        grants::body.eq(canonical(grant)?),
        grants::chosen.eq(grant.captures.len() as i64),
    );
    if grant.version > 1 {
        diesel::update(grants::table.find(&grant.id)).set(row).execute(conn)?;
    } else {
        let id = grants::id.eq(&grant.id);
        diesel::insert_into(grants::table).values((id, row)).execute(conn)?;
        let of = grant.captures.iter().map(|one| {
            let capture = grant_captures::capture_id.eq(&one.id);
            (grant_captures::grant_id.eq(&grant.id), capture)
        });
        for one in of {
            diesel::insert_into(grant_captures::table).values(one).execute(conn)?;
        }
    }
    Ok(())
}

/// A grant by id.
pub fn grant(conn: &mut AnyConn, id: &str) -> Result<Grant> {
    db::record(conn, grants::table.find(id).select(grants::body))
}

/// Grants of a case, oldest first.
pub fn grants_of(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Grant>> {
    let later = grants::id.gt(after.unwrap_or_default());
    let found = grants::table.filter(grants::case_id.eq(case).and(later));
    db::records(conn, found.order(grants::id).limit(limit as i64).select(grants::body))
}

/// Grants of a case that its page shows.
const SHOWN: i64 = 200;

/// Grants of a case, the newest first.
pub fn newest_grants(conn: &mut AnyConn, case: &str) -> Result<Vec<Grant>> {
    let found = grants::table.filter(grants::case_id.eq(case));
    let page = found.order(grants::id.desc()).limit(SHOWN);
    db::records(conn, page.select(grants::body))
}

/// Every grant that a case ever had, oldest first.
pub fn all_grants_of(conn: &mut AnyConn, case: &str) -> Result<Vec<Grant>> {
    let found = grants::table.filter(grants::case_id.eq(case));
    db::records(conn, found.order(grants::id).select(grants::body))
}

/// Refuses a stage while the case owes something before it.
pub fn nothing_due(conn: &mut AnyConn, case_id: &str, stage: Stage) -> Result<()> {
    case(conn, case_id)?.require(stage)
}

/// Whether an authorization of a case was ever asked for, or something captured in it.
pub fn holds_work(conn: &mut AnyConn, case: &str) -> Result<bool> {
    let (asked, items): (i64, i64) = cases::table
        .find(case)
        .select((cases::authorizations, cases::items))
        .first(conn)?;
    Ok(asked + items > 0)
}

/// Whether an authorization of a case waits for a decision or runs.
pub fn holds_leave(conn: &mut AnyConn, case: &str, now: Micros) -> Result<bool> {
    let open = authorizations::table
        .filter(authorizations::case_id.eq(case))
        .filter(authorizations::state.eq_any(["requested", "returned", "approved", "emergency"]))
        .filter(authorizations::ends_at.gt(now));
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(conn)?)
}
