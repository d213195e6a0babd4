//! The rows of requests for access that follow from what was recorded of them.

use super::model::AccessRequest;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about a request for access.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::save(conn, &past.read::<AccessRequest>()?, &past.leaf)
}
