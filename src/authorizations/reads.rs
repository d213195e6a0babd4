//! What may be looked at of authorizations. Each comes with the time of reading, because its state depends on it.

use super::check::{Decider, RequestCheck};
use super::checks;
use super::model::{Authorization, AuthorizationState};
use super::store::{self, AuthorizationSearch, CoveredCapture, HistoryEntry, WaitingRequest};
use crate::aliases::{self, Alias};
use crate::authorization_policies::{self, PolicyInForce, PolicyTerms};
use crate::cases::{self, Case};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, WhomToAsk, whom_to_ask};
use crate::http::paging::Page;
use crate::identity::Person;
use crate::policy::Act;
use crate::roster;
use crate::users;

/// An authorization.
pub async fn authorization(gate: &Gate, requester: &RequestCtx, id: String) -> Result<(Authorization, Micros)> {
    let scope = Scope::Authorization(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| Ok((store::get(ctx.conn, &id)?, ctx.now));
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// An authorization, with those of its aliases that exist for the caller, by their ids.
pub async fn with_aliases(
    gate: &Gate,
    requester: &RequestCtx,
    id: String,
) -> Result<(Authorization, Vec<String>, Micros)> {
    let scope = Scope::Authorization(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::get(ctx.conn, &id)?;
        Ok((found, aliases::seen_of(ctx.conn, ctx.caller, &id)?, ctx.now))
    };
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// An authorization as somebody who decides or asks about it reads it: with its case, its checks and its rights.
pub struct WeighedRequest {
    pub asked: Authorization,
    pub case: Case,
    pub checks: Vec<RequestCheck>,
    /// What the policy in force says.
    pub policy: PolicyTerms,
    /// Holders whom it does not cover now, for want of a training that it requires.
    pub suspended: Vec<String>,
    /// Those of its aliases that exist for the reader, by their ids.
    pub aliases: Vec<String>,
    pub rights: AuthorizationRights,
    /// The time of reading.
    pub now: Micros,
}

/// See [`WeighedRequest`].
pub async fn weighed(gate: &Gate, requester: &RequestCtx, id: String) -> Result<WeighedRequest> {
    let scope = Scope::Authorization(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let asked = store::get(ctx.conn, &id)?;
        let context = ctx.context.ok_or_else(Error::not_found)?;
        let decider = Decider {
            may: ctx.may(Act::AuthorizationDecide),
            above_unit: checks::is_above(ctx.caller, context),
            context,
        };
        let policy = authorization_policies::in_force_at(ctx.conn)?;
        Ok(WeighedRequest {
            checks: checks::weigh(ctx.conn, (&asked, &policy), decider, ctx.now)?,
            policy: policy.terms,
            suspended: suspended(ctx, &asked)?,
            aliases: aliases::seen_of(ctx.conn, ctx.caller, &asked.id)?,
            case: cases::store::case(ctx.conn, &asked.case_id)?,
            rights: AuthorizationRights::of(ctx),
            now: ctx.now,
            asked,
        })
    };
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// The holders of a running authorization whose trainings have ended, where it requires one.
fn suspended(ctx: &mut ReadCtx<'_>, asked: &Authorization) -> Result<Vec<String>> {
    if !asked.training_required || asked.state_at(ctx.now) != AuthorizationState::Approved {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = asked.holders.iter().map(|holder| holder.id.clone()).collect();
    let untrained = users::store::untrained(ctx.conn, &ids, ctx.now)?;
    let lacking = asked.holders.iter().filter(|holder| untrained.contains(&holder.id));
    Ok(lacking.map(|holder| holder.name.clone()).collect())
}

/// What a request's form begins with: who works on the case, who decides in it, and the newest request of the case.
pub struct RequestBeginning {
    pub me: Person,
    pub works: Vec<Person>,
    pub whom: WhomToAsk,
    pub newest: Option<Authorization>,
    /// The person's own aliases that count now.
    pub aliases: Vec<Alias>,
    /// Who is on call for the case's unit.
    pub on_call: Vec<Person>,
    /// What the policy in force says, and its number.
    pub policy: PolicyInForce,
    /// The names of the case's unit and of those above it.
    pub units: Vec<String>,
    pub now: Micros,
}

/// See [`RequestBeginning`].
pub async fn beginning(gate: &Gate, requester: &RequestCtx, case: String, act: Act) -> Result<RequestBeginning> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let context = ctx.context.ok_or_else(Error::not_found)?;
        let lead = cases::store::case(ctx.conn, &case)?.lead;
        let members = cases::store::members(ctx.conn, &case)?;
        let others = members.into_iter().filter(|member| member.id != lead.id);
        Ok(RequestBeginning {
            me: ctx.caller.person(),
            whom: whom_to_ask(ctx.conn, context, ctx.now)?,
            on_call: roster::on_call(ctx.conn, &context.unit_path, ctx.now)?,
            newest: store::newest(ctx.conn, &case)?,
            aliases: aliases::in_use_of(ctx.conn, &ctx.caller.user, ctx.now)?,
            policy: authorization_policies::in_force_at(ctx.conn)?,
            units: cases::store::unit_names(ctx.conn, &case)?,
            works: std::iter::once(lead.clone()).chain(others).collect(),
            now: ctx.now,
        })
    };
    gate.read(requester, act, scope, read).await
}

/// Requests that wait for the caller's decision: the urgent ones first, then the oldest.
pub async fn to_decide(
    gate: &Gate,
    requester: &RequestCtx,
    (after, limit): (Option<String>, usize),
) -> Result<Vec<WaitingRequest>> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let page = (after.as_deref(), limit);
        store::to_decide(ctx.conn, ctx.caller, page, ctx.now)
    };
    gate.read(requester, Act::AuthorizationList, Scope::Agency, read).await
}

/// Something about a running authorization that a person is told on their first screen.
pub struct LeaveNotice {
    pub asked: Authorization,
    pub case: Case,
    /// Since when its review is overdue.
    pub overdue_since: Option<Micros>,
    /// Holders whom it does not cover now, for want of a training.
    pub suspended: Vec<String>,
}

/// What a person is told of authorizations: emergencies that page them, and overdue reviews and lapsed trainings in those
/// that they decide about, asked for or hold.
pub struct LeaveNotices {
    pub paging: Vec<WaitingRequest>,
    pub running: Vec<LeaveNotice>,
    /// The time of reading.
    pub now: Micros,
}

/// Emergencies that a first screen looks through.
const PAGING: usize = 100;

/// See [`LeaveNotices`].
pub async fn notices(gate: &Gate, requester: &RequestCtx) -> Result<LeaveNotices> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let mut paging = store::to_decide(ctx.conn, ctx.caller, (None, PAGING), ctx.now)?;
        let pages = |one: &WaitingRequest| one.asked.emergency.as_ref().is_some_and(|e| e.pages(&ctx.caller.user));
        paging.retain(pages);
        let mut running = Vec::new();
        for WaitingRequest { asked, case } in store::watched(ctx.conn, ctx.caller, ctx.now)? {
            let (overdue_since, suspended) = (asked.review_overdue(ctx.now), suspended(ctx, &asked)?);
            if overdue_since.is_some() || !suspended.is_empty() {
                running.push(LeaveNotice {
                    asked,
                    case,
                    overdue_since,
                    suspended,
                });
            }
        }
        let now = ctx.now;
        Ok(LeaveNotices { paging, running, now })
    };
    gate.read(requester, Act::AuthorizationList, Scope::Agency, read).await
}

/// The authorization on which a capture rests, as far as it was cut off: its number, the word of what happened, and when.
///
/// # Errors
/// Where the database fails.
pub fn cut_off(
    conn: &mut AnyConn,
    (case, id): (&str, &str),
    now: Micros,
) -> Result<Option<(i64, &'static str, Micros)>> {
    let found = store::find_in(conn, (case, id))?;
    Ok(found.and_then(|one| one.cut_off(now).map(|(what, at)| (one.number, what, at))))
}

/// What happened to an authorization, oldest first, and the captures that rest on it from an item on.
pub async fn history(
    gate: &Gate,
    requester: &RequestCtx,
    id: String,
    (after, limit): (i64, usize),
) -> Result<(Vec<HistoryEntry>, Vec<CoveredCapture>)> {
    let scope = Scope::Authorization(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let asked = store::get(ctx.conn, &id)?;
        let told = store::history(ctx.conn, &asked)?;
        Ok((told, store::covered(ctx.conn, &asked, after, limit)?))
    };
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// What the caller may do about an authorization, so that its page offers nothing else. Each write asks policy again.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of policy")]
pub struct AuthorizationRights {
    pub decides: bool,
    pub revokes: bool,
    pub withdraws: bool,
    pub amends: bool,
    pub closes: bool,
    pub asks: bool,
    /// Ask for another account.
    pub adds: bool,
    /// Decide whether it is added.
    pub decides_additions: bool,
    /// Whether they may record that it continues.
    pub reviews: bool,
    /// Whether they may record an oral approval.
    pub tells: bool,
}

impl AuthorizationRights {
    fn of(ctx: &ReadCtx<'_>) -> Self {
        Self {
            decides: ctx.may(Act::AuthorizationDecide),
            revokes: ctx.may(Act::AuthorizationRevoke),
            withdraws: ctx.may(Act::AuthorizationWithdraw),
            amends: ctx.may(Act::AuthorizationAmend),
            closes: ctx.may(Act::AuthorizationClose),
            asks: ctx.may(Act::AuthorizationRequest),
            adds: ctx.may(Act::AdditionRequest),
            decides_additions: ctx.may(Act::AdditionDecide),
            reviews: ctx.may(Act::AuthorizationReview),
            tells: ctx.may(Act::OralApprovalRecord),
        }
    }
}

/// A page of the authorizations of a case, in the order of their numbers.
pub async fn of_case(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    page: &Page,
) -> Result<(Vec<Authorization>, Micros)> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::of_case(ctx.conn, &case, page.after.as_deref(), page.limit + 1)?;
        Ok((found, ctx.now))
    };
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// Authorizations over the cases that the caller may read, newest first.
pub async fn authorizations(
    gate: &Gate,
    requester: &RequestCtx,
    search: AuthorizationSearch,
) -> Result<(Vec<Authorization>, Micros)> {
    let read = move |ctx: &mut ReadCtx<'_>| Ok((store::list(ctx.conn, ctx.caller, &search, ctx.now)?, ctx.now));
    gate.read(requester, Act::AuthorizationList, Scope::Agency, read).await
}
