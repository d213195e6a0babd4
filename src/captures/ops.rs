//! Recording a capture.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::judge::{self, Verdict};
use super::model::{self, FileEntry, Made, NewCapture, State};
use super::shown::Shown;
use super::store::CaptureRow;
use crate::db::canonical;
use crate::db::tables::{capture_files, captures, files};
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

/// Records a capture with its files: what covers it, its item number, its event. Answers its id and what is shown of it.
pub fn record(
    tx: &mut Tx<'_>,
    new: &NewCapture,
    arrived: &[Arrived],
    not_required: &[String],
) -> Result<Recorded<(String, Box<RawValue>)>> {
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
    let shown = if verdict.state == State::Held {
        Shown::withheld(&row)?
    } else {
        Shown::open(&row, &[])?
    };
    tx.answer((id, shown.raw()?))
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
    let values = (
        captures::id.eq(&row.id),
        captures::case_id.eq(&row.case_id),
        captures::item.eq(row.item),
        captures::kind.eq(&row.kind),
        captures::state.eq(&row.state),
        captures::basis.eq(&row.basis),
        captures::capturer_id.eq(&row.capturer_id),
        captures::open_question.eq(row.open_question),
        captures::captured_at.eq(new.captured_at),
        captures::received_at.eq(tx.now),
        captures::version.eq(1i64),
        captures::seq.eq(row.seq),
        captures::leaf.eq(&row.leaf),
        captures::body.eq(&row.body),
    );
    both!(&mut *tx.conn, |c| diesel::insert_into(captures::table)
        .values(values)
        .execute(c))?;
    Ok(row)
}

fn insert_files(tx: &mut Tx<'_>, capture: &str, arrived: &[Arrived]) -> Result<()> {
    for (n, file) in (0i64..).zip(arrived) {
        if file.entry.withheld.is_none() {
            insert_file(tx, file)?;
        }
        let row = (
            capture_files::capture_id.eq(capture),
            capture_files::n.eq(n),
            capture_files::sha256.eq(file.entry.sha256.as_bytes().to_vec()),
            capture_files::withheld.eq(file.entry.withheld.is_some()),
        );
        both!(&mut *tx.conn, |c| diesel::insert_into(capture_files::table)
            .values(row)
            .execute(c))?;
    }
    Ok(())
}

/// The same bytes are kept once, whoever brought them first.
fn insert_file(tx: &mut Tx<'_>, file: &Arrived) -> Result<()> {
    let row = (
        files::sha256.eq(file.entry.sha256.as_bytes().to_vec()),
        files::size.eq(i64::try_from(file.entry.size).unwrap_or(i64::MAX)),
        files::crc32.eq(i64::from(file.crc32)),
        files::media_type.eq(file.entry.media_type.clone().unwrap_or_default()),
        files::state.eq("stored"),
        files::stored_at.eq(tx.now),
    );
    both!(&mut *tx.conn, |c| diesel::insert_into(files::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}
