//! A supervisor's word that they decide nothing more in a case. Nobody takes it back.

use super::model::Recusal;
use super::store;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;

/// Recuses the caller from the case, for a reason. Policy lets nobody do it twice.
pub fn recuse(tx: &mut Tx<'_>, reason: &str) -> Result<Recorded<Recusal>> {
    let recusal = Recusal {
        id: tx.new_id(),
        case_id: tx.case_id()?,
        user: tx.me(),
        reason: reason.to_owned(),
        at: Timestamp(tx.now),
        version: 1,
    };
    let made = tx.record(
        Action::RecusalDeclared,
        ("recusal", &recusal.id),
        recusal.version,
        &recusal,
    )?;
    store::save_recusal(tx.conn, &recusal, &made.leaf)?;
    Ok(made.answering(recusal))
}
