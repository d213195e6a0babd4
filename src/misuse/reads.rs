//! What may be looked at of reports of misuse: one's own, and an auditor's those that do not name them.

use super::model::MisuseRecord;
use super::store;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// A page of the reports that the caller sees, the newest first.
pub async fn list(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<MisuseRecord>> {
    let page = page.clone();
    let read = move |ctx: &mut ReadCtx<'_>| store::list(ctx.conn, ctx.caller, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::MisuseReport, Scope::Agency, read).await
}

/// A report, and whether the caller may examine it.
pub async fn one(gate: &Gate, requester: &RequestCtx, id: String) -> Result<(MisuseRecord, bool)> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::get(ctx.conn, ctx.caller, &id)?;
        let examines = ctx.may(Act::MisuseExamine) && found.reporter.id != ctx.caller.user;
        Ok((found, examines))
    };
    gate.read(requester, Act::MisuseReport, Scope::Agency, read).await
}
