//! Queries over derivatives.

use diesel::prelude::*;
use serde_json::Value;

use super::model::{Derivative, DerivativeKind, DerivedFile};
use crate::captures::arrival::Arrived;
use crate::captures::store as captures;
use crate::clock::Micros;
use crate::db::tables::derivatives;
use crate::db::{self, AnyConn, canonical};
use crate::error::{Error, Result};
use crate::proof::id::Digest;

/// Keeps a derivative that was just recorded, and the row of its file. `crc32` follows from the file's bytes.
pub fn insert(conn: &mut AnyConn, made: &Derivative, (leaf, crc32, now): (&Digest, u32, Micros)) -> Result<()> {
    if let Some(entry) = made.file.as_ref().map(DerivedFile::entry) {
        let arrived = Arrived {
            entry,
            crc32,
            cut_off: false,
        };
        captures::insert_file(conn, &arrived, now)?;
    }
    diesel::insert_into(derivatives::table)
        .values((
            derivatives::id.eq(&made.id),
            derivatives::case_id.eq(&made.case_id),
            derivatives::capture_id.eq(&made.capture.id),
            derivatives::sha256.eq(made.file.as_ref().map(|file| file.sha256.as_bytes().to_vec())),
            derivatives::leaf.eq(leaf.as_bytes().to_vec()),
            derivatives::body.eq(canonical(made)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// A derivative by id.
pub fn derivative(conn: &mut AnyConn, id: &str) -> Result<Derivative> {
    db::record(conn, derivatives::table.find(id).select(derivatives::body))
}

/// The derivatives of a capture, oldest first.
pub fn of_capture(conn: &mut AnyConn, capture: &str) -> Result<Vec<Derivative>> {
    let found = derivatives::table.filter(derivatives::capture_id.eq(capture));
    db::records(conn, found.order(derivatives::id).select(derivatives::body))
}

/// The derivatives of a case, those of one capture together.
pub fn of_case(conn: &mut AnyConn, case: &str) -> Result<Vec<Derivative>> {
    let found = derivatives::table.filter(derivatives::case_id.eq(case));
    let order = (derivatives::capture_id, derivatives::id);
    db::records(conn, found.order(order).select(derivatives::body))
}

/// Those of these derivatives that are of a case, with the leaf of each.
pub fn named(conn: &mut AnyConn, case: &str, ids: &[String]) -> Result<Vec<(Derivative, Digest)>> {
    let rows: Vec<(String, Vec<u8>)> = derivatives::table
        .filter(derivatives::case_id.eq(case).and(derivatives::id.eq_any(ids.to_vec())))
        .select((derivatives::body, derivatives::leaf))
        .load(conn)?;
    let read = |(body, leaf): (String, Vec<u8>)| {
        let leaf = Digest::from_slice(&leaf).ok_or_else(|| Error::internal("a stored digest is damaged"))?;
        Ok((serde_json::from_str(&body)?, leaf))
    };
    rows.into_iter().map(read).collect()
}

/// The records of those of these derivatives that are of a case, word for word, each with its id and the leaf of its event.
pub fn records(conn: &mut AnyConn, case: &str, ids: &[String]) -> Result<Vec<(String, (Value, Digest))>> {
    let rows: Vec<(String, String, Vec<u8>)> = derivatives::table
        .filter(derivatives::case_id.eq(case).and(derivatives::id.eq_any(ids.to_vec())))
        .select((derivatives::id, derivatives::body, derivatives::leaf))
        .load(conn)?;
    let read = |(id, body, leaf): (String, String, Vec<u8>)| {
        let leaf = Digest::from_slice(&leaf).ok_or_else(|| Error::internal("a stored digest is damaged"))?;
        Ok((id, (serde_json::from_str(&body)?, leaf)))
    };
    rows.into_iter().map(read).collect()
}

/// The standard duplicates of these captures, each with its record word for word and the leaf of its event, oldest first.
pub fn duplicates(conn: &mut AnyConn, captures: &[String]) -> Result<Vec<(Derivative, Value, Digest)>> {
    let rows: Vec<(String, Vec<u8>)> = derivatives::table
        .filter(derivatives::capture_id.eq_any(captures.to_vec()))
        .order(derivatives::id)
        .select((derivatives::body, derivatives::leaf))
        .load(conn)?;
    let read = |(body, leaf): (String, Vec<u8>)| {
        let leaf = Digest::from_slice(&leaf).ok_or_else(|| Error::internal("a stored digest is damaged"))?;
        Ok((serde_json::from_str(&body)?, serde_json::from_str(&body)?, leaf))
    };
    let all: Result<Vec<(Derivative, Value, Digest)>> = rows.into_iter().map(read).collect();
    Ok(all?
        .into_iter()
        .filter(|(made, ..)| made.kind == DerivativeKind::Duplicate)
        .collect())
}

/// The derivative of a capture whose file has this digest.
pub fn with_file(conn: &mut AnyConn, capture: &str, sha256: &Digest) -> Result<Option<Derivative>> {
    let of_it = derivatives::capture_id.eq(capture);
    let found: Option<String> = derivatives::table
        .filter(of_it.and(derivatives::sha256.eq(sha256.as_bytes().to_vec())))
        .select(derivatives::body)
        .first(conn)
        .optional()?;
    Ok(found.map(|body| serde_json::from_str(&body)).transpose()?)
}
