//! Harmless retries: the answer that was given for a key is given again, for 24 hours.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::prelude::*;
use serde::Serialize;

use crate::clock::{DAY, Micros};
use crate::db::AnyConn;
use crate::db::tables::idempotency;
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::proof::id::Digest;

/// The key of a harmless retry as the client sent it, before the content is known.
#[derive(Debug, Clone)]
pub struct IdempotencyHeader {
    /// Method and path.
    pub route: String,
    /// What the client chose.
    pub key: String,
    /// Whether the answer is that of an earlier request.
    pub replayed: Replayed,
}

/// Whether a request was answered as one before it, shared by all who carry its key.
#[derive(Debug, Clone, Default)]
pub struct Replayed(Arc<AtomicBool>);

impl Replayed {
    /// Whether it was.
    pub fn is_told(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// A key that makes a retry harmless: same key and content, same answer, for 24 hours.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    header: IdempotencyHeader,
    /// Digest of the content.
    fingerprint: Digest,
}

impl IdempotencyHeader {
    /// For this content.
    pub fn of(self, fingerprint: Digest) -> IdempotencyKey {
        IdempotencyKey {
            header: self,
            fingerprint,
        }
    }
}

/// The answer that this caller got for this key, where the content is the same.
pub(super) fn known(
    conn: &mut AnyConn,
    caller: &Caller,
    repeat: Option<&IdempotencyKey>,
    now: Micros,
) -> Result<Option<String>> {
    let Some(repeat) = repeat else { return Ok(None) };
    let IdempotencyHeader { route, key, replayed } = &repeat.header;
    let row: Option<(Vec<u8>, String, i64)> = idempotency::table
        .find((&caller.user, route, key))
        .select((idempotency::fingerprint, idempotency::answer, idempotency::created_at))
        .first(conn)
        .optional()?;
    match row {
        Some((_, _, at)) if at < now - DAY => {
            diesel::delete(idempotency::table.find((&caller.user, route, key))).execute(conn)?;
            Ok(None)
        }
        Some((print, answer, _)) if print == repeat.fingerprint.as_bytes() => {
            replayed.0.store(true, Ordering::SeqCst);
            Ok(Some(answer))
        }
        Some(_) => Err(conflict(
            "same_content",
            "was used for other content in the last 24 hours: choose another key",
        )),
        None => Ok(None),
    }
}

/// The remembered answer was written by another version of the program, which wrote answers differently.
pub(super) fn answered_by_another_version() -> Error {
    conflict(
        "same_version",
        "was answered before the server was updated, and what it asked for was done: look for the result, and choose another key for anything new",
    )
}

fn conflict(rule: &str, message: &str) -> Error {
    Error {
        code: "idempotency-conflict",
        ..Error::field("Idempotency-Key", rule, message)
    }
}

/// Remembers an answer for the key that the client chose.
pub(super) fn remember<T: Serialize>(
    conn: &mut AnyConn,
    caller: &Caller,
    repeat: Option<&IdempotencyKey>,
    answer: &T,
    now: Micros,
) -> Result<()> {
    let Some(repeat) = repeat else { return Ok(()) };
    let kept = diesel::insert_into(idempotency::table)
        .values((
            idempotency::user_id.eq(&caller.user),
            idempotency::route.eq(&repeat.header.route),
            idempotency::key.eq(&repeat.header.key),
            idempotency::fingerprint.eq(repeat.fingerprint.as_bytes().to_vec()),
            idempotency::answer.eq(serde_json::to_string(answer)?),
            idempotency::created_at.eq(now),
        ))
        .execute(conn);
    match kept.map_err(Error::from) {
        Ok(_) => Ok(()),
        // A twin committed first in another transaction; run again, and find its answer.
        Err(e) if e.code == "taken" => Err(crate::db::collided()),
        Err(e) => Err(e),
    }
}
