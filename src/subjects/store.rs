//! Queries over subjects and accounts.

use diesel::prelude::*;

use super::model::{Account, Subject};
use crate::db::tables::{accounts, subjects};
use crate::db::{AnyConn, canonical};
use crate::error::Result;
use crate::proof::id::Digest;

/// A subject's row: what follows from its record.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset)]
#[diesel(table_name = subjects)]
pub struct SubjectRow {
    id: String,
    case_id: String,
    version: i64,
    leaf: Vec<u8>,
    body: String,
}

impl SubjectRow {
    /// The row of a version that an event with this leaf recorded.
    pub fn of(subject: &Subject, leaf: &Digest) -> Result<Self> {
        Ok(Self {
            id: subject.id.clone(),
            case_id: subject.case_id.clone(),
            version: subject.version,
            leaf: leaf.as_bytes().to_vec(),
            body: canonical(subject)?,
        })
    }
}

/// An account's row: what follows from its record.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset)]
#[diesel(table_name = accounts)]
pub struct AccountRow {
    id: String,
    case_id: String,
    version: i64,
    leaf: Vec<u8>,
    body: String,
}

impl AccountRow {
    /// The row of a version that an event with this leaf recorded.
    pub fn of(account: &Account, leaf: &Digest) -> Result<Self> {
        Ok(Self {
            id: account.id.clone(),
            case_id: account.case_id.clone(),
            version: account.version,
            leaf: leaf.as_bytes().to_vec(),
            body: canonical(account)?,
        })
    }
}

/// Keeps a version's row: a new one for the first version, else in place of the one before.
pub fn save_subject(conn: &mut AnyConn, row: &SubjectRow) -> Result<()> {
    if row.version > 1 {
        diesel::update(subjects::table.find(&row.id)).set(row).execute(conn)?;
    } else {
        diesel::insert_into(subjects::table).values(row.clone()).execute(conn)?;
    }
    Ok(())
}

/// The same for an account.
pub fn save_account(conn: &mut AnyConn, row: &AccountRow) -> Result<()> {
    if row.version > 1 {
        diesel::update(accounts::table.find(&row.id)).set(row).execute(conn)?;
    } else {
        diesel::insert_into(accounts::table).values(row.clone()).execute(conn)?;
    }
    Ok(())
}

/// Subjects of a case.
pub fn subjects(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Subject>> {
    let bodies: Vec<String> = subjects::table
        .filter(
            subjects::case_id
                .eq(case)
                .and(subjects::id.gt(after.unwrap_or_default())),
        )
        .order(subjects::id)
        .limit(limit as i64)
        .select(subjects::body)
        .load(conn)?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

/// Accounts of a case.
pub fn accounts(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Account>> {
    let bodies: Vec<String> = accounts::table
        .filter(
            accounts::case_id
                .eq(case)
                .and(accounts::id.gt(after.unwrap_or_default())),
        )
        .order(accounts::id)
        .limit(limit as i64)
        .select(accounts::body)
        .load(conn)?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

/// A subject in its case.
pub fn subject(conn: &mut AnyConn, case: &str, id: &str) -> Result<Option<Subject>> {
    let body: Option<String> = subjects::table
        .find(id)
        .filter(subjects::case_id.eq(case))
        .select(subjects::body)
        .first(conn)
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}

/// An account in its case.
pub fn account(conn: &mut AnyConn, case: &str, id: &str) -> Result<Option<Account>> {
    let body: Option<String> = accounts::table
        .find(id)
        .filter(accounts::case_id.eq(case))
        .select(accounts::body)
        .first(conn)
        .optional()?;
    Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
}
