//! Reporting misuse, examining a report and closing it.

use super::model::{MisuseClosing, MisuseExaminer, MisuseRecord, MisuseState, NewMisuse, NewMisuseClosing};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, FieldError, Result};
use crate::gate::{Recorded, Tx};
use crate::identity::Person;
use crate::ledger::Action;
use crate::lookalike::fold;
use crate::users;

/// The object of a report's events.
pub const NOUN: &str = "misuse_report";

/// Reports misuse.
pub fn report(tx: &mut Tx<'_>, new: &NewMisuse) -> Result<Recorded<MisuseRecord>> {
    let names = named(tx, &new.usernames)?;
    let mut concerned: Vec<String> = names.iter().map(|person| person.id.clone()).collect();
    concerned.push(tx.caller.user.clone());
    if !store::has_examiner(tx.conn, &concerned)? {
        let message = "leave no auditor who could examine it: tell the body that oversees the agency from outside";
        return Err(Error::field("usernames", "other", message));
    }
    let report = MisuseRecord {
        id: tx.new_id(),
        version: 1,
        state: MisuseState::Received,
        text: new.text.clone(),
        names,
        case: new.case.clone(),
        reporter: tx.me(),
        at: Timestamp(tx.now),
        examiner: None,
        closing: None,
    };
    save(tx, report, Action::MisuseReported)
}

/// The people of these user names, each once.
fn named(tx: &mut Tx<'_>, usernames: &[String]) -> Result<Vec<Person>> {
    let (mut people, mut broken): (Vec<Person>, Vec<FieldError>) = (Vec::new(), Vec::new());
    for (i, username) in usernames.iter().enumerate() {
        match users::store::by_username(tx.conn, &fold(username))? {
            Some(row) if people.iter().any(|person| person.id == row.id) => {}
            Some(row) => people.push(Person {
                id: row.id,
                name: row.name,
            }),
            None => {
                let message = "is nobody's user name: check its spelling, or name them in the text";
                broken.push(FieldError::new(format!("usernames[{i}]"), "exists", message));
            }
        }
    }
    FieldError::refuse(broken)?;
    Ok(people)
}

/// Begins to examine a report.
pub fn examine(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<MisuseRecord>> {
    let before = anothers(tx, id)?;
    if before.state != MisuseState::Received {
        return Err(wrong_state(&before));
    }
    let examiner = MisuseExaminer {
        by: tx.me(),
        at: Timestamp(tx.now),
    };
    let next = MisuseRecord {
        version: before.version + 1,
        state: MisuseState::UnderExamination,
        examiner: Some(examiner),
        ..before
    };
    save(tx, next, Action::MisuseExamined)
}

/// Closes a report with its outcome.
pub fn close(tx: &mut Tx<'_>, id: &str, new: &NewMisuseClosing) -> Result<Recorded<MisuseRecord>> {
    let before = anothers(tx, id)?;
    if before.state != MisuseState::UnderExamination {
        return Err(wrong_state(&before));
    }
    let closing = MisuseClosing {
        outcome: new.outcome,
        text: new.text.clone(),
        by: tx.me(),
        at: Timestamp(tx.now),
    };
    let next = MisuseRecord {
        version: before.version + 1,
        state: MisuseState::Closed,
        closing: Some(closing),
        ..before
    };
    save(tx, next, Action::MisuseClosed)
}

/// A report that the caller sees and did not make.
fn anothers(tx: &mut Tx<'_>, id: &str) -> Result<MisuseRecord> {
    let found = store::get(tx.conn, tx.caller, id)?;
    match found.reporter.id == tx.caller.user {
        true => Err(Error::conflict("You made this report: another auditor examines it.")),
        false => Ok(found),
    }
}

fn wrong_state(found: &MisuseRecord) -> Error {
    let told = match found.state {
        MisuseState::Received => "Nobody examines this report yet: begin with that.",
        MisuseState::UnderExamination => "This report is under examination already: it is closed next.",
        MisuseState::Closed => "This report is closed: what is still to be told goes into a new one.",
    };
    Error::conflict(told)
}

fn save(tx: &mut Tx<'_>, report: MisuseRecord, action: Action) -> Result<Recorded<MisuseRecord>> {
    let made = tx.record(action, (NOUN, &report.id), report.version, &report)?;
    store::save(tx.conn, &report, &made.leaf)?;
    Ok(made.answering(report))
}
