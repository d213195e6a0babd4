//! What is said about a capture later: notes, corrections, reviews, decisions, verifications. Each stands beside what
//! was there before.

use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::model::{DecisionOutcome, ReviewOutcome, State};
use super::shown::Shown;
use super::store::{self, CaptureRow};
use crate::clock;
use crate::db::canonical;
use crate::db::tables::{capture_entries, captures, cases};
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::{Action, Appended};

/// Appends an entry with its event; answers the entry with its place in the ledger.
pub(super) fn add(
    tx: &mut Tx<'_>,
    row: &CaptureRow,
    kind: &str,
    action: Action,
    content: Value,
) -> Result<(Value, Appended)> {
    let mut record = content;
    let id = tx.new_id();
    record["id"] = json!(id);
    record["capture_id"] = json!(row.id);
    record["by"] = json!({"id": tx.caller.user, "name": tx.caller.name});
    record["at"] = json!(clock::format(tx.now));
    let made = tx.append(NewEvent::new(action, ("capture", &row.id), row.version, record.clone()))?;
    insert(tx, &id, row, kind, &record, &made)?;
    let mut shown = record;
    shown["event"] = json!({"stream": made.stream, "seq": made.seq, "leaf": made.leaf});
    Ok((shown, made))
}

fn insert(tx: &mut Tx<'_>, id: &str, row: &CaptureRow, kind: &str, record: &Value, made: &Appended) -> Result<()> {
    diesel::insert_into(capture_entries::table)
        .values((
            capture_entries::id.eq(id),
            capture_entries::capture_id.eq(&row.id),
            capture_entries::kind.eq(kind),
            capture_entries::version.eq(row.version),
            capture_entries::leaf.eq(made.leaf.as_bytes().to_vec()),
            capture_entries::body.eq(canonical(record)?),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Adds a note.
pub fn annotate(tx: &mut Tx<'_>, id: &str, text: &str) -> Result<Recorded<Value>> {
    let row = store::capture(tx.conn, id)?;
    let (shown, _) = add(tx, &row, "note", Action::CaptureAnnotated, json!({"text": text}))?;
    tx.answer(shown)
}

/// Records a corrected version beside the first. What covered the capture was judged on that one, and stays.
pub fn correct(tx: &mut Tx<'_>, id: &str, fields: &Map<String, Value>, reason: &str) -> Result<Recorded<Value>> {
    let mut row = store::capture(tx.conn, id)?;
    let mut record: Value = serde_json::from_str(&row.body)?;
    for (name, value) in fields {
        record[name] = value.clone();
    }
    row.version += 1;
    record["version"] = json!(row.version);
    record["correction"] = json!({
        "by": {"id": tx.caller.user, "name": tx.caller.name}, "at": clock::format(tx.now), "reason": reason,
    });
    let made = tx.append(NewEvent::new(
        Action::CaptureCorrected,
        ("capture", id),
        row.version,
        record.clone(),
    ))?;
    row.body = canonical(&record)?;
    let entry = tx.new_id();
    insert(tx, &entry, &row, "correction", &record, &made)?;
    diesel::update(captures::table.find(id))
        .set((captures::version.eq(row.version), captures::body.eq(&row.body)))
        .execute(tx.conn)?;
    answer(tx, &row)
}

fn answer(tx: &mut Tx<'_>, row: &CaptureRow) -> Result<Recorded<Value>> {
    let closed = matches!(row.state.as_str(), "held" | "quarantined");
    if closed && !tx.may(crate::policy::Act::CaptureReadHeld) {
        return tx.answer(Shown::withheld(row)?.value()?);
    }
    let entries = store::entries(tx.conn, std::slice::from_ref(&row.id))?;
    tx.answer(Shown::open(row, &entries)?.value()?)
}

/// A second person's finding.
pub fn review(tx: &mut Tx<'_>, id: &str, outcome: ReviewOutcome, note: Option<&str>) -> Result<Recorded<Value>> {
    let row = store::capture(tx.conn, id)?;
    if matches!(row.state.as_str(), "held" | "quarantined") {
        return Err(Error::conflict(format!(
            "This capture is {}: a supervisor decides about it before it is reviewed.",
            row.state
        )));
    }
    let state = if outcome == ReviewOutcome::Accurate {
        State::Reviewed
    } else {
        State::Logged
    };
    diesel::update(captures::table.find(id))
        .set(captures::state.eq(state.as_str()))
        .execute(tx.conn)?;
    let (shown, _) = add(
        tx,
        &row,
        "review",
        Action::CaptureReviewed,
        json!({"outcome": outcome, "note": note}),
    )?;
    tx.answer(shown)
}

/// A supervisor's decision about a held capture or an emergency.
pub fn decide(tx: &mut Tx<'_>, id: &str, outcome: DecisionOutcome, reason: &str) -> Result<Recorded<Value>> {
    let mut row = store::capture(tx.conn, id)?;
    let (action, state) = verdict(&row, outcome)?;
    let released = row.state == "held";
    row.state = state.as_str().into();
    row.open_question = false;
    diesel::update(captures::table.find(id))
        .set((captures::state.eq(&row.state), captures::open_question.eq(false)))
        .execute(tx.conn)?;
    if released {
        let held: i64 = cases::table.find(&row.case_id).select(cases::held).first(tx.conn)?;
        diesel::update(cases::table.find(&row.case_id))
            .set(cases::held.eq(held - 1))
            .execute(tx.conn)?;
    }
    add(
        tx,
        &row,
        "decision",
        action,
        json!({"outcome": outcome, "reason": reason, "state": state}),
    )?;
    answer(tx, &row)
}

fn verdict(row: &CaptureRow, outcome: DecisionOutcome) -> Result<(Action, State)> {
    use DecisionOutcome as O;
    let emergency = row.basis == "emergency" && row.open_question;
    match (outcome, row.state == "held", emergency) {
        (O::Accept, true, _) => Ok((Action::CaptureAccepted, State::Logged)),
        (O::Ratify, true, _) => Ok((Action::CaptureRatified, State::Logged)),
        (O::Quarantine, true, _) | (O::Quarantine, _, true) => Ok((Action::CaptureQuarantined, State::Quarantined)),
        (O::Confirm, _, true) if row.state == "reviewed" => Ok((Action::CaptureConfirmed, State::Reviewed)),
        (O::Confirm, _, true) => Ok((Action::CaptureConfirmed, State::Logged)),
        (O::Repudiate, _, true) => Ok((Action::CaptureRepudiated, State::Quarantined)),
        (O::Accept | O::Ratify | O::Quarantine, ..) => Err(Error::conflict(format!(
            "This capture is {}, not held: there is nothing to {}.",
            row.state,
            outcome.as_str()
        ))),
        (O::Confirm | O::Repudiate, ..) => Err(Error::conflict(format!(
            "This capture is no emergency that waits for a word: there is nothing to {}.",
            outcome.as_str()
        ))),
    }
}
