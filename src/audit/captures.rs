//! Captures: each row with the one event that recorded it, its present version, and its files.

use std::collections::HashMap;

use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;

use super::{Audit, PAGE};
use crate::error::Result;
use crate::ledger;
use crate::proof::Digest;
use crate::proof::event::Event;
use crate::proof::id::hex;

#[derive(QueryableByName)]
struct CaptureAuditRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    case_id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Text)]
    body: String,
    #[diesel(sql_type = Nullable<Binary>)]
    event: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    record: Option<String>,
}

const NEXT: &str = "SELECT c.id, c.case_id, c.seq, c.state, c.body, e.body AS event, r.body AS record FROM captures c \
    LEFT JOIN events e ON e.stream = 'case:' || c.case_id AND e.seq = c.seq AND e.leaf = c.leaf \
    LEFT JOIN records r ON r.stream = e.stream AND r.seq = e.seq AND r.leaf = e.leaf \
    WHERE c.id > $1 ORDER BY c.id LIMIT $2";

#[derive(QueryableByName)]
struct CaptureFileAuditRow {
    #[diesel(sql_type = Text)]
    capture_id: String,
    #[diesel(sql_type = Binary)]
    sha256: Vec<u8>,
    #[diesel(sql_type = Bool)]
    withheld: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    size: Option<i64>,
}

const FILES: &str = "SELECT cf.capture_id, cf.sha256, cf.withheld, f.size FROM capture_files cf \
    LEFT JOIN files f ON f.sha256 = cf.sha256 WHERE cf.capture_id > $1 AND cf.capture_id <= $2 ORDER BY cf.capture_id, cf.n";

/// What was said later that changes a capture's present version or state.
#[derive(QueryableByName)]
struct Later {
    #[diesel(sql_type = Text)]
    capture_id: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    record: String,
}

const LATER: &str = "SELECT en.capture_id, en.kind, r.body AS record FROM capture_entries en \
    JOIN events e ON e.object = en.capture_id AND e.stream LIKE 'case:%' AND e.leaf = en.leaf \
    JOIN records r ON r.stream = e.stream AND r.seq = e.seq AND r.leaf = e.leaf \
    WHERE en.capture_id > $1 AND en.capture_id <= $2 AND en.kind IN ('correction', 'review', 'decision') \
    ORDER BY en.capture_id, e.seq";

impl Audit<'_> {
    pub(super) fn captures(&mut self) -> Result<()> {
        let total = self.count("SELECT COUNT(*) AS n FROM captures")?;
        let mut from = String::new();
        loop {
            let rows: Vec<CaptureAuditRow> = sql_query(NEXT)
                .bind::<Text, _>(from.clone())
                .bind::<BigInt, _>(PAGE)
                .load(self.conn)?;
            let Some(last) = rows.last() else { break };
            let to = last.id.clone();
            let (mut files, mut later) = (self.files_of(&from, &to)?, self.later(&from, &to)?);
            for row in &rows {
                let (files, later) = (
                    files.remove(&row.id).unwrap_or_default(),
                    later.remove(&row.id).unwrap_or_default(),
                );
                self.capture(row, &files, &later);
            }
            from = to;
            (self.tell)("captures", self.report.counts.captures, total);
        }
        let mut without: Vec<String> = self.recorded.drain().collect();
        without.sort_unstable();
        for id in without {
            self.report.fault(
                "capture-event",
                format!("capture {id}"),
                "an event recorded it, but its row is gone",
            );
        }
        Ok(())
    }

    fn files_of(&mut self, from: &str, to: &str) -> Result<HashMap<String, Vec<CaptureFileAuditRow>>> {
        let rows: Vec<CaptureFileAuditRow> = sql_query(FILES)
            .bind::<Text, _>(from.to_owned())
            .bind::<Text, _>(to.to_owned())
            .load(self.conn)?;
        let mut files: HashMap<String, Vec<CaptureFileAuditRow>> = HashMap::new();
        for row in rows {
            files.entry(row.capture_id.clone()).or_default().push(row);
        }
        Ok(files)
    }

    fn capture(&mut self, row: &CaptureAuditRow, files: &[CaptureFileAuditRow], later: &[Later]) {
        self.report.counts.captures += 1;
        let place = format!("capture {}", row.id);
        let event = row.event.as_deref().and_then(|bytes| Event::parse(bytes).ok());
        let known = self.recorded.remove(&row.id);
        match event {
            Some(event) if known && recorded_here(row, &event) => self.bound_files(&place, &event, files),
            _ if !known => self.report.fault(
                "capture-event",
                &place,
                "no event recorded it: its row was put in from outside",
            ),
            _ => self.report.fault(
                "capture-event",
                &place,
                "its row names another event than the one that recorded it",
            ),
        }
        for file in files.iter().filter(|f| !f.withheld && f.size.is_none()) {
            self.report.fault(
                "file-row",
                &place,
                format!("its file {} has no row in the list of files", hex(&file.sha256)),
            );
        }
        // A correction makes the present version; without one, what was recorded is it.
        let correction = later.iter().rfind(|l| l.kind == "correction").map(|l| &l.record);
        match correction.or(row.record.as_ref()) {
            None => self.report.fault(
                "row-event",
                &place,
                "no event of it has the leaf that it names and a record",
            ),
            Some(record) if *record != row.body => self.report.fault(
                "row-body",
                &place,
                "its row says something else than the record of its event: the row was changed",
            ),
            Some(_) => {}
        }
        if state_of(row, later).is_some_and(|state| state != row.state) {
            let what = format!(
                "its row says it is {}, but no decision or review made it so: who may read it was changed",
                row.state
            );
            self.report.fault("row-columns", place, what);
        }
    }

    fn later(&mut self, from: &str, to: &str) -> Result<HashMap<String, Vec<Later>>> {
        let rows: Vec<Later> = sql_query(LATER)
            .bind::<Text, _>(from.to_owned())
            .bind::<Text, _>(to.to_owned())
            .load(self.conn)?;
        let mut later: HashMap<String, Vec<Later>> = HashMap::new();
        for row in rows {
            later.entry(row.capture_id.clone()).or_default().push(row);
        }
        Ok(later)
    }

    /// The event binds digest and size of every file for ever.
    fn bound_files(&mut self, place: &str, event: &Event, rows: &[CaptureFileAuditRow]) {
        let empty = Vec::new();
        let bound = event.attest.get("files").and_then(Value::as_array).unwrap_or(&empty);
        if bound.len() != rows.len() {
            let what = format!("its event binds {} files, but {} are listed", bound.len(), rows.len());
            self.report.fault("capture-files", place, what);
            return;
        }
        for (n, (bound, row)) in bound.iter().zip(rows).enumerate() {
            let digest = bound
                .get("sha256")
                .and_then(Value::as_str)
                .and_then(|d| d.parse::<Digest>().ok());
            let size = bound.get("size").and_then(Value::as_i64);
            let same_bytes = digest.is_some() && digest == Digest::from_slice(&row.sha256);
            let same_size = row.withheld || row.size.is_none() || row.size == size;
            if !same_bytes || !same_size {
                self.report.fault(
                    "capture-files",
                    place,
                    format!(
                        "its file {} is listed with another digest or size than its event binds",
                        n + 1
                    ),
                );
            }
        }
    }
}

/// The state that a capture was recorded in, or that the last decision or review gave it; `None` where records don't say.
fn state_of(row: &CaptureAuditRow, later: &[Later]) -> Option<String> {
    let field = |record: &str, name: &str| {
        serde_json::from_str::<Value>(record)
            .ok()?
            .get(name)?
            .as_str()
            .map(str::to_owned)
    };
    let decided = later.iter().rfind(|l| l.kind != "correction");
    match decided {
        None => field(row.record.as_deref()?, "state"),
        Some(l) if l.kind == "review" => {
            let accurate = field(&l.record, "outcome")? == "accurate";
            Some(if accurate { "reviewed" } else { "logged" }.to_owned())
        }
        Some(l) => field(&l.record, "state"),
    }
}

fn recorded_here(row: &CaptureAuditRow, event: &Event) -> bool {
    event.action == "capture.recorded"
        && event.object.id == row.id
        && event.stream == ledger::case_stream(&row.case_id)
        && i64::try_from(event.seq) == Ok(row.seq)
}
