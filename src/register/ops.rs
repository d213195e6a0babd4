//! Reporting an error in the register, and answering the report.

use super::model::{ErrorAnswer, NewErrorAnswer, RegisterError, RegisterErrorState, is_auditors};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;

/// The object of a report's events.
pub const NOUN: &str = "register_error";

/// Reports an error in the entry of an authorization.
pub fn report(tx: &mut Tx<'_>, authorization: &str, note: &str) -> Result<Recorded<RegisterError>> {
    let error = RegisterError {
        id: tx.new_id(),
        authorization_id: authorization.to_owned(),
        case_id: tx.case_id()?,
        version: 1,
        state: RegisterErrorState::Reported,
        note: note.to_owned(),
        by: tx.me(),
        by_auditor: is_auditors(&tx.caller.roles),
        at: Timestamp(tx.now),
        answer: None,
    };
    save(tx, error, Action::RegisterErrorReported)
}

/// Answers a report. The entry stays as it is: what is right stands in the answer.
pub fn answer(
    tx: &mut Tx<'_>,
    (authorization, id): (&str, &str),
    new: &NewErrorAnswer,
) -> Result<Recorded<RegisterError>> {
    let before = store::error(tx.conn, authorization, id)?;
    if before.state == RegisterErrorState::Answered {
        return Err(Error::conflict(
            "This report is answered already: report what is still wrong in a new one.",
        ));
    }
    let answer = ErrorAnswer {
        finding: new.finding,
        text: new.text.clone(),
        by: tx.me(),
        at: Timestamp(tx.now),
    };
    let error = RegisterError {
        version: before.version + 1,
        state: RegisterErrorState::Answered,
        answer: Some(answer),
        ..before
    };
    save(tx, error, Action::RegisterErrorAnswered)
}

fn save(tx: &mut Tx<'_>, error: RegisterError, action: Action) -> Result<Recorded<RegisterError>> {
    let made = tx.record(action, (NOUN, &error.id), error.version, &error)?;
    store::save(tx.conn, &error, &made.leaf)?;
    Ok(made.answering(error))
}
