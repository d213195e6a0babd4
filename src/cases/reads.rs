//! What may be looked at of cases. A read that shows a case is entered in the access log.

use serde_json::json;

use super::chosen::CaseShown;
use super::in_part::{self, CaseSearch, SharedCase};
use super::model::{Case, CaseView, Grant, Recusal};
use super::projection::VERSIONS;
use super::store::{self, MyCase, VisibleTo};
use super::tasks::{self, OpenWork};
use crate::clock::Micros;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View, WhomToAsk, whom_to_ask};
use crate::http::paging::Page;
use crate::identity::Person;
use crate::ledger::{self, Action};
use crate::policy::{Act, CaseStatus};

/// A case, as far as the caller sees it.
pub async fn case(gate: &Gate, requester: &RequestCtx, id: String) -> Result<CaseShown> {
    let view = View::new(Action::CaseViewed, "case", &id, json!({}));
    let scope = Scope::Case(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| shown(ctx, &id);
    gate.view(requester, Act::CaseHeadRead, scope, view, read).await
}

/// Whole for whoever reads the case, and for others its head. Nothing else is read for them.
fn shown(ctx: &mut ReadCtx<'_>, id: &str) -> Result<CaseShown> {
    if ctx.may(Act::CaseRead) {
        return Ok(CaseShown::Whole(Box::new(store::view(ctx.conn, id)?)));
    }
    let to = VisibleTo::of(ctx.caller, ctx.now);
    Ok(CaseShown::Head(in_part::head(ctx.conn, &to, id)?))
}

/// The same with what the caller may do in it, for those of its pages that show chosen captures too.
pub async fn shown_and_rights(gate: &Gate, requester: &RequestCtx, id: String) -> Result<(CaseShown, Rights)> {
    let view = View::new(Action::CaseViewed, "case", &id, json!({}));
    let scope = Scope::Case(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| Ok((shown(ctx, &id)?, Rights::of(ctx)));
    gate.view(requester, Act::CaseHeadRead, scope, view, read).await
}

/// A case with what the caller may do in it, for its pages.
pub async fn case_and_rights(gate: &Gate, requester: &RequestCtx, id: String) -> Result<(CaseView, Rights)> {
    let view = View::new(Action::CaseViewed, "case", &id, json!({}));
    let scope = Scope::Case(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| Ok((store::view(ctx.conn, &id)?, Rights::of(ctx)));
    gate.view(requester, Act::CaseRead, scope, view, read).await
}

/// What the caller may do in a case, so that its pages offer nothing else. Each write asks policy again.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of policy")]
pub struct Rights {
    pub changes: bool,
    pub writes_people: bool,
    pub closes: bool,
    pub changes_members: bool,
    pub proposes_lead: bool,
    pub answers_lead: bool,
    /// Whether more than the case's own facts is open to them.
    pub reads_evidence: bool,
    /// Whether they list captures: all of them, or those that were chosen for them.
    pub lists_captures: bool,
    pub requests: bool,
    pub records: bool,
    pub decides: bool,
    pub grants: bool,
    pub names_supervisor: bool,
    /// Whether they may recuse themselves.
    pub recuses: bool,
    pub exports: bool,
    /// Whether they may build a referral.
    pub refers: bool,
    /// Whether they may release one.
    pub releases: bool,
    pub reads_packets: bool,
    pub reads_custody: bool,
    pub reads_accesses: bool,
}

impl Rights {
    fn of(ctx: &ReadCtx<'_>) -> Self {
        Self {
            changes: ctx.may(Act::CaseChange),
            writes_people: ctx.may(Act::SubjectWrite) && ctx.may(Act::AccountWrite),
            closes: ctx.may(Act::CaseClose),
            changes_members: ctx.may(Act::MemberChange),
            proposes_lead: ctx.may(Act::LeadPropose),
            answers_lead: ctx.may(Act::LeadAnswer),
            reads_evidence: ctx.may(Act::CaptureRead),
            lists_captures: ctx.may(Act::CaseCaptureList),
            requests: ctx.may(Act::AuthorizationRequest),
            records: ctx.may(Act::CaptureRecord),
            decides: ctx.may(Act::AuthorizationDecide),
            grants: ctx.may(Act::GrantGive),
            names_supervisor: ctx.may(Act::GrantDecide),
            recuses: ctx.may(Act::CaseRecuse),
            exports: ctx.may(Act::PacketRequest),
            refers: ctx.may(Act::PacketReferral),
            releases: ctx.may(Act::PacketRelease),
            reads_packets: [Act::PacketRead, Act::PacketReferral, Act::PacketRelease]
                .iter()
                .any(|act| ctx.may(*act)),
            reads_custody: ctx.may(Act::CaseEventsRead),
            reads_accesses: ctx.may(Act::CaseAccessesRead),
        }
    }
}

/// What is open in a case.
pub async fn work_in(gate: &Gate, requester: &RequestCtx, id: String) -> Result<(OpenWork, Micros)> {
    let scope = Scope::Case(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| Ok((tasks::open_work(ctx.conn, &[id], "", ctx.now)?, ctx.now));
    gate.read(requester, Act::CaseRead, scope, read).await
}

/// The cases in which a person works, and what is open in those that are not closed.
pub struct WorkDesk {
    /// The newest change first.
    pub cases: Vec<MyCase>,
    pub work: OpenWork,
    pub now: Micros,
    /// Who they are.
    pub user: String,
    /// The cases that they were proposed to lead.
    pub offered: Vec<Case>,
}

/// Cases that a first screen looks through.
const MINE: i64 = 200;

/// The caller's own cases, with what is open in them.
pub async fn desk(gate: &Gate, requester: &RequestCtx) -> Result<WorkDesk> {
    let view = View::new(Action::CasesListed, "agency", "agency", json!({"list": "mine"}));
    let read = |ctx: &mut ReadCtx<'_>| {
        let cases = store::mine(ctx.conn, ctx.caller, MINE)?;
        let at_work = cases.iter().filter(|mine| mine.view.case.status != CaseStatus::Closed);
        let ids: Vec<String> = at_work.map(|mine| mine.view.case.id.clone()).collect();
        Ok(WorkDesk {
            work: tasks::open_work(ctx.conn, &ids, &ctx.caller.user, ctx.now)?,
            now: ctx.now,
            user: ctx.caller.user.clone(),
            offered: store::offered(ctx.conn, ctx.caller)?,
            cases,
        })
    };
    gate.view(requester, Act::CaseList, Scope::Agency, view, read).await
}

/// What one version of a case said; `None` where there is none.
pub async fn version_of(gate: &Gate, requester: &RequestCtx, id: String, version: i64) -> Result<Option<Case>> {
    let (scope, stream) = (Scope::Case(id.clone()), ledger::case_stream(&id));
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = ledger::read::version_of(ctx.conn, (&stream, &id), VERSIONS, version)?;
        Ok(found.map(|body| serde_json::from_str(&body)).transpose()?)
    };
    gate.read(requester, Act::CaseRead, scope, read).await
}

/// The members of a case, for its pages.
pub async fn members(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Vec<Person>> {
    let scope = Scope::Case(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::members(ctx.conn, &id);
    gate.read(requester, Act::CaseRead, scope, read).await
}

/// The cases that the caller may read, newest first.
pub async fn cases(gate: &Gate, requester: &RequestCtx, search: CaseSearch) -> Result<Vec<CaseShown>> {
    let detail = json!({
        "number": search.number, "kind": search.kind, "status": search.status, "before": search.before,
        "limit": search.limit.saturating_sub(1),
    });
    let view = View::new(Action::CasesListed, "agency", "agency", detail);
    let read = move |ctx: &mut ReadCtx<'_>| in_part::list(ctx.conn, ctx.caller, &search, ctx.now);
    gate.view(requester, Act::CaseList, Scope::Agency, view, read).await
}

/// The cases that were shared with the caller by grants.
pub async fn shared(gate: &Gate, requester: &RequestCtx) -> Result<Vec<SharedCase>> {
    let view = View::new(Action::CasesListed, "agency", "agency", json!({"shared": true}));
    let read = |ctx: &mut ReadCtx<'_>| in_part::shared_with(ctx.conn, ctx.caller, ctx.now);
    gate.view(requester, Act::CaseList, Scope::Agency, view, read).await
}

/// A page of the grants of a case, oldest first.
pub async fn grants(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<Grant>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::grants_of(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::CaseRead, scope, read).await
}

/// A page of the recusals from a case, oldest first.
pub async fn recusals(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<Recusal>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::recusals_of(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    // Who works on a case and decides in it is told to those who read what belongs to it.
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// Recusals that a page shows at most.
const RECUSALS: usize = 100;

/// Who works on a case, who may, and who was let in.
pub struct Team {
    /// Its members, without the lead.
    pub members: Vec<Person>,
    /// Colleagues of its unit who could lead or join it, the members among them.
    pub candidates: Vec<Person>,
    /// Everybody who was let in, the newest first.
    pub grants: Vec<Grant>,
    /// Who recused themselves from it.
    pub recusals: Vec<Recusal>,
    /// Who decides in it.
    pub whom: WhomToAsk,
}

/// See [`Team`].
pub async fn team(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Team> {
    let scope = Scope::Case(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let case = ctx.case()?.clone();
        let mut members = store::members(ctx.conn, &id)?;
        members.retain(|member| member.id != case.lead_id);
        let mut candidates = store::candidates(ctx.conn, &case.unit_path)?;
        let others = members
            .iter()
            .filter(|member| !candidates.iter().any(|known| known.id == member.id));
        candidates.extend(others.cloned().collect::<Vec<_>>());
        candidates.retain(|person| person.id != case.lead_id);
        Ok(Team {
            grants: store::newest_grants(ctx.conn, &id)?,
            recusals: store::recusals_of(ctx.conn, &id, None, RECUSALS)?,
            whom: whom_to_ask(ctx.conn, &case, ctx.now)?,
            members,
            candidates,
        })
    };
    gate.read(requester, Act::CaseRead, scope, read).await
}
