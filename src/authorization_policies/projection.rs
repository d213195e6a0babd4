//! The rows of the authorization policy's versions that follow from what was recorded of them.

use super::model::AuthorizationPolicy;
use super::store;
use crate::db::AnyConn;
use crate::error::Result;
use crate::ledger::PastEvent;

/// Makes what follows from an event about a version of the authorization policy.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::save(conn, &past.read::<AuthorizationPolicy>()?, &past.leaf)
}
