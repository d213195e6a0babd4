//! Queries over examinations, which lie among what is said about a capture.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::captures::model::{CaptureState, Examination, Remarks};
use crate::captures::store::{RemarkKind, remarks_of};
use crate::db::AnyConn;
use crate::db::tables::{capture_entries, capture_files, captures, cases};
use crate::error::Result;
use crate::policy::CaseStatus;

/// The ids of captures that are to be examined: those with files that nobody has examined, of cases that are not closed, and not
/// kept from use.
macro_rules! wanted {
    () => {{
        let examined = capture_entries::table.filter(
            capture_entries::capture_id
                .eq(captures::id)
                .and(capture_entries::kind.eq(RemarkKind::Examination.as_str())),
        );
        let files = capture_files::table.filter(capture_files::capture_id.eq(captures::id));
        let cases = cases::table
            .filter(cases::status.ne(CaseStatus::Closed.as_str()))
            .select(cases::id);
        captures::table
            .filter(captures::state.ne(CaptureState::Quarantined.as_str()))
            .filter(captures::case_id.eq_any(cases))
            .filter(exists(files))
            .filter(not(exists(examined)))
            .select(captures::id)
    }};
}

/// The last examination of a capture.
pub fn last(conn: &mut AnyConn, capture: &str) -> Result<Option<Examination>> {
    let of_it = capture_entries::capture_id.eq(capture);
    let body: Option<String> = capture_entries::table
        .filter(of_it.and(capture_entries::kind.eq(RemarkKind::Examination.as_str())))
        .order(capture_entries::id.desc())
        .select(capture_entries::body)
        .first(conn)
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// What was said about a capture, with its last examination, which is long: for one who looks at one capture.
pub fn with_remarks(conn: &mut AnyConn, id: &str) -> Result<Remarks> {
    Ok(Remarks {
        examination: last(conn, id)?,
        ..remarks_of(conn, id)?
    })
}

/// Whether a capture is still to be examined: nobody has, it is not kept from use, and its case takes what is written.
pub fn is_wanted(conn: &mut AnyConn, id: &str) -> Result<bool> {
    let wanted: Option<String> = wanted!().filter(captures::id.eq(id)).first(conn).optional()?;
    Ok(wanted.is_some())
}

/// The next captures, by id, that are to be examined.
pub fn unexamined(conn: &mut AnyConn, after: &str, limit: i64) -> Result<Vec<String>> {
    let next = wanted!().filter(captures::id.gt(after.to_owned()));
    Ok(next.order(captures::id).limit(limit).load(conn)?)
}
