//! Adding and changing subjects and accounts.

use super::model::{Account, AccountFields, AccountPatch, NewAccount, NewSubject, Subject, SubjectPatch};
use super::store::{self, AccountRow, SubjectRow};
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::Action;

/// Adds a subject.
pub fn add_subject(tx: &mut Tx<'_>, new: &NewSubject) -> Result<Recorded<Subject>> {
    let subject = new.added(tx.new_id(), tx.case_id()?, tx.now);
    save_subject(tx, subject, Action::SubjectAdded)
}

/// Makes a subject's next version.
pub fn change_subject(tx: &mut Tx<'_>, id: &str, version: i64, patch: &SubjectPatch) -> Result<Recorded<Subject>> {
    let case = tx.case_id()?;
    let before = store::subject(tx.conn, &case, id)?.ok_or_else(Error::not_found)?;
    if before.version != version {
        return Err(Error::stale());
    }
    save_subject(tx, patch.apply(before, tx.now), Action::SubjectChanged)
}

fn save_subject(tx: &mut Tx<'_>, subject: Subject, action: Action) -> Result<Recorded<Subject>> {
    let record = serde_json::to_value(&subject)?;
    let made = tx.append(NewEvent::new(action, ("subject", &subject.id), subject.version, record))?;
    store::save_subject(tx.conn, &SubjectRow::of(&subject, &made.leaf)?)?;
    Ok(made.answering(subject))
}

/// Adds an account.
pub fn add_account(tx: &mut Tx<'_>, new: &NewAccount) -> Result<Recorded<Account>> {
    require_subject(tx, &new.fields)?;
    let account = new.added(tx.new_id(), tx.case_id()?, tx.now);
    save_account(tx, account, Action::AccountAdded)
}

/// Makes an account's next version.
pub fn change_account(tx: &mut Tx<'_>, id: &str, version: i64, patch: &AccountPatch) -> Result<Recorded<Account>> {
    require_subject(tx, &patch.fields)?;
    let case = tx.case_id()?;
    let before = store::account(tx.conn, &case, id)?.ok_or_else(Error::not_found)?;
    if before.version != version {
        return Err(Error::stale());
    }
    save_account(tx, patch.apply(before, tx.now), Action::AccountChanged)
}

fn save_account(tx: &mut Tx<'_>, account: Account, action: Action) -> Result<Recorded<Account>> {
    let record = serde_json::to_value(&account)?;
    let made = tx.append(NewEvent::new(action, ("account", &account.id), account.version, record))?;
    store::save_account(tx.conn, &AccountRow::of(&account, &made.leaf)?)?;
    Ok(made.answering(account))
}

/// The subject that an account is tied to is one of the same case.
fn require_subject(tx: &mut Tx<'_>, fields: &AccountFields) -> Result<()> {
    let Some(id) = &fields.subject_id else { return Ok(()) };
    let case = tx.case_id()?;
    match store::subject(tx.conn, &case, id)? {
        Some(_) => Ok(()),
        None => Err(Error::field("subject_id", "exists", "is no subject of this case")),
    }
}
