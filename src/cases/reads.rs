//! What may be looked at of cases: each read with its query and, where it shows a case, its place in the access log.

use serde_json::json;

use super::model::{CaseView, Grant};
use super::store::{self, Search};
use crate::error::Result;
use crate::gate::{Gate, Look, Scope, View, Visit};
use crate::http::paging::Page;
use crate::ledger::Action;
use crate::policy::Act;

/// A case.
pub async fn case(gate: &Gate, visit: &Visit, id: String) -> Result<CaseView> {
    let view = View::new(Action::CaseViewed, "case", &id, json!({}));
    let scope = Scope::Case(id.clone());
    gate.view(visit, Act::CaseRead, scope, view, move |look| {
        store::view(look.conn, &id)
    })
    .await
}

/// The cases that the caller may read, newest first.
pub async fn cases(gate: &Gate, visit: &Visit, search: Search) -> Result<Vec<CaseView>> {
    let detail = json!({
        "number": search.number, "kind": search.kind, "status": search.status, "before": search.before,
        "limit": search.limit - 1,
    });
    let view = View::new(Action::CasesListed, "agency", "agency", detail);
    let read = move |look: &mut Look<'_>| store::list(look.conn, look.caller, &search, look.now);
    gate.view(visit, Act::CaseList, Scope::Agency, view, read).await
}

/// A page of the grants of a case, oldest first.
pub async fn grants(gate: &Gate, visit: &Visit, case: String, page: &Page) -> Result<Vec<Grant>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |look: &mut Look<'_>| store::grants_of(look.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(visit, Act::CaseRead, scope, read).await
}
