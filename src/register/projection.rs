//! The rows of reported errors that follow from what was recorded of them.

use super::model::RegisterError;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about an error in the register.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::save(conn, &past.read::<RegisterError>()?, &past.leaf)
}
