//! The rows of acknowledgements that follow from what was recorded of them.

use super::model::ConductAcknowledgement;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about conduct.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::insert(conn, &past.read::<ConductAcknowledgement>()?, &past.leaf)
}
