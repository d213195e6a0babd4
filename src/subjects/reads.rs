//! What may be looked at of subjects and accounts.

use super::model::CaseEntry;
use super::store::KeptEntry;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;

/// A page of the entries of a case.
pub async fn of_case<F: KeptEntry>(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    page: &Page,
) -> Result<Vec<CaseEntry<F>>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| F::of_case(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, F::READ, scope, read).await
}
