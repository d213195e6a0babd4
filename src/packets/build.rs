//! The order of making (contract section 4): files, cut, custody, papers, manifest, issue, proofs, sync, rename.

use super::custody::Custody;
use super::model::{Packet, PacketRequest};
use super::progress::Progress;
use super::zip::{Bag, Place};
use super::{cut, exhibits, issue, ops, pages, papers};
use crate::blobs::Blobs;
use crate::clock::Micros;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::http;
use crate::ledger::{self, TreeState};
use crate::proof::id::Digest;

/// What every step of a build reaches.
pub struct Work<'a> {
    /// The database.
    pub db: &'a Db,
    /// The files' bytes.
    pub blobs: &'a Blobs,
    /// The packet as it was asked for.
    pub packet: &'a Packet,
    /// The record of the request.
    pub request: PacketRequest,
    /// When the build began: what was received later is not selected.
    pub started_at: Micros,
    /// The log as the build found it.
    pub log: TreeState,
    /// How far it is.
    pub progress: &'a Progress,
}

/// The finished packet's length and SHA-256.
pub type Built = (u64, Digest);

/// Builds a packet on the calling thread and puts it under its name. What a failure leaves is the caller's to clear.
pub fn build(state: &http::State, packet: &Packet, progress: &Progress) -> Result<Built> {
    let work = prepare(state, packet, progress)?;
    let picks = exhibits::select(&work)?;
    let total = exhibits::total(&work, &picks)?;
    state.blobs.check_reserve(state.limits.reserve.saturating_add(total))?;
    let mut bag = Bag::create(Place::new(&state.packets, &packet.id), &packet.name, total)?;

    progress.begin("exhibits", total)?;
    let copied = exhibits::copy(&work, &picks, &mut bag)?;
    let cut = cut::make(&work, &picks)?;
    let custody = Custody::write(&work, cut, &mut bag)?;
    progress.begin("pages", picks.len() as u64)?;
    pages::index(&work, &custody, &picks, copied, &mut bag)?;
    papers::inventory(&work, &custody, &mut bag)?;
    papers::packet(&work, &custody, &picks, &mut bag)?;
    papers::manifest(&work, &mut bag)?;

    progress.begin("issue", 1)?;
    let issued = issue::issue(&work, &state.gate, &custody, &bag)?;
    issue::proofs(&work, &state.gate, &custody, &issued, &mut bag)?;
    progress.begin("sync", 1)?;
    bag.finish()
}

fn prepare<'a>(state: &'a http::State, packet: &'a Packet, progress: &'a Progress) -> Result<Work<'a>> {
    let db = state.gate.db();
    let log = db.read_blocking(|conn| {
        ops::refuse_read_only(conn)?;
        ledger::state(conn)
    })?;
    Ok(Work {
        db,
        blobs: &state.blobs,
        packet,
        request: packet.request()?,
        started_at: packet
            .started_at
            .ok_or_else(|| Error::internal("a build that did not begin"))?,
        log: log.ok_or_else(|| Error::internal("the log has no state"))?,
        progress,
    })
}
