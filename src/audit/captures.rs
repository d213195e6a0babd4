//! Captures: each row with the one event that recorded it, its present version, and its files.

use std::collections::HashMap;

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde_json::Value;

use super::{Audit, PAGE, ROW_BODY};
use crate::db::AnyConn;
use crate::db::tables::{capture_entries, capture_files, captures};
use crate::error::Result;
use crate::ledger;
use crate::proof::Digest;
use crate::proof::event::Event;
use crate::proof::id::hex;

#[derive(QueryableByName)]
#[diesel(table_name = captures)]
struct CaptureAuditRow {
    id: String,
    case_id: String,
    seq: i64,
    state: String,
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
#[diesel(table_name = capture_files)]
struct CaptureFileAuditRow {
    capture_id: String,
    sha256: Vec<u8>,
    withheld: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    size: Option<i64>,
}

const FILES: &str = "SELECT cf.capture_id, cf.sha256, cf.withheld, f.size FROM capture_files cf \
    LEFT JOIN files f ON f.sha256 = cf.sha256 WHERE cf.capture_id > $1 AND cf.capture_id <= $2 ORDER BY cf.capture_id, cf.n";

/// What was said later that changes a capture's present version or state.
#[derive(QueryableByName)]
#[diesel(table_name = capture_entries)]
struct Later {
    capture_id: String,
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
        let total = self.count("SELECT COUNT(*) FROM captures")?;
        let mut from = String::new();
        loop {
            let rows: Vec<CaptureAuditRow> = sql_query(NEXT)
                .bind::<Text, _>(from.clone())
                .bind::<BigInt, _>(PAGE)
                .load(self.conn)?;
            let Some(last) = rows.last() else { break };
            let to = last.id.clone();
            let mut files = self.by_capture(FILES, (&from, &to), |row: &CaptureFileAuditRow| &row.capture_id)?;
            let mut later = self.by_capture(LATER, (&from, &to), |row: &Later| &row.capture_id)?;
            for row in &rows {
                let files = files.remove(&row.id).unwrap_or_default();
                self.capture(row, &files, &later.remove(&row.id).unwrap_or_default());
            }
            from = to;
            (self.tell)("captures", self.report.counts.captures, total)?;
        }
        let mut without: Vec<String> = self.recorded.drain().collect();
        without.sort_unstable();
        for id in without {
            let what = "an event recorded it, but its row is gone";
            self.report.fault("capture-event", format!("capture {id}"), what);
        }
        Ok(())
    }

    /// Reads what hangs on the captures of a page.
    fn by_capture<R>(
        &mut self,
        query: &str,
        page: (&str, &str),
        id: fn(&R) -> &String,
    ) -> Result<HashMap<String, Vec<R>>>
    where
        R: QueryableByName<<AnyConn as diesel::Connection>::Backend> + 'static,
    {
        let query = sql_query(query).bind::<Text, _>(page.0).bind::<Text, _>(page.1);
        let mut found: HashMap<String, Vec<R>> = HashMap::new();
        for row in query.load(self.conn)? {
            found.entry(id(&row).clone()).or_default().push(row);
        }
        Ok(found)
    }

    fn capture(&mut self, row: &CaptureAuditRow, files: &[CaptureFileAuditRow], later: &[Later]) {
        self.report.counts.captures += 1;
        let place = format!("capture {}", row.id);
        let event = row.event.as_deref().and_then(|bytes| Event::parse(bytes).ok());
        let known = self.recorded.remove(&row.id);
        match event {
            _ if !known => {
                let what = "no event recorded it: its row was put in from outside";
                self.report.fault("capture-event", &place, what);
            }
            Some(event) if recorded_here(row, &event) => self.bound_files(&place, &event, files),
            _ => {
                let what = "its row names another event than the one that recorded it";
                self.report.fault("capture-event", &place, what);
            }
        }
        for file in files.iter().filter(|f| !f.withheld && f.size.is_none()) {
            let what = format!("its file {} has no row in the list of files", hex(&file.sha256));
            self.report.fault("file-row", &place, what);
        }
        // A correction makes the present version; without one, what was recorded is it.
        let correction = later.iter().rfind(|l| l.kind == "correction").map(|l| &l.record);
        match correction.or(row.record.as_ref()) {
            None => {
                let what = "no event of it has the leaf that it names and a record";
                self.report.fault("row-event", &place, what);
            }
            Some(record) if *record != row.body => self.report.fault("row-body", &place, ROW_BODY),
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

    /// The event binds digest and size of every file for ever.
    fn bound_files(&mut self, place: &str, event: &Event, rows: &[CaptureFileAuditRow]) {
        let bound = event.attest.get("files").and_then(Value::as_array);
        let bound = bound.map_or(&[][..], Vec::as_slice);
        if bound.len() != rows.len() {
            let what = format!("its event binds {} files, but {} are listed", bound.len(), rows.len());
            self.report.fault("capture-files", place, what);
            return;
        }
        for (n, (bound, row)) in bound.iter().zip(rows).enumerate() {
            let digest = bound["sha256"].as_str().and_then(|d| d.parse::<Digest>().ok());
            let size = bound["size"].as_i64();
            let same_bytes = digest.is_some() && digest == Digest::from_slice(&row.sha256);
            let same_size = row.withheld || row.size.is_none() || row.size == size;
            if !same_bytes || !same_size {
                let n = n + 1;
                let what = format!("its file {n} is listed with another digest or size than its event binds");
                self.report.fault("capture-files", place, what);
            }
        }
    }
}

/// The state that a capture was recorded in, or that the last decision or review gave it; `None` where records don't say.
fn state_of(row: &CaptureAuditRow, later: &[Later]) -> Option<String> {
    let field = |record: &str, name: &str| {
        let record: Value = serde_json::from_str(record).ok()?;
        record[name].as_str().map(str::to_owned)
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
