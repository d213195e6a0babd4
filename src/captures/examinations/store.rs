//! Queries over examinations, which lie among what is said about a capture.

use std::collections::BTreeSet;

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::captures::model::{CaptureState, Examination, ExaminationWish, Remark, Remarks};
use crate::captures::store::{RemarkKind, remarks_of};
use crate::db::AnyConn;
use crate::db::tables::{capture_entries, capture_files, captures, cases, events, jobs};
use crate::error::Result;
use crate::jobs::JobState;
use crate::ledger::Action;
use crate::policy::CaseStatus;

/// The job that examines a capture, by its id.
pub const TO_EXAMINE: &str = "examination";

/// The ids of captures that can be examined: those with files, of cases that are not closed, and not kept from use.
macro_rules! examinable {
    () => {{
        let files = capture_files::table.filter(capture_files::capture_id.eq(captures::id));
        let cases = cases::table
            .filter(cases::status.ne(CaseStatus::Closed.as_str()))
            .select(cases::id);
        captures::table
            .filter(captures::state.ne(CaptureState::Quarantined.as_str()))
            .filter(captures::case_id.eq_any(cases))
            .filter(exists(files))
            .select(captures::id)
    }};
}

/// Those of them that nobody has examined.
macro_rules! wanted {
    () => {{
        let examined = capture_entries::table.filter(
            capture_entries::capture_id
                .eq(captures::id)
                .and(capture_entries::kind.eq(RemarkKind::Examination.as_str())),
        );
        examinable!().filter(not(exists(examined)))
    }};
}

/// The action of the newest event about a capture among these, and the body of what it recorded. The ledger says which is newest:
/// times may be the same.
fn newest(conn: &mut AnyConn, capture: &str, among: &[Action]) -> Result<Option<(String, String)>> {
    let words: Vec<&str> = among.iter().map(|action| action.as_str()).collect();
    let event: Option<(String, Vec<u8>)> = events::table
        .filter(events::object.eq(capture).and(events::action.eq_any(words)))
        .order(events::seq.desc())
        .select((events::action, events::leaf))
        .first(conn)
        .optional()?;
    let Some((action, leaf)) = event else { return Ok(None) };
    let of_it = capture_entries::capture_id.eq(capture);
    let body: String = capture_entries::table
        .filter(of_it.and(capture_entries::leaf.eq(leaf)))
        .select(capture_entries::body)
        .first(conn)?;
    Ok(Some((action, body)))
}

/// The last examination of a capture.
pub fn last(conn: &mut AnyConn, capture: &str) -> Result<Option<Examination>> {
    let last = newest(conn, capture, &[Action::CaptureExamined])?;
    Ok(last.map(|(_, body)| serde_json::from_str(&body)).transpose()?)
}

/// What was said about a capture, with its last examination, which is long: for one who looks at one capture.
pub fn with_remarks(conn: &mut AnyConn, id: &str) -> Result<Remarks> {
    // The request first: where another examination is made between the two, it is told with its request, and no older one
    // without it.
    let examination_request = asked(conn, id)?;
    Ok(Remarks {
        examination: last(conn, id)?,
        examination_request,
        ..remarks_of(conn, id)?
    })
}

/// That somebody asked for another examination, if none was made since.
pub fn asked(conn: &mut AnyConn, capture: &str) -> Result<Option<Remark<ExaminationWish>>> {
    let requested = Action::CaptureExaminationRequested;
    let last = newest(conn, capture, &[Action::CaptureExamined, requested])?;
    let request = last.filter(|(action, _)| action == requested.as_str());
    Ok(request.map(|(_, body)| serde_json::from_str(&body)).transpose()?)
}

/// Whether a capture is still to be examined: nobody has, or somebody asked for it since; it is not kept from use, and its case
/// takes what is written.
pub fn is_wanted(conn: &mut AnyConn, id: &str) -> Result<bool> {
    let wanted: Option<String> = wanted!().filter(captures::id.eq(id)).first(conn).optional()?;
    if wanted.is_some() {
        return Ok(true);
    }
    let can: Option<String> = examinable!().filter(captures::id.eq(id)).first(conn).optional()?;
    Ok(can.is_some() && asked(conn, id)?.is_some())
}

/// The next captures, by id, that nobody has examined, and no job is to.
pub fn unexamined(conn: &mut AnyConn, after: &str, limit: i64) -> Result<Vec<String>> {
    let open = [JobState::Waiting.as_str(), JobState::Running.as_str()];
    let ordered = jobs::table.filter(
        jobs::kind
            .eq(TO_EXAMINE)
            .and(jobs::object.eq(captures::id))
            .and(jobs::state.eq_any(open)),
    );
    let next = wanted!().filter(captures::id.gt(after.to_owned()));
    let next = next.filter(not(exists(ordered)));
    Ok(next.order(captures::id).limit(limit).load(conn)?)
}

/// The captures of which another examination was asked for, and not made: a job that found no room on the disk left them.
pub fn unanswered(conn: &mut AnyConn) -> Result<Vec<String>> {
    let requests = capture_entries::kind.eq(RemarkKind::ExaminationRequest.as_str());
    let of: Vec<String> = capture_entries::table
        .filter(requests)
        .select(capture_entries::capture_id)
        .load(conn)?;
    let mut waiting = Vec::new();
    for id in of.into_iter().collect::<BTreeSet<_>>() {
        if is_wanted(conn, &id)? {
            waiting.push(id);
        }
    }
    Ok(waiting)
}
