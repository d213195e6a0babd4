//! Queries over impeachment flags.

use diesel::prelude::*;

use super::model::{FlagState, ImpeachmentFlag};
use crate::db::tables::{captures, impeachment_flags};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::proof::id::Digest;

/// Flags that a list beside something else holds at the most.
const BESIDE: i64 = 50;

/// Keeps a version that an event with this leaf recorded. The first version makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, flag: &ImpeachmentFlag, leaf: &Digest) -> Result<()> {
    let row = (
        impeachment_flags::case_id.eq(&flag.case_id),
        impeachment_flags::capture_id.eq(flag.capture_id.as_ref()),
        impeachment_flags::state.eq(flag.state.as_str()),
        impeachment_flags::version.eq(flag.version),
        impeachment_flags::leaf.eq(leaf.as_bytes().to_vec()),
        impeachment_flags::body.eq(canonical(flag)?),
    );
    if flag.version > 1 {
        diesel::update(impeachment_flags::table.find(&flag.id))
            .set(row)
            .execute(conn)?;
    } else {
        diesel::insert_into(impeachment_flags::table)
            .values((impeachment_flags::id.eq(&flag.id), row))
            .execute(conn)?;
    }
    Ok(())
}

/// A flag of this case.
pub fn find(conn: &mut AnyConn, case: &str, id: &str) -> Result<ImpeachmentFlag> {
    let found = impeachment_flags::table
        .find(id)
        .filter(impeachment_flags::case_id.eq(case));
    db::record(conn, found.select(impeachment_flags::body))
}

/// Flags of a case, the newest first.
pub fn of_case(conn: &mut AnyConn, case: &str, before: Option<&str>, limit: usize) -> Result<Vec<ImpeachmentFlag>> {
    // "~" sorts after every id.
    let earlier = impeachment_flags::id.lt(before.unwrap_or("~"));
    let found = impeachment_flags::table.filter(impeachment_flags::case_id.eq(case).and(earlier));
    let order = found.order(impeachment_flags::id.desc()).limit(limit as i64);
    db::records(conn, order.select(impeachment_flags::body))
}

/// Flags of a case that no prosecutor has cleared, the newest first.
pub fn open_in_case(conn: &mut AnyConn, case: &str) -> Result<Vec<ImpeachmentFlag>> {
    let found = impeachment_flags::table
        .filter(impeachment_flags::case_id.eq(case))
        .filter(impeachment_flags::state.eq(FlagState::Raised.as_str()))
        .order(impeachment_flags::id.desc())
        .limit(BESIDE);
    db::records(conn, found.select(impeachment_flags::body))
}

/// Flags about a capture, the newest first.
pub fn of_capture(conn: &mut AnyConn, case: &str, capture: &str) -> Result<Vec<ImpeachmentFlag>> {
    let found = impeachment_flags::table
        .filter(impeachment_flags::case_id.eq(case))
        .filter(impeachment_flags::capture_id.eq(capture))
        .order(impeachment_flags::id.desc())
        .limit(BESIDE);
    db::records(conn, found.select(impeachment_flags::body))
}

/// The id of the item of this number, where the case has one.
pub fn capture_of_item(conn: &mut AnyConn, case: &str, item: i64) -> Result<Option<String>> {
    Ok(captures::table
        .filter(captures::case_id.eq(case).and(captures::item.eq(item)))
        .select(captures::id)
        .first(conn)
        .optional()?)
}
