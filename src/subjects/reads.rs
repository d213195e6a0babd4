//! What may be looked at of subjects and accounts.

use super::model::{Account, Subject};
use super::store;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// A page of the subjects of a case.
pub async fn subjects(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<Subject>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::subjects(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::SubjectRead, scope, read).await
}

/// A page of the accounts of a case.
pub async fn accounts(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<Account>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::accounts(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::AccountRead, scope, read).await
}
