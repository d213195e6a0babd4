//! What may be looked at of notices, each with its place in the access log.

use serde_json::json;

use super::model::Notice;
use super::store;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::http::paging::Page;
use crate::ledger::Action;
use crate::policy::Act;

/// A page of the notices of a packet, oldest first.
pub async fn of_packet(gate: &Gate, requester: &RequestCtx, packet: String, page: &Page) -> Result<Vec<Notice>> {
    let detail = json!({"list": "notices", "after": page.after});
    let view = View::new(Action::PacketViewed, "packet", &packet, detail);
    let (scope, page) = (Scope::Packet(packet.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::of_packet(ctx.conn, &packet, page.after.as_deref(), page.limit + 1);
    gate.view(requester, Act::PacketRead, scope, view, read).await
}

/// A notice of a packet.
pub async fn notice(gate: &Gate, requester: &RequestCtx, (packet, id): (String, String)) -> Result<Notice> {
    let detail = json!({"list": "notices", "notice": id});
    let view = View::new(Action::PacketViewed, "packet", &packet, detail);
    let scope = Scope::Packet(packet.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::notice(ctx.conn, &packet, &id);
    gate.view(requester, Act::PacketRead, scope, view, read).await
}

/// Whether the caller may record notices of a packet, so that its page offers it to nobody else.
pub async fn may_give(gate: &Gate, requester: &RequestCtx, packet: String) -> Result<bool> {
    let read = |ctx: &mut ReadCtx<'_>| Ok(ctx.may(Act::PacketNotice));
    gate.read(requester, Act::PacketRead, Scope::Packet(packet), read).await
}
