//! What may be looked at of audits, and how the ledger stands.

use diesel::prelude::*;
use serde_json::json;

use super::model::{AuditView, JOB};
use super::store::{self, LastAudit};
use crate::clock::{DAY, Micros};
use crate::db::AnyConn;
use crate::db::tables::{events, outbox};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::http::paging::Page;
use crate::jobs;
use crate::ledger::{self, Action};
use crate::policy::Act;

/// A page of the audits, the latest first.
pub async fn list(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<AuditView>> {
    let (before, limit) = (page.after_number()?, page.limit + 1);
    let view = View::new(Action::AuditViewed, "agency", "agency", json!({"before": before}));
    let read = move |ctx: &mut ReadCtx<'_>| store::list(ctx.conn, before, limit);
    gate.view(requester, Act::AuditRead, Scope::Agency, view, read).await
}

/// An audit with its report.
pub async fn one(gate: &Gate, requester: &RequestCtx, id: String) -> Result<AuditView> {
    let view = View::new(Action::AuditViewed, "audit", &id, json!({}));
    let read = move |ctx: &mut ReadCtx<'_>| store::one(ctx.conn, &id);
    gate.view(requester, Act::AuditRead, Scope::Agency, view, read).await
}

/// How the ledger stands, as its auditor's first screen shows it.
#[derive(Debug, Clone)]
pub struct LedgerHealth {
    /// Events in the tree.
    pub size: u64,
    /// Events that wait to be taken into it.
    pub waiting: i64,
    /// When the tree was last signed, and over how many events.
    pub signed: Option<(u64, Micros)>,
    /// The last audit that came to its end.
    pub last: Option<LastAudit>,
    /// The audit under way.
    pub under_way: Option<String>,
    /// Refusals on each of the last seven days, today last: the day's first moment, and how many.
    pub refusals: Vec<(Micros, usize)>,
}

/// How the ledger stands.
pub async fn ledger_health(gate: &Gate, requester: &RequestCtx) -> Result<LedgerHealth> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let state = ledger::state(ctx.conn)?.ok_or_else(|| Error::internal("the log has no state"))?;
        Ok(LedgerHealth {
            size: state.size,
            waiting: waiting(ctx.conn)?,
            signed: ledger::read::signed_at(ctx.conn)?,
            last: store::last(ctx.conn)?,
            under_way: jobs::under_way(ctx.conn, JOB)?,
            refusals: refusals(ctx.conn, ctx.now)?,
        })
    };
    gate.read(requester, Act::LedgerRead, Scope::Agency, read).await
}

/// How many events wait to be taken into the tree.
fn waiting(conn: &mut AnyConn) -> Result<i64> {
    Ok(outbox::table.count().get_result(conn)?)
}

/// Refusals day by day, as far as a page can tell them.
fn refusals(conn: &mut AnyConn, now: Micros) -> Result<Vec<(Micros, usize)>> {
    const MOST: i64 = 10_000;
    const REFUSALS: [Action; 3] = [Action::AccessRefused, Action::SessionRefused, Action::UploadRefused];
    let today = now - now.rem_euclid(DAY);
    let times: Vec<Micros> = events::table
        .filter(events::action.eq_any(REFUSALS.map(Action::as_str)))
        .filter(events::at.ge(today - 6 * DAY))
        .order(events::at.desc())
        .limit(MOST)
        .select(events::at)
        .load(conn)?;
    let days = (0..7).rev().map(|back| today - back * DAY);
    Ok(days
        .map(|day| (day, times.iter().filter(|at| (day..day + DAY).contains(at)).count()))
        .collect())
}
