//! What every step of a packet's build reaches.

use std::sync::Arc;

use super::model::{Packet, PacketRequest};
use crate::blobs::Blobs;
use crate::clock::Micros;
use crate::db::Reader;
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
