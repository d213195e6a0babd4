//! Acknowledging the rules of conduct.

use super::model::ConductAcknowledgement;
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;

/// The object of an acknowledgement's event.
pub const NOUN: &str = "conduct";

/// Acknowledges the rules in force, which are those that the caller read.
pub fn acknowledge(tx: &mut Tx<'_>, sha256: &str) -> Result<Recorded<ConductAcknowledgement>> {
    let rules = store::rules(tx.conn)?;
    if rules.sentences.is_empty() {
        return Err(Error::conflict(
            "The authorization policy in force states no rules of conduct: nothing is to be acknowledged.",
        ));
    }
    if sha256 != rules.sha256 {
        let message = "is not that of the rules in force: read them anew, and acknowledge those";
        return Err(Error::field("sha256", "current", message));
    }
    if store::of_user(tx.conn, &tx.caller.user, sha256)?.is_some() {
        return Err(Error::conflict("You acknowledged these rules already."));
    }
    let made = ConductAcknowledgement {
        id: tx.new_id(),
        user: tx.me(),
        policy: rules.policy,
        sha256: rules.sha256,
        at: Timestamp(tx.now),
        version: 1,
    };
    let appended = tx.record(Action::ConductAcknowledged, (NOUN, &made.id), made.version, &made)?;
    store::insert(tx.conn, &made, &appended.leaf)?;
    Ok(appended.answering(made))
}
