//! What may be looked at of impeachment flags: by everybody who may read the case.

use super::model::ImpeachmentFlag;
use super::store;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// A page of the flags of a case, the newest first.
pub async fn of_case(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<ImpeachmentFlag>> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::of_case(ctx.conn, &case, page.after.as_deref(), page.limit + 1);
    gate.read(requester, Act::ImpeachmentFlagRead, scope, read).await
}

/// The flags of a case that nobody has cleared.
pub async fn open_in_case(gate: &Gate, requester: &RequestCtx, case: String) -> Result<Vec<ImpeachmentFlag>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::open_in_case(ctx.conn, &case);
    gate.read(requester, Act::ImpeachmentFlagRead, scope, read).await
}

/// The flags about a capture.
pub async fn of_capture(
    gate: &Gate,
    requester: &RequestCtx,
    (case, capture): (String, String),
) -> Result<Vec<ImpeachmentFlag>> {
    let scope = Scope::Case(case.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::of_capture(ctx.conn, &case, &capture);
    gate.read(requester, Act::ImpeachmentFlagRead, scope, read).await
}

/// What the caller may do about the flags of a case, so that its page offers nothing else.
#[derive(Debug, Clone, Copy)]
pub struct FlagRights {
    /// Raise one.
    pub raises: bool,
    /// Clear one.
    pub clears: bool,
}

/// See [`FlagRights`].
pub async fn rights(gate: &Gate, requester: &RequestCtx, case: String) -> Result<FlagRights> {
    let read = |ctx: &mut ReadCtx<'_>| {
        Ok(FlagRights {
            raises: ctx.may(Act::ImpeachmentFlagMake),
            clears: ctx.may(Act::ImpeachmentFlagClear),
        })
    };
    gate.read(requester, Act::ImpeachmentFlagRead, Scope::Case(case), read)
        .await
}
