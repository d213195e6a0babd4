//! What may be looked at of authorizations. Each comes with the time of reading, because its state depends on it.

use super::model::Authorization;
use super::store::{self, AuthorizationSearch};
use crate::clock::Micros;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// An authorization.
pub async fn authorization(gate: &Gate, requester: &RequestCtx, id: String) -> Result<(Authorization, Micros)> {
    let scope = Scope::Authorization(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| Ok((store::get(ctx.conn, &id)?, ctx.now));
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// What the caller may do about an authorization, so that its page offers nothing else. Each write asks policy again.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizationRights {
    pub decides: bool,
    pub revokes: bool,
    pub withdraws: bool,
}

/// See [`AuthorizationRights`].
pub async fn authorization_rights(gate: &Gate, requester: &RequestCtx, id: String) -> Result<AuthorizationRights> {
    let read = |ctx: &mut ReadCtx<'_>| {
        Ok(AuthorizationRights {
            decides: ctx.may(Act::AuthorizationDecide),
            revokes: ctx.may(Act::AuthorizationRevoke),
            withdraws: ctx.may(Act::AuthorizationWithdraw),
        })
    };
    let scope = Scope::Authorization(id);
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// A page of the authorizations of a case, in the order of their numbers.
pub async fn of_case(
    gate: &Gate,
    requester: &RequestCtx,
    case: String,
    page: &Page,
) -> Result<(Vec<Authorization>, Micros)> {
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = store::of_case(ctx.conn, &case, page.after.as_deref(), page.limit + 1)?;
        Ok((found, ctx.now))
    };
    gate.read(requester, Act::AuthorizationRead, scope, read).await
}

/// Authorizations over the cases that the caller may read, newest first.
pub async fn authorizations(
    gate: &Gate,
    requester: &RequestCtx,
    search: AuthorizationSearch,
) -> Result<(Vec<Authorization>, Micros)> {
    let read = move |ctx: &mut ReadCtx<'_>| Ok((store::list(ctx.conn, ctx.caller, &search, ctx.now)?, ctx.now));
    gate.read(requester, Act::AuthorizationList, Scope::Agency, read).await
}
