//! What may be looked at of aliases. The gate lets to one whoever it exists for; a list shows no other.

use super::disclosed::{self, AliasDisclosure, CaseOfAlias};
use super::model::{Alias, AliasUseView, AliasView};
use super::{named, store};
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// A page of the aliases that exist for the caller, the newest first.
pub async fn list(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<AliasView>> {
    let (before, limit) = (page.after.clone(), page.limit + 1);
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::list(ctx.conn, ctx.caller, before.as_deref(), limit)?;
        Ok(found.into_iter().map(|alias| AliasView::of(alias, ctx.now)).collect())
    };
    gate.read(requester, Act::AliasRead, Scope::Agency, read).await
}

/// An alias, with what its reader may do about it.
pub async fn one(gate: &Gate, requester: &RequestCtx, id: String) -> Result<(AliasView, AliasRights)> {
    let scope = Scope::Alias(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let alias = store::get(ctx.conn, &id)?;
        let holds = alias.holder.id == ctx.caller.user;
        let asked = alias.requester.id == ctx.caller.user;
        let rights = AliasRights {
            decides: ctx.may(Act::AliasDecide) && !holds && !asked,
            reviews: ctx.may(Act::AliasReview) && !holds,
            includes: ctx.may(Act::AliasReview) && !holds,
        };
        let view = AliasView {
            named_by: named::naming(ctx.conn, (&id, ctx.caller, ctx.now))?,
            ..AliasView::of(alias, ctx.now)
        };
        Ok((view, rights))
    };
    gate.read(requester, Act::AliasRead, scope, read).await
}

/// A page of the captures under an alias, in cases that the caller may read, the newest first.
pub async fn uses(gate: &Gate, requester: &RequestCtx, id: String, page: &Page) -> Result<Vec<AliasUseView>> {
    let (before, limit, scope) = (page.after.clone(), page.limit + 1, Scope::Alias(id.clone()));
    let read = move |ctx: &mut ReadCtx<'_>| store::uses(ctx.conn, (&id, ctx.caller, ctx.now), before.as_deref(), limit);
    gate.read(requester, Act::AliasRead, scope, read).await
}

/// A page of the aliases that are included in what leaves with a case: records of it, for whoever may read it.
pub async fn disclosures(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    page: &Page,
) -> Result<Vec<AliasDisclosure>> {
    let (before, limit, scope) = (page.after.clone(), page.limit + 1, Scope::Case(case.clone()));
    let read = move |ctx: &mut ReadCtx<'_>| disclosed::of_case(ctx.conn, &case, before.as_deref(), limit);
    gate.read(requester, Act::CaseRead, scope, read).await
}

/// The cases in which an alias was used or is named, of those that the caller may read.
pub async fn cases(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Vec<CaseOfAlias>> {
    let scope = Scope::Alias(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| disclosed::cases_of(ctx.conn, (&id, ctx.caller, ctx.now));
    gate.read(requester, Act::AliasRead, scope, read).await
}

/// The caller's own aliases that count now, for whoever logs a capture.
///
/// # Errors
/// Where the database fails, or the caller may hold none.
pub async fn own_in_use(gate: &Gate, requester: &RequestCtx) -> Result<Vec<Alias>> {
    let read = |ctx: &mut ReadCtx<'_>| named::in_use_of(ctx.conn, &ctx.caller.user, ctx.now);
    gate.read(requester, Act::AliasRead, Scope::Agency, read).await
}

/// What a reader may do about an alias, so that its page offers nothing else. Each write asks again.
#[derive(Debug, Clone, Copy)]
pub struct AliasRights {
    /// Approve or decline it.
    pub decides: bool,
    /// Review it.
    pub reviews: bool,
    /// Include it in what leaves with a case in which they decide; of that case policy is asked again.
    pub includes: bool,
}
