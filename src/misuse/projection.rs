//! The rows of reports of misuse that follow from what was recorded of them.

use super::model::MisuseRecord;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about a report of misuse.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::save(conn, &past.read::<MisuseRecord>()?, &past.leaf)
}
