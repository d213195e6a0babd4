//! What is done about audits.

use super::model::{AuditAsked, AuditState, AuditView, JOB};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::jobs;
use crate::ledger::Action;

/// Asks for an audit. One is under way at a time.
pub fn start(tx: &mut Tx<'_>) -> Result<Recorded<AuditView>> {
    if jobs::under_way(tx.conn, JOB)?.is_some() {
        return Err(Error::conflict(
            "An audit is under way: wait for its result, or call it off.",
        ));
    }
    let asked = AuditAsked {
        id: tx.new_id(),
        requested_by: tx.me(),
        requested_at: Timestamp(tx.now),
    };
    let made = tx.record(Action::AuditRequested, ("audit", &asked.id), 1, &asked)?;
    jobs::add(tx.conn, JOB, &asked.id, tx.now)?;
    Ok(made.answering(AuditView::queued(asked)))
}

/// Calls an audit off.
pub fn cancel(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<AuditView>> {
    let shown = store::one(tx.conn, id)?;
    if !shown.state.is_under_way() || !jobs::cancel(tx.conn, JOB, id)? {
        return Err(Error::conflict("This audit has ended already."));
    }
    let record = serde_json::json!({"id": id, "finished_at": Timestamp(tx.now)});
    let made = tx.record(Action::AuditCancelled, ("audit", id), 2, &record)?;
    Ok(made.answering(AuditView {
        state: AuditState::Cancelled,
        finished_at: Some(Timestamp(tx.now)),
        ..shown
    }))
}
