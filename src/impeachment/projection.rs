//! The rows of impeachment flags that follow from what was recorded of them.

use super::model::ImpeachmentFlag;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about an impeachment flag.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::save(conn, &past.read::<ImpeachmentFlag>()?, &past.leaf)
}
