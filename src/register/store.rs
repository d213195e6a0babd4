//! Queries over the register and the errors reported in it.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{RegisterEntry, RegisterError, RegisterErrorState};
use crate::authorizations::Authorization;
use crate::cases::{Overseen, visible};
use crate::clock::Micros;
use crate::db::tables::{authorizations, cases, register_errors};
use crate::db::{self, AnyConn, canonical};
use crate::error::{Error, Result};
use crate::proof::id::Digest;

/// Keeps a version of a report that an event with this leaf recorded. The first makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, error: &RegisterError, leaf: &Digest) -> Result<()> {
    let row = (
        register_errors::authorization_id.eq(&error.authorization_id),
        register_errors::case_id.eq(&error.case_id),
        register_errors::state.eq(error.state.as_str()),
        register_errors::version.eq(error.version),
        register_errors::leaf.eq(leaf.as_bytes().to_vec()),
        register_errors::body.eq(canonical(error)?),
    );
    if error.version > 1 {
        diesel::update(register_errors::table.find(&error.id))
            .set(row)
            .execute(conn)?;
    } else {
        diesel::insert_into(register_errors::table)
            .values((register_errors::id.eq(&error.id), row))
            .execute(conn)?;
    }
    Ok(())
}

/// What a page of the register is asked for.
#[derive(Debug, Clone)]
pub struct RegisterSearch {
    /// After this entry: its number and its id.
    pub after: Option<(i64, String)>,
    /// Only this authorization's.
    pub id: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// Entries over the cases that somebody oversees, the largest number first.
pub fn list(
    conn: &mut AnyConn,
    overseen: &Overseen,
    search: &RegisterSearch,
    now: Micros,
) -> Result<Vec<RegisterEntry>> {
    let mut query = authorizations::table
        .inner_join(cases::table.on(cases::id.eq(authorizations::case_id)))
        .order((authorizations::register_number.desc(), authorizations::id.desc()))
        .limit(search.limit as i64)
        .select((authorizations::body, cases::number))
        .into_boxed();
    if let Some((number, id)) = &search.after {
        let later = authorizations::register_number
            .eq(number)
            .and(authorizations::id.lt(id));
        query = query.filter(authorizations::register_number.lt(number).or(later));
    }
    if let Some(id) = &search.id {
        query = query.filter(authorizations::id.eq(id));
    }
    if let Overseen::Readable(sees) = overseen {
        query = query.filter(visible(sees));
    }
    let rows: Vec<(String, String)> = query.load(conn)?;
    let read = |(body, case_number): (String, String)| {
        let asked: Authorization = serde_json::from_str(&body)?;
        Ok(RegisterEntry::of(&asked, case_number, now))
    };
    let mut entries = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    count_errors(conn, &mut entries)?;
    Ok(entries)
}

/// Counts the errors reported in the entries of a page, in one query.
fn count_errors(conn: &mut AnyConn, entries: &mut [RegisterEntry]) -> Result<()> {
    let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    let rows: Vec<(String, String, i64)> = register_errors::table
        .filter(register_errors::authorization_id.eq_any(ids))
        .group_by((register_errors::authorization_id, register_errors::state))
        .select((
            register_errors::authorization_id,
            register_errors::state,
            diesel::dsl::count_star(),
        ))
        .load(conn)?;
    let mut counted: HashMap<String, (i64, i64)> = HashMap::new();
    for (id, state, number) in rows {
        let (open, all) = counted.entry(id).or_default();
        *all += number;
        if state == RegisterErrorState::Reported.as_str() {
            *open += number;
        }
    }
    for entry in entries {
        (entry.open_errors, entry.errors) = counted.get(&entry.id).copied().unwrap_or_default();
    }
    Ok(())
}

/// The entry of an authorization, for a caller who may read it.
pub fn entry(conn: &mut AnyConn, id: &str, now: Micros) -> Result<RegisterEntry> {
    let search = RegisterSearch {
        after: None,
        id: Some(id.to_owned()),
        limit: 1,
    };
    let found = list(conn, &Overseen::AsIdentifiers, &search, now)?.pop();
    found.ok_or_else(Error::not_found)
}

/// Errors reported in an entry, the newest first.
pub fn errors_of(
    conn: &mut AnyConn,
    authorization: &str,
    before: Option<&str>,
    limit: usize,
) -> Result<Vec<RegisterError>> {
    let earlier = register_errors::id.lt(before.unwrap_or("~"));
    let found = register_errors::table
        .filter(register_errors::authorization_id.eq(authorization).and(earlier))
        .order(register_errors::id.desc())
        .limit(limit as i64);
    db::records(conn, found.select(register_errors::body))
}

/// A report about an entry.
pub fn error(conn: &mut AnyConn, authorization: &str, id: &str) -> Result<RegisterError> {
    let found = register_errors::table
        .find(id)
        .filter(register_errors::authorization_id.eq(authorization));
    db::record(conn, found.select(register_errors::body))
}
