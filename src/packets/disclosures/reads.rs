//! What may be looked at of disclosures, each with its place in the access log.

use serde_json::json;

use super::link::LinkView;
use super::model::{Acknowledgement, Disclosure};
use super::store;
use crate::error::Result;
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::http::paging::Page;
use crate::ledger::Action;
use crate::policy::Act;

/// Whether the caller may record a disclosure of a packet, so that its page offers it to nobody else.
pub async fn may_disclose(gate: &Gate, requester: &RequestCtx, id: String) -> Result<bool> {
    let read = |ctx: &mut ReadCtx<'_>| Ok(ctx.may(Act::PacketDisclose));
    gate.read(requester, Act::PacketRead, Scope::Packet(id), read).await
}

/// A page of the disclosures of a packet, oldest first.
pub async fn of_packet(gate: &Gate, requester: &RequestCtx, packet: String, page: &Page) -> Result<Vec<Disclosure>> {
    let view = listed(&packet, json!({"list": "disclosures", "after": page.after}));
    let (scope, page) = (Scope::Packet(packet.clone()), page.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::of_packet(ctx.conn, &packet, page.after.as_deref(), page.limit + 1);
    gate.view(requester, Act::PacketRead, scope, view, read).await
}

/// One disclosure of a packet.
pub async fn one(gate: &Gate, requester: &RequestCtx, packet: String, id: String) -> Result<Disclosure> {
    let view = listed(&packet, json!({"disclosure": id}));
    let scope = Scope::Packet(packet.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::one(ctx.conn, &packet, &id);
    gate.view(requester, Act::PacketRead, scope, view, read).await
}

/// The links to the disclosures of a packet, oldest first. A packet has at most 200.
pub async fn links(gate: &Gate, requester: &RequestCtx, packet: String) -> Result<Vec<LinkView>> {
    let view = listed(&packet, json!({"list": "links"}));
    let scope = Scope::Packet(packet.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let rows = store::links_of(ctx.conn, &packet)?;
        rows.iter().map(|row| row.view(ctx.now)).collect()
    };
    gate.view(requester, Act::PacketRead, scope, view, read).await
}

/// The receipts of a packet, oldest first.
pub async fn acknowledgements(gate: &Gate, requester: &RequestCtx, packet: String) -> Result<Vec<Acknowledgement>> {
    let view = listed(&packet, json!({"list": "acknowledgements"}));
    let scope = Scope::Packet(packet.clone());
    let read = move |ctx: &mut ReadCtx<'_>| store::acknowledgements_of(ctx.conn, &packet);
    gate.view(requester, Act::PacketRead, scope, view, read).await
}

fn listed(packet: &str, detail: serde_json::Value) -> View {
    View::new(Action::PacketViewed, "packet", packet, detail)
}
