//! Queries over subjects and accounts: id and record.

use diesel::prelude::*;

use crate::db::AnyConn;
use crate::db::tables::{accounts, subjects};
use crate::error::Result;

/// Id and record.
pub type Row = (String, String);

/// Subjects of a case.
pub fn subjects(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>> {
    Ok(subjects::table
        .filter(
            subjects::case_id
                .eq(case)
                .and(subjects::id.gt(after.unwrap_or_default())),
        )
        .order(subjects::id)
        .limit(limit as i64)
        .select((subjects::id, subjects::body))
        .load(conn)?)
}

/// Accounts of a case.
pub fn accounts(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Row>> {
    Ok(accounts::table
        .filter(
            accounts::case_id
                .eq(case)
                .and(accounts::id.gt(after.unwrap_or_default())),
        )
        .order(accounts::id)
        .limit(limit as i64)
        .select((accounts::id, accounts::body))
        .load(conn)?)
}

/// A subject's record, in its case.
pub fn subject(conn: &mut AnyConn, case: &str, id: &str) -> Result<Option<String>> {
    Ok(subjects::table
        .find(id)
        .filter(subjects::case_id.eq(case))
        .select(subjects::body)
        .first(conn)
        .optional()?)
}

/// An account's record, in its case.
pub fn account(conn: &mut AnyConn, case: &str, id: &str) -> Result<Option<String>> {
    Ok(accounts::table
        .find(id)
        .filter(accounts::case_id.eq(case))
        .select(accounts::body)
        .first(conn)
        .optional()?)
}
