//! Signing an exception off.

use super::model::{ExceptionClass, ExceptionSearch, NewSignOff, SignOff};
use super::store;
use crate::authorizations;
use crate::captures;
use crate::cases::Overseen;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;
use crate::policy::Role;

/// The object of a sign-off's events.
pub const NOUN: &str = "exception";

/// Signs off an exception to a capture.
pub fn sign_capture(tx: &mut Tx<'_>, id: &str, new: &NewSignOff) -> Result<Recorded<SignOff>> {
    let remarks = captures::store::remarks_of(tx.conn, id)?;
    let decided = remarks
        .decision
        .is_some_and(|decision| decision.by.id == tx.caller.user);
    let reviewed = remarks.reviews.iter().any(|review| review.by.id == tx.caller.user);
    if decided || reviewed {
        return Err(concerned());
    }
    let stored = captures::store::capture(tx.conn, id)?;
    if let Some(basis) = stored.capture.basis.id {
        not_decided_by_caller(tx, &basis)?;
    }
    sign(tx, id, new)
}

/// Signs off an exception to an authorization.
pub fn sign_authorization(tx: &mut Tx<'_>, id: &str, new: &NewSignOff) -> Result<Recorded<SignOff>> {
    not_decided_by_caller(tx, id)?;
    sign(tx, id, new)
}

/// Whoever decided about an authorization is concerned by what rests on it.
fn not_decided_by_caller(tx: &mut Tx<'_>, authorization: &str) -> Result<()> {
    let case = tx.case_id()?;
    let Some(asked) = authorizations::store::find_in(tx.conn, (&case, authorization))? else {
        return Ok(());
    };
    let mut rulings = asked.approvals.iter().chain(&asked.decision).chain(&asked.revoked);
    match rulings.any(|ruling| ruling.by.id == tx.caller.user) {
        true => Err(concerned()),
        false => Ok(()),
    }
}

fn concerned() -> Error {
    Error::conflict("You decided or reviewed here: somebody signs it off who had no part in it.")
}

fn sign(tx: &mut Tx<'_>, object_id: &str, new: &NewSignOff) -> Result<Recorded<SignOff>> {
    let search = ExceptionSearch {
        class: Some(new.class),
        ..ExceptionSearch::of_object(object_id, tx.now)
    };
    // Whoever may sign off sees at least that there is this exception.
    let found = store::list(tx.conn, &Overseen::AsIdentifiers, &search)?;
    let Some(exception) = found.first() else {
        let message = format!("is no exception to this now: {}", standing(new.class));
        return Err(Error::field("class", "exists", message));
    };
    let is_another = |seen| {
        exception
            .object_version
            .is_some_and(|version| u64::try_from(version) != Ok(seen))
    };
    if new.seen.is_some_and(is_another) {
        return Err(Error::conflict(
            "The capture was corrected since you looked at it: read it again, and sign off what it says now.",
        ));
    }
    if exception.signed_off.is_some() {
        return Err(Error::conflict(
            "This exception is signed off already: what was found stands on the record.",
        ));
    }
    let signed = SignOff {
        id: tx.new_id(),
        class: new.class,
        object_id: object_id.to_owned(),
        object_version: exception.object_version,
        case_id: tx.case_id()?,
        note: new.note.clone(),
        by: tx.me(),
        role: match tx.caller.is(Role::Auditor) {
            true => Role::Auditor,
            false => Role::Supervisor,
        },
        at: Timestamp(tx.now),
        version: 1,
    };
    let made = tx.record(Action::ExceptionSignedOff, (NOUN, &signed.id), signed.version, &signed)?;
    store::save(tx.conn, &signed, &made.leaf)?;
    Ok(made.answering(signed))
}

/// What stands in place of an exception that is none.
fn standing(class: ExceptionClass) -> &'static str {
    match class {
        ExceptionClass::Undecided => "it is decided, or waits for less than a week",
        _ => "read the list anew, and name a class that it has",
    }
}
