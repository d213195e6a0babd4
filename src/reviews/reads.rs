//! What is due to somebody, what was signed, and what a supervisor's review looks at.

use super::model::{ReviewKind, ReviewPeriod, ReviewState, ReviewTask, ReviewedUnit};
use super::store::{self, CaseAccess};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::identity::Caller;
use crate::policy::{Act, Role};

/// The reviews that somebody oversees, the one that is due last first: an auditor's weeks with the years of every unit that
/// has a supervisor, a supervisor's own unit.
pub fn tasks(conn: &mut AnyConn, caller: &Caller, now: Micros) -> Result<Vec<ReviewTask>> {
    let Some(began) = store::began(conn)? else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    let mut reviewed: Vec<ReviewedUnit> = Vec::new();
    if caller.is(Role::Auditor) {
        let weeks = ReviewPeriod::weeks(began, now);
        let signed = store::signed(conn, ReviewKind::AccessLog, &weeks)?;
        all.extend(weeks.iter().map(|week| {
            let own = signed.iter().find(|one| one.period == week.name).cloned();
            ReviewTask::of(ReviewKind::AccessLog, week, None, own, now)
        }));
        reviewed = store::supervised_units(conn)?;
    } else if caller.is(Role::Supervisor) {
        reviewed.push(store::unit(conn, &caller.unit_id)?);
    }
    let years = ReviewPeriod::years(began, now);
    let signed = store::signed(conn, ReviewKind::AccessRights, &years)?;
    for (year, unit) in years
        .iter()
        .flat_map(|year| reviewed.iter().map(move |unit| (year, unit)))
    {
        let is_of = |id: Option<&str>| id == Some(unit.id.as_str());
        let own = signed
            .iter()
            .find(|one| one.period == year.name && is_of(one.unit.as_ref().map(|unit| unit.id.as_str())))
            .cloned();
        all.push(ReviewTask::of(
            ReviewKind::AccessRights,
            year,
            Some(unit.clone()),
            own,
            now,
        ));
    }
    all.sort_by_key(|task| std::cmp::Reverse(task.key()));
    Ok(all)
}

/// A page of the reviews that the caller oversees.
pub async fn list(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<ReviewTask>> {
    let (after, limit) = (page.after.clone(), page.limit + 1);
    let state = page.word::<ReviewState>("state")?;
    let read = move |ctx: &mut ReadCtx<'_>| {
        let later = |task: &ReviewTask| after.as_ref().is_none_or(|key| task.key() < *key);
        let wanted = |task: &ReviewTask| state.is_none_or(|state| task.state == state);
        let all = tasks(ctx.conn, ctx.caller, ctx.now)?.into_iter();
        Ok(all.filter(later).filter(wanted).take(limit).collect())
    };
    gate.read(requester, Act::ReviewList, Scope::Agency, read).await
}

/// The caller's own reviews that are overdue: an auditor's weeks, a supervisor's year.
pub async fn overdue(gate: &Gate, requester: &RequestCtx) -> Result<Vec<ReviewTask>> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let may = |kind| match kind {
            ReviewKind::AccessLog => ctx.may(Act::AccessLogReview),
            ReviewKind::AccessRights => ctx.may(Act::AccessRightsReview),
        };
        let mine: Vec<ReviewKind> = ReviewKind::ALL.iter().copied().filter(|kind| may(*kind)).collect();
        let own_unit = ctx.caller.unit_id.clone();
        let is_own = |task: &ReviewTask| task.unit.as_ref().is_none_or(|unit| unit.id == own_unit);
        let all = tasks(ctx.conn, ctx.caller, ctx.now)?.into_iter();
        Ok(all
            .filter(|task| task.state == ReviewState::Overdue && mine.contains(&task.kind) && is_own(task))
            .collect())
    };
    gate.read(requester, Act::ReviewList, Scope::Agency, read).await
}

/// A page of who may see the cases of the caller's units.
pub async fn access(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<CaseAccess>> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let (after, limit) = (page.after.as_deref(), page.limit + 1);
        store::access(ctx.conn, ctx.caller, (after, limit), ctx.now)
    };
    gate.read(requester, Act::AccessRightsReview, Scope::Agency, read).await
}
