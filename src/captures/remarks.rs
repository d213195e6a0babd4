//! What is said about a capture later: notes, corrections, reviews, decisions, verifications. Each stands beside what
//! was there before.

use serde::Serialize;

use super::model::{
    BasisKind, CaptureDecision, CaptureNote, CaptureState, CaptureView, DecisionOutcome, EventPlace, NewCorrection,
    NewDecision, NewNote, NewReview, Remark, Review, ReviewOutcome, StoredCapture, Verification,
};
use super::store::{self, CaptureRow, NewRemark, RemarkKind};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::Action;
use crate::policy::Act;

/// Adds a note.
pub fn annotate(tx: &mut Tx<'_>, id: &str, new: &NewNote) -> Result<Recorded<Remark<CaptureNote>>> {
    let stored = store::capture(tx.conn, id)?;
    let note = CaptureNote { text: new.text.clone() };
    add(tx, &stored, (RemarkKind::CaptureNote, Action::CaptureAnnotated), note)
}

/// Records what a verification found.
pub fn record_verification(tx: &mut Tx<'_>, id: &str, found: &Verification) -> Result<Recorded<Remark<Verification>>> {
    let stored = store::capture(tx.conn, id)?;
    let kind = (RemarkKind::Verification, Action::CaptureVerified);
    add(tx, &stored, kind, found.clone())
}

/// A second person's finding.
pub fn review(tx: &mut Tx<'_>, id: &str, new: &NewReview) -> Result<Recorded<Remark<Review>>> {
    let mut stored = store::capture(tx.conn, id)?;
    if stored.state.is_closed() {
        return Err(Error::conflict(format!(
            "This capture is {}: a supervisor decides about it before it is reviewed.",
            stored.state.as_str()
        )));
    }
    stored.state = match new.outcome {
        ReviewOutcome::Accurate => CaptureState::Reviewed,
        ReviewOutcome::Returned => CaptureState::Logged,
    };
    store::update(tx.conn, &CaptureRow::of(&stored)?)?;
    let review = Review {
        outcome: new.outcome,
        note: new.note.clone(),
    };
    add(tx, &stored, (RemarkKind::Review, Action::CaptureReviewed), review)
}

/// A supervisor's decision about a held capture or an emergency.
pub fn decide(tx: &mut Tx<'_>, id: &str, new: &NewDecision) -> Result<Recorded<CaptureView>> {
    let mut stored = store::capture(tx.conn, id)?;
    let (action, state) = transition_of(&stored, new.outcome)?;
    if stored.state == CaptureState::Held {
        let case = tx.case()?;
        store::count(tx.conn, &case.case_id, case.items, case.held - 1)?;
    }
    stored.state = state;
    stored.awaits_decision = false;
    store::update(tx.conn, &CaptureRow::of(&stored)?)?;
    let decision = CaptureDecision {
        outcome: new.outcome,
        reason: new.reason.clone(),
        state,
    };
    let made = add(tx, &stored, (RemarkKind::CaptureDecision, action), decision)?;
    answer(tx, stored, made)
}

fn transition_of(stored: &StoredCapture, outcome: DecisionOutcome) -> Result<(Action, CaptureState)> {
    use DecisionOutcome as O;
    let held = stored.state == CaptureState::Held;
    let emergency = stored.capture.basis.kind == BasisKind::Emergency && stored.awaits_decision;
    match (outcome, held, emergency) {
        (O::Accept, true, _) => Ok((Action::CaptureAccepted, CaptureState::Logged)),
        (O::Ratify, true, _) => Ok((Action::CaptureRatified, CaptureState::Logged)),
        (O::Quarantine, true, _) | (O::Quarantine, _, true) => {
            Ok((Action::CaptureQuarantined, CaptureState::Quarantined))
        }
        (O::Confirm, _, true) if stored.state == CaptureState::Reviewed => {
            Ok((Action::CaptureConfirmed, CaptureState::Reviewed))
        }
        (O::Confirm, _, true) => Ok((Action::CaptureConfirmed, CaptureState::Logged)),
        (O::Repudiate, _, true) => Ok((Action::CaptureRepudiated, CaptureState::Quarantined)),
        (O::Accept | O::Ratify | O::Quarantine, ..) => Err(Error::conflict(format!(
            "This capture is {}, not held: there is nothing to {}.",
            stored.state.as_str(),
            outcome.as_str()
        ))),
        (O::Confirm | O::Repudiate, ..) => Err(Error::conflict(format!(
            "This capture is no emergency that waits for a word: there is nothing to {}.",
            outcome.as_str()
        ))),
    }
}

/// Records a corrected version beside the first. What covered the capture was judged on that one, and stays.
pub fn correct(tx: &mut Tx<'_>, id: &str, new: &NewCorrection) -> Result<Recorded<CaptureView>> {
    let before = store::capture(tx.conn, id)?;
    let stored = StoredCapture {
        capture: before.capture.corrected(new, tx.me(), tx.now),
        ..before
    };
    let (record, version) = (stored.capture.record()?, stored.capture.version);
    let made = tx.append(NewEvent::new(
        Action::CaptureCorrected,
        ("capture", id),
        version,
        record.clone(),
    ))?;
    let remark = NewRemark {
        id: &tx.new_id(),
        capture_id: id,
        kind: RemarkKind::Correction,
        version,
        leaf: &made.leaf,
        record: &record,
    };
    store::insert_remark(tx.conn, &remark)?;
    store::update(tx.conn, &CaptureRow::of(&stored)?)?;
    answer(tx, stored, made.answering(()))
}

/// The capture as whoever changed it may see it.
fn answer<T>(tx: &mut Tx<'_>, stored: StoredCapture, made: Recorded<T>) -> Result<Recorded<CaptureView>> {
    if stored.state.is_closed() && !tx.may(Act::CaptureReadHeld) {
        return Ok(made.map(|_| stored.withheld()));
    }
    let id = stored.capture.id.clone();
    let said = store::remarks(tx.conn, std::slice::from_ref(&id))?.remove(&id);
    Ok(made.map(|_| stored.open(said.unwrap_or_default())))
}

/// Records a remark with its event; answers it with its place in the ledger.
fn add<T: Serialize>(
    tx: &mut Tx<'_>,
    stored: &StoredCapture,
    (kind, action): (RemarkKind, Action),
    said: T,
) -> Result<Recorded<Remark<T>>> {
    let (id, version) = (&stored.capture.id, stored.capture.version);
    let remark = Remark {
        id: tx.new_id(),
        capture_id: id.clone(),
        by: tx.me(),
        at: Timestamp(tx.now),
        said,
        event: None,
    };
    let record = serde_json::to_value(&remark)?;
    let made = tx.append(NewEvent::new(action, ("capture", id), version, record.clone()))?;
    let kept = NewRemark {
        id: &remark.id,
        capture_id: id,
        kind,
        version,
        leaf: &made.leaf,
        record: &record,
    };
    store::insert_remark(tx.conn, &kept)?;
    let event = Some(EventPlace::from(&made));
    Ok(made.answering(Remark { event, ..remark }))
}
