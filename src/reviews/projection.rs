//! The rows of reviews that follow from what was recorded of them.

use super::model::ReviewSignature;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about a review.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::insert(conn, &past.read::<ReviewSignature>()?, &past.leaf)
}
