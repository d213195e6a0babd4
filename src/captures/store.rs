//! Queries over captures, what was said about them, and their files.

use diesel::prelude::*;

use crate::db::AnyConn;
use crate::db::tables::{
    authorization_holders, authorizations, capture_entries, capture_files, captures, cases, files, grants, members,
};
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::policy::Role;
use crate::proof::id::Digest;

/// A capture's row.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = captures)]
pub struct CaptureRow {
    pub id: String,
    pub case_id: String,
    pub item: i64,
    pub kind: String,
    pub state: String,
    pub basis: String,
    pub capturer_id: String,
    pub open_question: bool,
    pub version: i64,
    pub seq: i64,
    pub leaf: Vec<u8>,
    pub body: String,
}

/// Something said about a capture.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = capture_entries)]
pub struct EntryRow {
    pub id: String,
    pub capture_id: String,
    pub kind: String,
    pub body: String,
}

/// A capture by id.
pub fn capture(conn: &mut AnyConn, id: &str) -> Result<CaptureRow> {
    let row = captures::table
        .find(id)
        .select(CaptureRow::as_select())
        .first(conn)
        .optional()?;
    row.ok_or_else(Error::not_found)
}

/// Captures of a case in the order of their items.
pub fn of_case(conn: &mut AnyConn, case: &str, after: i64, limit: usize) -> Result<Vec<CaptureRow>> {
    Ok(captures::table
        .filter(captures::case_id.eq(case).and(captures::item.gt(after)))
        .order(captures::item)
        .limit(limit as i64)
        .select(CaptureRow::as_select())
        .load(conn)?)
}

/// What was said about some captures, oldest first.
pub fn entries(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<EntryRow>> {
    Ok(capture_entries::table
        .filter(capture_entries::capture_id.eq_any(ids.to_vec()))
        .order((capture_entries::capture_id, capture_entries::id))
        .select(EntryRow::as_select())
        .load(conn)?)
}

/// What a list of captures to decide is asked for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    pub state: Option<String>,
    pub basis: Option<String>,
    pub before: Option<String>,
    pub limit: usize,
}

/// Captures over the cases whose captures a caller may decide, newest first; never those they made, nor those of an
/// authorization that they asked for or hold. The same answer as the policy's `CaptureDecide`.
pub fn to_decide(conn: &mut AnyConn, caller: &Caller, search: &Search, now: i64) -> Result<Vec<CaptureRow>> {
    if !caller.is(Role::Supervisor) {
        return Ok(Vec::new());
    }
    let mine = members::table
        .filter(members::user_id.eq(&caller.user).and(members::ended_at.is_null()))
        .select(members::case_id);
    let named = grants::table
        .filter(grants::user_id.eq(&caller.user).and(grants::can_decide.eq(true)))
        .filter(grants::ended_at.is_null().and(grants::until.gt(now)))
        .select(grants::case_id);
    let of_unit = cases::handling
        .eq("standard")
        .and(cases::unit_path.like(format!("{}%", caller.unit_path)));
    let decided = cases::table
        .filter(of_unit.or(cases::handling.ne("standard").and(cases::id.eq_any(named))))
        .filter(cases::lead_id.ne(&caller.user).and(cases::id.ne_all(mine)))
        .select(cases::id);
    let mut query = captures::table
        .filter(
            captures::case_id
                .eq_any(decided)
                .and(captures::capturer_id.ne(&caller.user)),
        )
        .order(captures::id.desc())
        .limit(search.limit as i64)
        .select(CaptureRow::as_select())
        .into_boxed();
    // The authorization that a capture rests on stands in its canonical record alone, and few supervisors have a part in any.
    for id in part_in(conn, &caller.user)? {
        query = query.filter(captures::body.not_like(format!("%\"basis\":{{\"id\":\"{id}\",%")));
    }
    if let Some(state) = &search.state {
        query = query.filter(captures::state.eq(state));
    }
    if let Some(basis) = &search.basis {
        query = query.filter(captures::basis.eq(basis));
    }
    if let Some(before) = &search.before {
        query = query.filter(captures::id.lt(before));
    }
    Ok(query.load(conn)?)
}

/// The authorizations in which a person has a part: those they asked for, and those they hold.
fn part_in(conn: &mut AnyConn, user: &str) -> Result<Vec<String>> {
    let held = authorization_holders::table
        .filter(authorization_holders::user_id.eq(user))
        .select(authorization_holders::authorization_id);
    Ok(authorizations::table
        .filter(
            authorizations::requester_id
                .eq(user)
                .or(authorizations::id.eq_any(held)),
        )
        .select(authorizations::id)
        .load(conn)?)
}

/// Those of some captures whose content is kept from readers.
pub fn closed(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<CaptureRow>> {
    Ok(captures::table
        .filter(
            captures::id
                .eq_any(ids.to_vec())
                .and(captures::state.eq_any(["held", "quarantined"])),
        )
        .select(CaptureRow::as_select())
        .load(conn)?)
}

/// A stored file of a capture: size, media type, and whether its bytes are withheld.
#[derive(Debug, Clone, Queryable)]
pub struct FileRow {
    pub sha256: Vec<u8>,
    pub withheld: bool,
    pub size: Option<i64>,
    pub media_type: Option<String>,
}

/// The files of a capture, in its order.
pub fn files_of(conn: &mut AnyConn, capture: &str) -> Result<Vec<FileRow>> {
    Ok(capture_files::table
        .left_join(files::table.on(files::sha256.eq(capture_files::sha256)))
        .filter(capture_files::capture_id.eq(capture))
        .order(capture_files::n)
        .select((
            capture_files::sha256,
            capture_files::withheld,
            files::size.nullable(),
            files::media_type.nullable(),
        ))
        .load(conn)?)
}

/// One file of a capture.
pub fn file_of(conn: &mut AnyConn, capture: &str, sha256: &Digest) -> Result<Option<FileRow>> {
    let all = files_of(conn, capture)?;
    Ok(all.into_iter().find(|f| f.sha256 == sha256.as_bytes()))
}
