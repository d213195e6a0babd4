//! Recording a capture.

use super::arrival::Arrived;
use super::duplicates;
use super::judge::{self, JudgedAgainst};
use super::model::{Capture, CaptureState, CaptureView, NewCapture, Remarks, StoredCapture};
use super::resumable;
use super::store::{self, CaptureRow};
use crate::aliases::{self, AliasUse};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::Action;
use crate::proof::id::Digest;

/// Records a capture with its files: what covers it, its item number, its event.
pub fn record(
    tx: &mut Tx<'_>,
    new: &NewCapture,
    arrived: &[Arrived],
    not_required: &[String],
) -> Result<Recorded<CaptureView>> {
    let (case_id, new) = (tx.case_id()?, &new.received(tx.now));
    let person = tx.caller.user.clone();
    let against = JudgedAgainst::read(tx.conn, (&case_id, &person), new, not_required)?;
    let digests: Vec<Digest> = arrived.iter().map(|a| a.entry.sha256).collect();
    let here = duplicates::of(tx.conn, &case_id, new, &digests)?;
    let mut judgment = judge::judge(new, &person, tx.now, &against);
    judgment.flags.extend(judge::odd_files(arrived));
    let capture = Capture {
        id: tx.new_id(),
        case_id,
        item: next_item(tx, judgment.state)?,
        version: 1,
        kind: new.kind,
        captured_at: Timestamp(new.captured_at),
        captured_at_basis: new.captured_at_basis,
        received_at: Timestamp(tx.now),
        capturer: tx.me(),
        state: judgment.state,
        basis: judgment.basis,
        coverage: judgment.coverage,
        flags: judgment.flags,
        files: arrived.iter().map(|a| a.entry.clone()).collect(),
        particulars: new.particulars.clone(),
        note: new.note.clone(),
        correction: None,
    };
    let event = NewEvent::new(Action::CaptureRecorded, ("capture", &capture.id), 1, capture.record()?);
    let made = tx.append(event.attesting(capture.attested()))?;
    let stored = StoredCapture {
        state: capture.state,
        awaits_decision: capture.awaits_decision(),
        seq: made.seq,
        leaf: made.leaf,
        capture,
    };
    store::insert(tx.conn, CaptureRow::of(&stored)?)?;
    store::insert_files(tx.conn, &stored.capture.id, arrived, tx.now)?;
    resumable::store::mark_used(tx.conn, &new.uploads())?;
    if let Some(alias) = against.alias {
        let made_under = AliasUse {
            alias_id: alias.id,
            capture_id: stored.capture.id.clone(),
            case_id: stored.capture.case_id.clone(),
            captured_at: stored.capture.captured_at,
        };
        aliases::record_use(tx, &made_under)?;
    }
    let view = if stored.state.is_closed() {
        stored.withheld()
    } else {
        stored.open(Remarks::default())
    };
    Ok(made.answering(view.with_duplicates(here)))
}

/// The next item number. There are no gaps: the counter is read under the case's lock and moves with the event.
fn next_item(tx: &mut Tx<'_>, state: CaptureState) -> Result<i64> {
    let case = tx.case()?;
    let (items, held) = (case.items + 1, case.held + i64::from(state == CaptureState::Held));
    store::count(tx.conn, &case.case_id, items, held)?;
    Ok(items)
}
