//! The rows of captures, of what was said about them and of their files that follow from what was recorded.

use serde::Deserialize;
use serde_json::Value;

use super::arrival::Arrived;
use super::derivatives;
use super::model::{Capture, CaptureState, Review, StoredCapture};
use super::store::{self, CaptureRow, RemarkKind};
use crate::db::AnyConn;
use crate::db::tables::cases;
use crate::error::Result;
use crate::ledger::{Action, PastEvent};

/// Makes what follows from an event about a capture.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    match past.action {
        Some(Action::CaptureRecorded) => recorded(conn, past),
        Some(Action::CaptureCorrected) => corrected(conn, past),
        Some(Action::CaptureAnnotated) => remark(conn, past, RemarkKind::CaptureNote).map(drop),
        Some(Action::CaptureMarked) => remark(conn, past, RemarkKind::CaptureMark).map(drop),
        Some(Action::CaptureExamined) => remark(conn, past, RemarkKind::Examination).map(drop),
        Some(Action::CaptureExaminationRequested) => remark(conn, past, RemarkKind::ExaminationRequest).map(drop),
        Some(Action::CaptureVerified) => remark(conn, past, RemarkKind::Verification).map(drop),
        Some(Action::CaptureReviewed) => reviewed(conn, past),
        Some(
            Action::CaptureAccepted
            | Action::CaptureRatified
            | Action::CaptureQuarantined
            | Action::CaptureConfirmed
            | Action::CaptureRepudiated,
        ) => decided(conn, past),
        Some(Action::DerivativeMade) => derivatives::store::insert(conn, &past.read()?, (&past.leaf, 0, past.at)),
        _ => Ok(()),
    }
}

/// The CRC-32 of a file is in no record: it follows from the file.
fn recorded(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let capture: Capture = past.read()?;
    count(
        conn,
        &capture.case_id,
        (1, i64::from(capture.state == CaptureState::Held)),
    )?;
    let arrived: Vec<Arrived> = capture
        .files
        .iter()
        .map(|file| Arrived {
            entry: file.clone(),
            crc32: 0,
            cut_off: false,
        })
        .collect();
    let stored = StoredCapture {
        state: capture.state,
        awaits_decision: capture.awaits_decision(),
        seq: past.seq,
        leaf: past.leaf,
        capture,
    };
    store::insert(conn, CaptureRow::of(&stored)?)?;
    store::insert_files(conn, &stored.capture.id, &arrived, past.at)
}

/// Adds to the items of a case, and to those of them that are held.
fn count(conn: &mut AnyConn, case: &str, (items, held): (i64, i64)) -> Result<()> {
    use diesel::prelude::*;
    let counted = cases::table.find(case).select((cases::items, cases::held));
    let before: (i64, i64) = counted.first(conn)?;
    store::count(conn, case, before.0 + items, before.1 + held)
}

fn corrected(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let before = store::capture(conn, &past.object_id)?;
    let stored = StoredCapture {
        capture: past.read()?,
        ..before
    };
    let id = stored.capture.correction_id();
    let record: Value = past.read()?;
    store::insert_remark(
        conn,
        &stored.capture,
        (&id, RemarkKind::Correction),
        &past.leaf,
        &record,
    )?;
    store::update(conn, &CaptureRow::of(&stored)?)
}

#[derive(Deserialize)]
struct RemarkRecord {
    id: String,
}

/// Makes the row of a remark, and gives the capture that it is about.
fn remark(conn: &mut AnyConn, past: &PastEvent, kind: RemarkKind) -> Result<StoredCapture> {
    let stored = store::capture(conn, &past.object_id)?;
    let (id, record) = (past.read::<RemarkRecord>()?.id, past.read::<Value>()?);
    store::insert_remark(conn, &stored.capture, (&id, kind), &past.leaf, &record)?;
    Ok(stored)
}

fn reviewed(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let mut stored = remark(conn, past, RemarkKind::Review)?;
    stored.state = past.read::<Review>()?.state();
    store::update(conn, &CaptureRow::of(&stored)?)
}

#[derive(Deserialize)]
struct DecisionRecord {
    state: CaptureState,
}

fn decided(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let mut stored = remark(conn, past, RemarkKind::CaptureDecision)?;
    if stored.state == CaptureState::Held {
        count(conn, past.case()?, (0, -1))?;
    }
    stored.state = past.read::<DecisionRecord>()?.state;
    stored.awaits_decision = false;
    store::update(conn, &CaptureRow::of(&stored)?)
}
