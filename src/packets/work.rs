//! What every step of a packet's build reaches.

use std::sync::Arc;

use super::model::{Packet, PacketRequest};
use super::store::{self, ListedCapture};
use crate::blobs::Blobs;
use crate::clock::Micros;
use crate::db::{AnyConn, Reader};
use crate::error::Result;
use crate::jobs::Progress;
use crate::ledger::TreeState;

/// What every step of a build reaches.
pub struct Work<'a> {
    /// The database.
    pub db: &'a Reader,
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
    pub progress: &'a Arc<Progress>,
}

impl Work<'_> {
    /// Reads from the database.
    pub fn read<T>(&self, query: impl FnOnce(&mut AnyConn) -> Result<T>) -> Result<T> {
        self.db.read_blocking(query)
    }

    /// Runs `f` over the case's captures in the order of their items, a page in memory at a time.
    pub fn captures(&self, mut f: impl FnMut(Vec<ListedCapture>) -> Result<()>) -> Result<()> {
        let mut after = -1;
        loop {
            let page = self.read(|conn| store::captures_after(conn, &self.packet.case_id, after))?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.item;
            f(page)?;
        }
    }
}
