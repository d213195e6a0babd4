//! The rows of evidence requests that follow from what was recorded of them.

use super::model::EvidenceRequest;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about an evidence request.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::save(conn, &past.read::<EvidenceRequest>()?, &past.leaf)
}
