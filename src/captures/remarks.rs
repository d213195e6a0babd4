//! What is said about a capture later: notes, corrections, reviews, decisions, verifications. None replaces what was
//! said before.

use serde::Serialize;

use serde_json::Value;

use super::beyond::goes_beyond;
use super::examinations;
use super::lists;
use super::model::{
    BasisKind, Capture, CaptureDecision, CaptureMark, CaptureNote, CaptureState, CaptureView, DecisionOutcome,
    EventPlace, ExaminationWish, Flag, Mark, NewCorrection, NewDecision, Remark, Review, StoredCapture, Verification,
};
use super::store::{self, CaptureRow, RemarkKind};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::{Action, Appended};
use crate::policy::Act;
use crate::versions::SeenVersions;

/// Adds a note.
pub fn annotate(tx: &mut Tx<'_>, id: &str, note: &CaptureNote) -> Result<Recorded<Remark<CaptureNote>>> {
    let stored = store::capture(tx.conn, id)?;
    let kind = (RemarkKind::CaptureNote, Action::CaptureAnnotated);
    add(tx, &stored, kind, note.clone())
}

/// Marks it as graphic, or takes that back. The mark before stays on the record.
pub fn mark(tx: &mut Tx<'_>, id: &str, wanted: &CaptureMark) -> Result<Recorded<Remark<CaptureMark>>> {
    let stored = store::capture(tx.conn, id)?;
    let is_graphic = store::remarks_of(tx.conn, id)?.is_graphic();
    if is_graphic == (wanted.mark == Mark::Graphic) {
        let now = if is_graphic {
            "marked graphic already"
        } else {
            "not marked graphic"
        };
        return Err(Error::conflict(format!(
            "This capture is {now}: nothing is to be changed."
        )));
    }
    let kind = (RemarkKind::CaptureMark, Action::CaptureMarked);
    add(tx, &stored, kind, wanted.clone())
}

/// Records what a verification found.
pub fn record_verification(tx: &mut Tx<'_>, id: &str, found: &Verification) -> Result<Recorded<Remark<Verification>>> {
    let stored = store::capture(tx.conn, id)?;
    let kind = (RemarkKind::Verification, Action::CaptureVerified);
    add(tx, &stored, kind, found.clone())
}

/// The versions of a capture that somebody saw, where they say which: nothing is said about what they did not see.
type SeenCapture<'a> = (&'a str, &'a SeenVersions);

/// A second person's finding about what they saw.
pub fn review_seen(tx: &mut Tx<'_>, seen: SeenCapture<'_>, review: &Review) -> Result<Recorded<Remark<Review>>> {
    as_seen(tx, seen)?;
    self::review(tx, seen.0, review)
}

/// A supervisor's decision about what they saw.
pub fn decide_seen(tx: &mut Tx<'_>, seen: SeenCapture<'_>, new: &NewDecision) -> Result<Recorded<CaptureView>> {
    as_seen(tx, seen)?;
    decide(tx, seen.0, new)
}

fn as_seen(tx: &mut Tx<'_>, (id, seen): SeenCapture<'_>) -> Result<()> {
    seen.check(store::capture(tx.conn, id)?.capture.version)
}

/// A second person's finding.
pub fn review(tx: &mut Tx<'_>, id: &str, review: &Review) -> Result<Recorded<Remark<Review>>> {
    let mut stored = store::capture(tx.conn, id)?;
    if stored.state.is_closed() {
        return Err(Error::conflict(format!(
            "This capture is {}: a supervisor decides about it before it is reviewed.",
            stored.state
        )));
    }
    stored.state = review.state();
    store::update(tx.conn, &CaptureRow::of(&stored)?)?;
    let kind = (RemarkKind::Review, Action::CaptureReviewed);
    add(tx, &stored, kind, review.clone())
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
    let said = new.clone();
    let decision = CaptureDecision { said, state };
    let made = add(tx, &stored, (RemarkKind::CaptureDecision, action), decision)?;
    answer(tx, stored, made)
}

fn transition_of(stored: &StoredCapture, outcome: DecisionOutcome) -> Result<(Action, CaptureState)> {
    use DecisionOutcome as O;
    let held = stored.state == CaptureState::Held;
    let emergency = stored.capture.basis.kind == BasisKind::Emergency && stored.awaits_decision;
    match outcome {
        O::Accept if held => Ok((Action::CaptureAccepted, CaptureState::Logged)),
        O::Ratify if held => Ok((Action::CaptureRatified, CaptureState::Logged)),
        O::Quarantine if held || emergency => Ok((Action::CaptureQuarantined, CaptureState::Quarantined)),
        O::Confirm if emergency && stored.state == CaptureState::Reviewed => {
            Ok((Action::CaptureConfirmed, CaptureState::Reviewed))
        }
        O::Confirm if emergency => Ok((Action::CaptureConfirmed, CaptureState::Logged)),
        O::Repudiate if emergency => Ok((Action::CaptureRepudiated, CaptureState::Quarantined)),
        O::Accept | O::Ratify | O::Quarantine => Err(Error::conflict(format!(
            "This capture is {}, not held: there is nothing to {outcome}.",
            stored.state
        ))),
        O::Confirm | O::Repudiate => Err(Error::conflict(format!(
            "This capture is no emergency that waits for a word: there is nothing to {outcome}."
        ))),
    }
}

/// Records a corrected version beside the first. What covers the capture was judged on the first version, and stays.
pub fn correct(tx: &mut Tx<'_>, id: &str, new: &NewCorrection) -> Result<Recorded<CaptureView>> {
    let before = store::capture(tx.conn, id)?;
    let mut capture = before.capture.clone().corrected(new, tx.me(), tx.now);
    let is_beyond = goes_beyond(tx.conn, &before, &capture, tx.now)?;
    if is_beyond && !capture.flags.contains(&Flag::CorrectedBeyond) {
        capture.flags.push(Flag::CorrectedBeyond);
    }
    let stored = StoredCapture { capture, ..before };
    let (remark, record) = (stored.capture.correction_id(), stored.capture.record()?);
    let kind = (RemarkKind::Correction, Action::CaptureCorrected);
    let made = keep(tx, &stored.capture, kind, &remark, &record)?;
    store::update(tx.conn, &CaptureRow::of(&stored)?)?;
    if !stored.state.is_closed() {
        // What somebody corrected is not new to them.
        lists::mark_seen(tx.conn, &tx.caller.user, &stored, tx.now)?;
    }
    answer(tx, stored, made.answering(()))
}

/// The capture, as far as the caller may see it.
fn answer<T>(tx: &mut Tx<'_>, stored: StoredCapture, made: Recorded<T>) -> Result<Recorded<CaptureView>> {
    if stored.state.is_closed() && !tx.may(Act::CaptureReadHeld) {
        return Ok(made.map(|_| stored.withheld()));
    }
    let said = store::remarks_of(tx.conn, &stored.capture.id)?;
    Ok(made.map(|_| stored.open(said)))
}

/// Asks for another examination, of which a job is made with it.
pub fn request_examination(
    tx: &mut Tx<'_>,
    id: &str,
    wish: &ExaminationWish,
) -> Result<Recorded<Remark<ExaminationWish>>> {
    let stored = store::capture(tx.conn, id)?;
    examinations::may_be_asked(tx.conn, &stored)?;
    examinations::order(tx, id)?;
    let kind = (RemarkKind::ExaminationRequest, Action::CaptureExaminationRequested);
    add(tx, &stored, kind, wish.clone())
}

/// Records a remark of the caller, and answers it with its place in the ledger.
fn add<T: Serialize>(
    tx: &mut Tx<'_>,
    stored: &StoredCapture,
    kind: (RemarkKind, Action),
    said: T,
) -> Result<Recorded<Remark<T>>> {
    let remark = Remark {
        id: tx.new_id(),
        capture_id: stored.capture.id.clone(),
        by: tx.me(),
        at: Timestamp(tx.now),
        said,
        event: None,
    };
    let record = serde_json::to_value(&remark)?;
    let made = keep(tx, &stored.capture, kind, &remark.id, &record)?;
    let event = Some(EventPlace::from(&made));
    Ok(made.answering(Remark { event, ..remark }))
}

/// Records the event of a remark about a version of a capture, and keeps the remark's row under this id.
fn keep(
    tx: &mut Tx<'_>,
    capture: &Capture,
    (kind, action): (RemarkKind, Action),
    id: &str,
    record: &Value,
) -> Result<Appended> {
    let made = tx.record(action, ("capture", &capture.id), capture.version, record)?;
    store::insert_remark(tx.conn, capture, (id, kind), &made.leaf, record)?;
    Ok(made)
}
