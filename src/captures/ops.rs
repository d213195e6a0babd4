//! Recording a capture.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use serde_json::{Value, json};

use super::judge::{self, Verdict};
use super::model::{self, FileEntry, Made, NewCapture, State};
use super::shown::Answer;
use super::store::CaptureRow;
use crate::clock::Micros;
use crate::db::canonical;
use crate::error::Result;
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::{Action, Appended};
use crate::{both, fixed};

/// A file whose bytes lie in the store, or that is hash-only.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub entry: FileEntry,
    /// CRC-32 of the bytes; 0 of a hash-only one.
    pub crc32: u32,
}

/// Records a capture with its files: what covers it, its item number, its event. Answers its id and what is shown of it,
/// which is made of the row when it is sent: the one writer has others waiting.
pub fn record(
    tx: &mut Tx<'_>,
    new: &NewCapture,
    arrived: &[Arrived],
    not_required: &[String],
) -> Result<Recorded<(String, Answer)>> {
    let case_id = tx.case()?.case_id.clone();
    let known = crate::authorizations::store::once_approved(tx.conn, &case_id)?;
    let verdict = judge::judge(new, &tx.caller.user, tx.now, &known, not_required);
    let item = next_item(tx, &verdict)?;
    let id = tx.new_id();
    let entries: Vec<FileEntry> = arrived.iter().map(|a| a.entry.clone()).collect();
    let capturer = json!({"id": tx.caller.user, "name": tx.caller.name});
    let made = Made {
        id: &id,
        case_id: &case_id,
        item,
        received_at: tx.now,
        capturer,
        verdict: &verdict,
        files: &entries,
    };
    let record = model::record(new, &made)?;
    let event = NewEvent::new(Action::CaptureRecorded, ("capture", &id), 1, record.clone())
        .attesting(model::attested(&entries));
    let appended = tx.append(event)?;
    let row = insert(tx, new, &record, &verdict, &appended)?;
    insert_files(tx, &id, arrived)?;
    let answer = Answer::Made {
        row: Box::new(row),
        withheld: verdict.state == State::Held,
    };
    tx.answer((id, answer))
}

/// Item numbers have no gaps: the counter was read under the case's lock and moves with the event.
fn next_item(tx: &mut Tx<'_>, verdict: &Verdict) -> Result<i64> {
    let case = tx.case()?;
    let counted = Count {
        items: case.items + 1,
        held: case.held + i64::from(verdict.state == State::Held),
        case: case.case_id.clone(),
    };
    both!(&mut *tx.conn, |c| counted.execute(c))?;
    Ok(case.items + 1)
}

fixed! {
    Count: "UPDATE cases SET items = ", items: i64 as BigInt, ", held = ", held: i64 as BigInt,
    " WHERE id = ", case: String as Text, ""
}

fixed! {
    NewRow: "INSERT INTO captures (id, case_id, item, kind, state, basis, capturer_id, open_question, captured_at, received_at, \
     version, seq, leaf, body) VALUES (", id: String as Text, ", ", case: String as Text, ", ", item: i64 as BigInt, ", ",
    kind: String as Text, ", ", state: String as Text, ", ", basis: String as Text, ", ", capturer: String as Text, ", ",
    open_question: bool as Bool, ", ", captured_at: Micros as BigInt, ", ", received_at: Micros as BigInt, ", 1, ",
    seq: i64 as BigInt, ", ", leaf: Vec<u8> as Binary, ", ", body: String as Text, ")"
}

fixed! {
    NewCaptureFile: "INSERT INTO capture_files (capture_id, n, sha256, withheld) VALUES (", capture: String as Text, ", ",
    n: i64 as BigInt, ", ", sha256: Vec<u8> as Binary, ", ", withheld: bool as Bool, ")"
}

fixed! {
    NewFileRow: "INSERT INTO files (sha256, size, crc32, media_type, state, stored_at) VALUES (", sha256: Vec<u8> as Binary, ", ",
    size: i64 as BigInt, ", ", crc32: i64 as BigInt, ", ", media_type: String as Text, ", 'stored', ",
    stored_at: Micros as BigInt, ") ON CONFLICT DO NOTHING"
}

fn insert(tx: &mut Tx<'_>, new: &NewCapture, record: &Value, verdict: &Verdict, made: &Appended) -> Result<CaptureRow> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = CaptureRow {
        id: text(&record["id"]),
        case_id: text(&record["case_id"]),
        item: record["item"].as_i64().unwrap_or_default(),
        kind: text(&record["kind"]),
        state: verdict.state.as_str().into(),
        basis: text(&verdict.basis["kind"]),
        capturer_id: tx.caller.user.clone(),
        open_question: verdict.open,
        version: 1,
        seq: made.seq,
        leaf: made.leaf.as_bytes().to_vec(),
        body: canonical(record)?,
    };
    let new = NewRow {
        id: row.id.clone(),
        case: row.case_id.clone(),
        item: row.item,
        kind: row.kind.clone(),
        state: row.state.clone(),
        basis: row.basis.clone(),
        capturer: row.capturer_id.clone(),
        open_question: row.open_question,
        captured_at: new.captured_at,
        received_at: tx.now,
        seq: row.seq,
        leaf: row.leaf.clone(),
        body: row.body.clone(),
    };
    both!(&mut *tx.conn, |c| new.execute(c))?;
    Ok(row)
}

fn insert_files(tx: &mut Tx<'_>, capture: &str, arrived: &[Arrived]) -> Result<()> {
    for (n, file) in (0i64..).zip(arrived) {
        if file.entry.withheld.is_none() {
            insert_file(tx, file)?;
        }
        let row = NewCaptureFile {
            capture: capture.to_owned(),
            n,
            sha256: file.entry.sha256.as_bytes().to_vec(),
            withheld: file.entry.withheld.is_some(),
        };
        both!(&mut *tx.conn, |c| row.execute(c))?;
    }
    Ok(())
}

/// The same bytes are kept once, whoever brought them first.
fn insert_file(tx: &mut Tx<'_>, file: &Arrived) -> Result<()> {
    let row = NewFileRow {
        sha256: file.entry.sha256.as_bytes().to_vec(),
        size: i64::try_from(file.entry.size).unwrap_or(i64::MAX),
        crc32: i64::from(file.crc32),
        media_type: file.entry.media_type.clone().unwrap_or_default(),
        stored_at: tx.now,
    };
    both!(&mut *tx.conn, |c| row.execute(c))?;
    Ok(())
}
