//! Adding and changing subjects and accounts.

use super::model::{CaseEntry, EntryFields, EntryPatch, Subject};
use super::store::KeptEntry;
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;
use crate::versions::SeenVersions;

/// Adds an entry to the case.
pub fn add<F: KeptEntry>(tx: &mut Tx<'_>, fields: &F) -> Result<Recorded<CaseEntry<F>>> {
    require_subject(tx, fields)?;
    let entry = CaseEntry {
        id: tx.new_id(),
        case_id: tx.case_id()?,
        version: 1,
        created_at: Timestamp(tx.now),
        changed_at: Timestamp(tx.now),
        fields: fields.clone(),
        reason: None,
    };
    save(tx, entry, F::ADDED)
}

/// Makes an entry's next version.
pub fn change<F: KeptEntry>(
    tx: &mut Tx<'_>,
    id: &str,
    seen: &SeenVersions,
    patch: &EntryPatch<F>,
) -> Result<Recorded<CaseEntry<F>>> {
    require_subject(tx, &patch.fields)?;
    let before = F::find(tx.conn, &tx.case_id()?, id)?;
    seen.check(before.version)?;
    let next = patch.apply(before, tx.now)?;
    save(tx, next, patch.action())
}

fn save<F: KeptEntry>(tx: &mut Tx<'_>, entry: CaseEntry<F>, action: Action) -> Result<Recorded<CaseEntry<F>>> {
    let made = tx.record(action, (F::NOUN, &entry.id), entry.version, &entry)?;
    F::save(tx.conn, &entry, &made.leaf)?;
    Ok(made.answering(entry))
}

/// Refuses to tie an account to what is no subject of its case.
fn require_subject(tx: &mut Tx<'_>, fields: &impl EntryFields) -> Result<()> {
    let Some(id) = fields.subject_id() else { return Ok(()) };
    let found: Result<Subject> = KeptEntry::find(tx.conn, &tx.case_id()?, id);
    match found {
        Err(e) if e.kind == Kind::NotFound => Err(Error::field("subject_id", "exists", "is no subject of this case")),
        found => found.map(drop),
    }
}
