//! Queries over reports of misuse. None of them finds a report for an auditor whom it names.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::model::MisuseRecord;
use crate::db::tables::{misuse_named, misuse_reports, users};
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::identity::Caller;
use crate::policy::Role;
use crate::proof::id::Digest;

/// Keeps a version that an event with this leaf recorded. The first makes the row and tells whom it names, a later one
/// replaces the row; whom it names never changes.
pub fn save(conn: &mut AnyConn, report: &MisuseRecord, leaf: &Digest) -> Result<()> {
    let row = (
        misuse_reports::reporter_id.eq(&report.reporter.id),
        misuse_reports::state.eq(report.state.as_str()),
        misuse_reports::version.eq(report.version),
        misuse_reports::leaf.eq(leaf.as_bytes().to_vec()),
        misuse_reports::body.eq(canonical(report)?),
    );
    if report.version > 1 {
        diesel::update(misuse_reports::table.find(&report.id))
            .set(row)
            .execute(conn)?;
        return Ok(());
    }
    diesel::insert_into(misuse_reports::table)
        .values((misuse_reports::id.eq(&report.id), row))
        .execute(conn)?;
    for person in &report.names {
        diesel::insert_into(misuse_named::table)
            .values((
                misuse_named::report_id.eq(&report.id),
                misuse_named::user_id.eq(&person.id),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Whose reports somebody sees: their own, and an auditor those that do not name them.
struct SeenBy {
    reporter: String,
    auditor: String,
}

impl SeenBy {
    fn of(caller: &Caller) -> Self {
        Self {
            reporter: caller.user.clone(),
            auditor: match caller.is(Role::Auditor) {
                true => caller.user.clone(),
                false => String::new(),
            },
        }
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn seen(by: &SeenBy) -> _ {
    let reporter: &str = by.reporter.as_str();
    let auditor: &str = by.auditor.as_str();
    let named = misuse_named::table
        .filter(misuse_named::report_id.eq(misuse_reports::id))
        .filter(misuse_named::user_id.eq(auditor));
    // No user's id is empty, so that an empty one is no auditor.
    let audits = users::table
        .filter(users::id.eq(auditor))
        .filter(users::disabled.eq(false));
    misuse_reports::reporter_id
        .eq(reporter)
        .or(exists(audits).and(not(exists(named))))
}

/// Reports that a caller sees, the newest first.
pub fn list(conn: &mut AnyConn, caller: &Caller, before: Option<&str>, limit: usize) -> Result<Vec<MisuseRecord>> {
    let by = SeenBy::of(caller);
    let found = misuse_reports::table
        .filter(seen(&by))
        // "~" sorts after every id.
        .filter(misuse_reports::id.lt(before.unwrap_or("~")))
        .order(misuse_reports::id.desc())
        .limit(limit as i64);
    db::records(conn, found.select(misuse_reports::body))
}

/// A report that a caller sees; one that names them is not found, like one that does not exist.
pub fn get(conn: &mut AnyConn, caller: &Caller, id: &str) -> Result<MisuseRecord> {
    let by = SeenBy::of(caller);
    let found = misuse_reports::table
        .filter(misuse_reports::id.eq(id))
        .filter(seen(&by));
    db::record(conn, found.select(misuse_reports::body))
}

/// Whether there is an auditor beside these people who could examine a report.
pub fn has_examiner(conn: &mut AnyConn, but: &[String]) -> Result<bool> {
    let auditors = users::table
        .filter(users::disabled.eq(false))
        .filter(users::roles.like("%\"auditor\"%"))
        .filter(users::id.ne_all(but.to_vec()));
    Ok(diesel::select(exists(auditors)).get_result(conn)?)
}
