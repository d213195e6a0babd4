//! The rows of people that follow from what was recorded of them.
//!
//! A secret is in no record. Its row is made with what the record binds of it: the digest of a password's hash, the hash
//! of a token; or with `UNBOUND`, where an earlier release bound nothing.

use diesel::prelude::*;
use serde::Deserialize;

use super::model::{Training, Unit};
use super::store::{self, UserRecord, UserRow};
use crate::clock::Timestamp;
use crate::db::AnyConn;
use crate::db::tables::users;
use crate::error::Result;
use crate::identity::{self, CredentialKind, PastCredential};
use crate::ledger::{Action, PastEvent};
use crate::proof::id::Digest;

/// Stands for a password of which no record says anything.
pub const UNBOUND: &str = "unbound";

/// Makes what follows from an event about people.
pub fn project(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    match past.action {
        Some(Action::UnitCreated | Action::UnitChanged) => store::save_unit(conn, &past.read::<Unit>()?, &past.leaf),
        Some(Action::TrainingRecorded | Action::TrainingEnded) => {
            store::save_training(conn, &past.read::<Training>()?, &past.leaf)
        }
        Some(Action::UserCreated) => created(conn, past),
        Some(
            Action::UserChanged
            | Action::UserDisabled
            | Action::UserEnabled
            | Action::UserLocked
            | Action::UserUnlocked
            | Action::PasswordReset,
        ) => changed(conn, past),
        Some(Action::PasswordChanged) => password_changed(conn, past),
        Some(Action::SessionOpened) => session_opened(conn, past),
        Some(Action::SessionRefused) => refused(conn, past),
        Some(Action::TokenIssued) => token_issued(conn, past),
        Some(Action::SessionClosed | Action::TokenRevoked) => identity::end(conn, &past.object_id, past.at).map(drop),
        _ => Ok(()),
    }
}

/// The row of a user, as its record says, beside what only the row before knows.
fn row_of(record: UserRecord, before: Option<UserRow>) -> Result<UserRow> {
    let known = before.as_ref().map(|row| (row.password_hash.clone(), row.must_change));
    let (hash, due) = known.unwrap_or((UNBOUND.to_owned(), true));
    Ok(UserRow {
        id: record.id,
        username: record.username,
        name: record.name,
        roles: serde_json::to_string(&record.roles)?,
        unit_id: record.unit_id,
        password_hash: record.password_sha256.map_or(hash, |bound| bound.to_string()),
        must_change: record.password_change_due.unwrap_or(due),
        failures: before.as_ref().map_or(0, |row| row.failures),
        failures_since: before.as_ref().map_or(0, |row| row.failures_since),
        locked: record.locked,
        disabled: record.disabled,
        version: record.version,
    })
}

fn created(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    store::insert_user(conn, &row_of(past.read()?, None)?, past.at, &past.leaf)
}

fn changed(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let before = store::user(conn, &past.object_id)?;
    let mut row = row_of(past.read()?, Some(before.clone()))?;
    let reset = past.action == Some(Action::PasswordReset);
    if reset && row.password_hash == before.password_hash {
        (row.password_hash, row.must_change) = (UNBOUND.to_owned(), true);
    }
    if row.disabled || reset || row.password_hash != before.password_hash {
        identity::end_all(conn, &row.id, "", past.at)?;
    }
    if !row.locked {
        row.failures = 0;
    }
    store::update_user(conn, &row, &past.leaf)
}

#[derive(Deserialize)]
struct PasswordRecord {
    password_sha256: Option<Digest>,
    /// The session that goes on; records of earlier releases do not name it.
    session: Option<String>,
}

fn password_changed(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let record: PasswordRecord = past.read()?;
    let hash = record
        .password_sha256
        .map_or(UNBOUND.to_owned(), |bound| bound.to_string());
    store::set_password(conn, &past.object_id, &hash)?;
    match record.session {
        Some(kept) => identity::end_all(conn, &past.object_id, &kept, past.at).map(drop),
        None => identity::end_perhaps(conn, &past.object_id, past.at),
    }
}

#[derive(Deserialize)]
struct SessionRecord {
    user_id: String,
    address: Option<String>,
}

fn session_opened(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let record: SessionRecord = past.read()?;
    store::forget_failures(conn, &record.user_id)?;
    identity::insert_past(
        conn,
        &PastCredential {
            kind: CredentialKind::Session,
            id: past.object_id.clone(),
            user: record.user_id,
            at: past.at,
            until: None,
            name: None,
            address: record.address,
            secret_hash: None,
        },
    )
}

#[derive(Deserialize)]
struct TokenRecord {
    user_id: String,
    until: Option<Timestamp>,
    name: Option<String>,
    token_sha256: Option<Digest>,
}

fn token_issued(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let record: TokenRecord = past.read()?;
    identity::insert_past(
        conn,
        &PastCredential {
            kind: CredentialKind::Token,
            id: past.object_id.clone(),
            user: record.user_id,
            at: past.at,
            until: record.until.map(|until| until.0),
            name: record.name,
            address: None,
            secret_hash: record.token_sha256,
        },
    )
}

#[derive(Deserialize)]
struct RefusedRecord {
    user_id: Option<String>,
}

fn refused(conn: &mut AnyConn, past: &PastEvent) -> Result<()> {
    let record: RefusedRecord = past.read()?;
    match record.user_id {
        Some(user) => store::count_failure(conn, &user, past.at).map(drop),
        None => Ok(()),
    }
}

/// Puts back into a projected row what no record holds: the password that the same user has in another database, if it
/// is the one that the records bind, or they bind none.
///
/// # Errors
/// The row of the user cannot be read or written.
pub fn bring_password(conn: &mut AnyConn, brought: &UserRow) -> Result<()> {
    let row = store::user(conn, &brought.id)?;
    let bound = row.password_hash == Digest::of(brought.password_hash.as_bytes()).to_string();
    if !bound && row.password_hash != UNBOUND {
        return Ok(());
    }
    let due = if bound { row.must_change } else { brought.must_change };
    diesel::update(users::table.find(&row.id))
        .set((
            users::password_hash.eq(&brought.password_hash),
            users::must_change.eq(due),
        ))
        .execute(conn)?;
    Ok(())
}
