//! What may be looked at of evidence requests.

use super::model::EvidenceRequest;
use super::store;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// A page of the requests of a case, the newest first.
pub async fn of_case(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<EvidenceRequest>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::of_case(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::EvidenceRequestRead, scope, read).await
}

/// A request of a case.
pub async fn one(gate: &Gate, requester: &RequestCtx, (case, id): (String, String)) -> Result<EvidenceRequest> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::find(ctx.conn, &case, &id);
    gate.read(requester, Act::EvidenceRequestRead, scope, read).await
}

/// What the caller may do about the requests of a case, so that its page offers nothing else.
#[derive(Debug, Clone, Copy)]
pub struct EvidenceRequestRights {
    /// Ask for something, and take it back.
    pub asks: bool,
    /// Answer.
    pub answers: bool,
}

/// What the caller may do.
pub async fn rights(gate: &Gate, requester: &RequestCtx, case: String) -> Result<EvidenceRequestRights> {
    let read = |ctx: &mut ReadCtx<'_>| {
        Ok(EvidenceRequestRights {
            asks: ctx.may(Act::EvidenceRequestMake),
            answers: ctx.may(Act::EvidenceRequestAnswer),
        })
    };
    gate.read(requester, Act::EvidenceRequestRead, Scope::Case(case), read)
        .await
}
