//! The rows of the roster that follow from what was recorded of its entries.

use super::model::RosterEntry;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about an entry of the roster.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::save(conn, &past.read::<RosterEntry>()?, &past.leaf)
}
