//! Making, answering and withdrawing evidence requests.

use super::model::{EvidenceRequest, EvidenceRequestState, NewEvidenceAnswer, NewEvidenceRequest, RequestEnding};
use super::store;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;

/// The object of a request's events.
pub const NOUN: &str = "evidence_request";

/// Asks for something.
pub fn add(tx: &mut Tx<'_>, new: &NewEvidenceRequest) -> Result<Recorded<EvidenceRequest>> {
    let request = EvidenceRequest {
        id: tx.new_id(),
        case_id: tx.case_id()?,
        version: 1,
        state: EvidenceRequestState::Open,
        what: new.what.clone(),
        due_on: new.due_on(tx.now)?,
        asked_by: tx.me(),
        asked_at: Timestamp(tx.now),
        ending: None,
    };
    save(tx, request, Action::EvidenceRequestMade)
}

/// Answers a request, or declines it.
pub fn answer(tx: &mut Tx<'_>, id: &str, new: &NewEvidenceAnswer) -> Result<Recorded<EvidenceRequest>> {
    let action = match new.state {
        EvidenceRequestState::Declined => Action::EvidenceRequestDeclined,
        _ => Action::EvidenceRequestAnswered,
    };
    end(tx, id, (new.state, Some(new.text.clone())), action)
}

/// Takes a request back.
pub fn withdraw(tx: &mut Tx<'_>, id: &str, text: Option<String>) -> Result<Recorded<EvidenceRequest>> {
    let ending = (EvidenceRequestState::Withdrawn, text);
    end(tx, id, ending, Action::EvidenceRequestWithdrawn)
}

fn end(
    tx: &mut Tx<'_>,
    id: &str,
    (state, text): (EvidenceRequestState, Option<String>),
    action: Action,
) -> Result<Recorded<EvidenceRequest>> {
    let before = store::find(tx.conn, &tx.case_id()?, id)?;
    if before.state != EvidenceRequestState::Open {
        let detail = format!(
            "This request is {} already: ask for what is still needed in a new one.",
            before.state.as_str()
        );
        return Err(Error::conflict(detail));
    }
    let ending = RequestEnding {
        text,
        by: tx.me(),
        at: Timestamp(tx.now),
    };
    let request = EvidenceRequest {
        version: before.version + 1,
        state,
        ending: Some(ending),
        ..before
    };
    save(tx, request, action)
}

fn save(tx: &mut Tx<'_>, request: EvidenceRequest, action: Action) -> Result<Recorded<EvidenceRequest>> {
    let made = tx.record(action, (NOUN, &request.id), request.version, &request)?;
    store::save(tx.conn, &request, &made.leaf)?;
    Ok(made.answering(request))
}
