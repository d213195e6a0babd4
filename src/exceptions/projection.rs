//! The rows of signed exceptions that follow from what was recorded of them.

use super::model::SignOff;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about an exception.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::save(conn, &past.read::<SignOff>()?, &past.leaf)
}
