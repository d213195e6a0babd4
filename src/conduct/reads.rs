//! What somebody reads of the rules of conduct: the rules in force, and whether they acknowledged them.

use super::model::OwnConduct;
use super::store;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope};
use crate::policy::Act;

/// The rules in force, and the caller's acknowledgement.
pub async fn own(gate: &Gate, requester: &RequestCtx) -> Result<OwnConduct> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let rules = store::rules(ctx.conn)?;
        Ok(OwnConduct {
            acknowledged: store::of_user(ctx.conn, &ctx.caller.user, &rules.sha256)?,
            rules,
        })
    };
    gate.read(requester, Act::ConductOwn, Scope::Agency, read).await
}
