//! What may be looked at of the authorization policy: every version, by everybody who works with cases or keeps the
//! agency's books.

use super::model::{AuthorizationPolicy, PolicyInForce};
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::http::paging::Page;
use crate::policy::Act;

/// A page of the versions, the newest first.
pub async fn versions(gate: &Gate, requester: &RequestCtx, page: &Page) -> Result<Vec<AuthorizationPolicy>> {
    let (before, limit) = (page.after_number()?, page.limit + 1);
    let read = move |ctx: &mut ReadCtx<'_>| store::list(ctx.conn, before, limit);
    gate.read(requester, Act::AuthorizationPolicyRead, Scope::Agency, read)
        .await
}

/// One version, and the policy in force.
pub async fn version(gate: &Gate, requester: &RequestCtx, id: String) -> Result<(AuthorizationPolicy, PolicyInForce)> {
    let read = move |ctx: &mut ReadCtx<'_>| Ok((store::get(ctx.conn, &id)?, store::in_force(ctx.conn)?));
    gate.read(requester, Act::AuthorizationPolicyRead, Scope::Agency, read)
        .await
}

/// The policy in force.
pub async fn in_force(gate: &Gate, requester: &RequestCtx) -> Result<PolicyInForce> {
    let read = |ctx: &mut ReadCtx<'_>| store::in_force(ctx.conn);
    gate.read(requester, Act::AuthorizationPolicyRead, Scope::Agency, read)
        .await
}

/// The policy in force, for a feature that reads or decides by it in a transaction of its own.
///
/// # Errors
/// Where the database fails.
pub fn in_force_at(conn: &mut AnyConn) -> Result<PolicyInForce> {
    store::in_force(conn)
}

/// What the caller may do about the policy, so that its pages offer nothing else. Each write asks policy again.
#[derive(Debug, Clone, Copy)]
pub struct PolicyRights {
    /// Propose a version.
    pub proposes: bool,
    /// Countersign one that somebody else wrote.
    pub countersigns: bool,
}

/// See [`PolicyRights`].
pub async fn rights(gate: &Gate, requester: &RequestCtx) -> Result<PolicyRights> {
    let read = |ctx: &mut ReadCtx<'_>| {
        Ok(PolicyRights {
            proposes: ctx.may(Act::AuthorizationPolicyPropose),
            countersigns: ctx.may(Act::AuthorizationPolicyCountersign),
        })
    };
    gate.read(requester, Act::AuthorizationPolicyRead, Scope::Agency, read)
        .await
}
