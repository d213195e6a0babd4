//! What may be looked at of cases. A read that shows a case is entered in the access log.

use serde_json::json;

use super::model::{CaseView, Grant};
use super::store::{self, CaseSearch};
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::http::paging::Page;
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

/// A page of the grants of a case, oldest first.
pub async fn grants(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<Grant>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::grants_of(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::CaseRead, scope, read).await
}
