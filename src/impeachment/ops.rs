//! Raising an impeachment flag and clearing it.

use super::model::{FlagClearing, FlagState, ImpeachmentFlag, NewFlag};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;

/// The object of a flag's events.
pub const NOUN: &str = "impeachment_flag";

/// Flags something that may impeach a witness.
pub fn raise(tx: &mut Tx<'_>, new: &NewFlag) -> Result<Recorded<ImpeachmentFlag>> {
    let case_id = tx.case_id()?;
    let item = new.item.map(i64::try_from).transpose().map_err(Error::internal)?;
    let capture_id = match item {
        None => None,
        Some(item) => {
            let found = store::capture_of_item(tx.conn, &case_id, item)?;
            let message = "is no item of this case: name one by its number, or leave it out";
            Some(found.ok_or_else(|| Error::field("item", "exists", message))?)
        }
    };
    let flag = ImpeachmentFlag {
        id: tx.new_id(),
        case_id,
        version: 1,
        state: FlagState::Raised,
        capture_id,
        item,
        person: new.person.clone(),
        reason: new.reason.clone(),
        by: tx.me(),
        at: Timestamp(tx.now),
        clearing: None,
    };
    save(tx, flag, Action::ImpeachmentFlagRaised)
}

/// Clears a flag.
pub fn clear(tx: &mut Tx<'_>, id: &str, reason: &str) -> Result<Recorded<ImpeachmentFlag>> {
    let before = store::find(tx.conn, &tx.case_id()?, id)?;
    if before.state == FlagState::Cleared {
        return Err(Error::conflict(
            "This flag is cleared already: raise another one where something is left.",
        ));
    }
    let clearing = FlagClearing {
        reason: reason.to_owned(),
        by: tx.me(),
        at: Timestamp(tx.now),
    };
    let flag = ImpeachmentFlag {
        version: before.version + 1,
        state: FlagState::Cleared,
        clearing: Some(clearing),
        ..before
    };
    save(tx, flag, Action::ImpeachmentFlagCleared)
}

fn save(tx: &mut Tx<'_>, flag: ImpeachmentFlag, action: Action) -> Result<Recorded<ImpeachmentFlag>> {
    let made = tx.record(action, (NOUN, &flag.id), flag.version, &flag)?;
    store::save(tx.conn, &flag, &made.leaf)?;
    Ok(made.answering(flag))
}
