//! What may be looked at of packets, each with its place in the access log.

use serde_json::json;

use super::model::{Packet, PacketIssue, PacketView};
use super::release::{self, WaitingReferral};
use super::store::SeenPackets;
use super::supplement::PacketDifference;
use super::{ops, store};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::http::paging::Page;
use crate::ledger::{self, Action};
use crate::policy::Act;

/// A page of the packets of a case, oldest first.
pub async fn of_case(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<PacketView>> {
    let (act, seen) = seen_in(gate, requester, case.clone()).await?;
    let detail = json!({"list": "packets", "after": page.after});
    let view = View::new(Action::PacketViewed, "case", &case, detail);
    let (scope, page) = (Scope::Case(case.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let rows = store::of_case(ctx.conn, (&case, &seen), page.after.as_deref(), page.limit + 1)?;
        rows.iter().map(Packet::view).collect()
    };
    gate.view(requester, act, scope, view, read).await
}

/// The packets of a case that a caller sees, and what they must be allowed to do for that: who exports sees all, the lead
/// those that they asked for, the supervisor who releases referrals sees these.
async fn seen_in(gate: &Gate, requester: &RequestCtx, case: String) -> Result<(Act, SeenPackets)> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let may = |act| !ctx.may(Act::PacketRead) && ctx.may(act);
        Ok(match (may(Act::PacketReferral), may(Act::PacketRelease)) {
            (true, _) => (Act::PacketReferral, SeenPackets::AskedBy(ctx.caller.user.clone())),
            (_, true) => (Act::PacketRelease, SeenPackets::Referrals),
            _ => (Act::PacketRead, SeenPackets::All),
        })
    };
    gate.read(requester, Act::CaseRead, Scope::Case(case), read).await
}

/// Referrals that wait for the caller's release, oldest first.
pub async fn to_release(
    gate: &Gate,
    requester: &RequestCtx,
    (after, limit): (Option<String>, usize),
) -> Result<Vec<WaitingReferral>> {
    let read = move |ctx: &mut ReadCtx<'_>| release::waiting(ctx.conn, ctx.caller, (after.as_deref(), limit), ctx.now);
    gate.read(requester, Act::CaptureList, Scope::Agency, read).await
}

/// A packet.
pub async fn packet(gate: &Gate, requester: &RequestCtx, id: String) -> Result<PacketView> {
    let view = View::new(Action::PacketViewed, "packet", &id, json!({}));
    let scope = Scope::Packet(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::packet(ctx.conn, &id)?.view();
    gate.view(requester, Act::PacketRead, scope, view, read).await
}

/// What is new in the case since a packet: what a supplement to it would show.
pub async fn difference(gate: &Gate, requester: &RequestCtx, id: String) -> Result<PacketDifference> {
    let view = View::new(Action::PacketViewed, "packet", &id, json!({"list": "difference"}));
    let scope = Scope::Packet(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let packet = store::packet(ctx.conn, &id)?;
        PacketDifference::since(ctx.conn, &packet).map_err(|e| match e.errors.is_empty() {
            true => e,
            false => Error::conflict("This packet was not issued: nothing is new since it."),
        })
    };
    gate.view(requester, Act::PacketRead, scope, view, read).await
}

/// A packet that can be downloaded. That its file leaves is recorded apart.
pub async fn ready(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Packet> {
    let scope = Scope::Packet(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let packet = ops::ready(ctx.conn, &id)?;
        if !ctx.may(Act::PacketRelease) {
            packet.refuse_unreleased()?;
        }
        Ok(packet)
    };
    gate.read(requester, Act::PacketRead, scope, read).await
}

/// Whether the caller may ask for any kind of packet of a case that they may read.
pub async fn may_ask_for_any(gate: &Gate, requester: &RequestCtx, case: String) -> Result<bool> {
    let read = |ctx: &mut ReadCtx<'_>| Ok(ctx.may(Act::PacketRequest) || ctx.may(Act::PacketReferral));
    gate.read(requester, Act::CaseRead, Scope::Case(case), read).await
}

/// What the ledger says of a packet's issue, for its page.
pub async fn issued(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Option<PacketIssue>> {
    let scope = Scope::Packet(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let case = store::packet(ctx.conn, &id)?.case_id;
        store::issued(ctx.conn, &case, &id)
    };
    gate.read(requester, Act::PacketRead, scope, read).await
}

/// The organization that a packet was asked for in.
pub async fn organization(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Option<String>> {
    let scope = Scope::Packet(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| Ok(store::packet(ctx.conn, &id)?.request()?.organization);
    gate.read(requester, Act::PacketRead, scope, read).await
}

/// The items that were named when a packet was asked for, in the order of its exhibits; empty where all were meant.
pub async fn items_named(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Vec<i64>> {
    let scope = Scope::Packet(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let request = store::packet(ctx.conn, &id)?.request()?;
        store::items_of(ctx.conn, &request.captures.unwrap_or_default())
    };
    gate.read(requester, Act::PacketRead, scope, read).await
}

/// The log's name and key, which recipients check a packet against.
pub async fn log_key(gate: &Gate, requester: &RequestCtx) -> Result<String> {
    let read = |ctx: &mut ReadCtx<'_>| {
        let state = ledger::state(ctx.conn)?.ok_or_else(|| Error::internal("the log has no state"))?;
        Ok(state.vkey)
    };
    gate.read(requester, Act::LedgerProofs, Scope::Agency, read).await
}

/// What calling a packet's build off needs: what asking for it did.
pub async fn act_of(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Act> {
    let scope = Scope::Packet(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| Ok(store::packet(ctx.conn, &id)?.request()?.purpose.act());
    gate.read(requester, Act::PacketRead, scope, read).await
}

/// Whether the caller may call a packet's build off.
pub async fn may_cancel(gate: &Gate, requester: &RequestCtx, id: String) -> Result<bool> {
    let packet = id.clone();
    let read = move |ctx: &mut ReadCtx<'_>| {
        let act = store::packet(ctx.conn, &packet)?.request()?.purpose.act();
        Ok(ctx.may(act))
    };
    gate.read(requester, Act::PacketRead, Scope::Packet(id), read).await
}

/// Whether the caller may release a packet or refuse to, where it waits for that.
pub async fn may_release(gate: &Gate, requester: &RequestCtx, id: String) -> Result<bool> {
    let read = |ctx: &mut ReadCtx<'_>| Ok(ctx.may(Act::PacketRelease));
    gate.read(requester, Act::PacketRead, Scope::Packet(id), read).await
}
