//! What may be looked at of cases. A read that shows a case is entered in the access log.

use serde_json::json;

use super::model::{CaseView, Grant};
use super::store::{self, CaseSearch, SharedCase};
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::http::paging::Page;
use crate::identity::Person;
use crate::ledger::Action;
use crate::policy::Act;

/// A case.
pub async fn case(gate: &Gate, requester: &RequestCtx, id: String) -> Result<CaseView> {
    let view = View::new(Action::CaseViewed, "case", &id, json!({}));
    let scope = Scope::Case(id.clone());
    gate.view(requester, Act::CaseRead, scope, view, move |ctx| {
        store::view(ctx.conn, &id)
    })
    .await
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
    pub closes: bool,
    pub changes_members: bool,
    pub requests: bool,
    pub records: bool,
    pub decides: bool,
    pub grants: bool,
    pub names_supervisor: bool,
    pub exports: bool,
    pub reads_packets: bool,
    pub reads_custody: bool,
}

impl Rights {
    fn of(ctx: &ReadCtx<'_>) -> Self {
        Self {
            changes: ctx.may(Act::CaseChange),
            closes: ctx.may(Act::CaseClose),
            changes_members: ctx.may(Act::MemberChange),
            requests: ctx.may(Act::AuthorizationRequest),
            records: ctx.may(Act::CaptureRecord),
            decides: ctx.may(Act::AuthorizationDecide),
            grants: ctx.may(Act::GrantGive),
            names_supervisor: ctx.may(Act::GrantDecide),
            exports: ctx.may(Act::PacketRequest),
            reads_packets: ctx.may(Act::PacketRead),
            reads_custody: ctx.may(Act::CaseEventsRead),
        }
    }
}

/// The members of a case, for its pages.
pub async fn members(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Vec<Person>> {
    let scope = Scope::Case(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::members(ctx.conn, &id);
    gate.read(requester, Act::CaseRead, scope, read).await
}

/// The cases that the caller may read, newest first.
pub async fn cases(gate: &Gate, requester: &RequestCtx, search: CaseSearch) -> Result<Vec<CaseView>> {
    let detail = json!({
        "number": search.number, "kind": search.kind, "status": search.status, "before": search.before,
        "limit": search.limit.saturating_sub(1),
    });
    let view = View::new(Action::CasesListed, "agency", "agency", detail);
    let read = move |ctx: &mut ReadCtx<'_>| store::list(ctx.conn, ctx.caller, &search, ctx.now);
    gate.view(requester, Act::CaseList, Scope::Agency, view, read).await
}

/// The cases that were shared with the caller by grants.
pub async fn shared(gate: &Gate, requester: &RequestCtx) -> Result<Vec<SharedCase>> {
    let view = View::new(Action::CasesListed, "agency", "agency", json!({"shared": true}));
    let read = |ctx: &mut ReadCtx<'_>| store::shared_with(ctx.conn, ctx.caller, ctx.now);
    gate.view(requester, Act::CaseList, Scope::Agency, view, read).await
}

/// A page of the grants of a case, oldest first.
pub async fn grants(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<Grant>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::grants_of(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::CaseRead, scope, read).await
}
