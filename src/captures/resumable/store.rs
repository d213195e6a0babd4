//! Queries over uploads that come in several requests. The table is operational: nothing of it is evidence yet.

use diesel::prelude::*;

use crate::blobs::{Hashed, WholeUpload};
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::uploads;
use crate::error::{Error, Result};
use crate::proof::id::Digest;

/// An upload as it stands.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = uploads)]
pub struct UploadRow {
    pub id: String,
    pub user_id: String,
    pub case_id: String,
    /// What its sender calls the file.
    pub name: String,
    pub declared_type: Option<String>,
    pub declared_sha256: Option<Vec<u8>>,
    pub size: i64,
    /// Bytes that are on the disk for certain.
    pub received: i64,
    /// What the bytes are, once all have come.
    pub sha256: Option<Vec<u8>>,
    pub crc32: Option<i64>,
    pub media_type: Option<String>,
    /// Whether a capture names it.
    pub used: bool,
    pub created_at: Micros,
}

impl UploadRow {
    /// What the bytes are and what they say they are, once all have come.
    pub fn whole(&self) -> Option<(Hashed, String)> {
        let hashed = Hashed {
            sha256: Digest::from_slice(self.sha256.as_deref()?)?,
            crc32: u32::try_from(self.crc32?).ok()?,
            size: self.length(),
        };
        Some((hashed, self.media_type.clone()?))
    }

    /// How many bytes it has in all.
    pub fn length(&self) -> u64 {
        u64::try_from(self.size).unwrap_or_default()
    }

    /// How many have come.
    pub fn offset(&self) -> u64 {
        u64::try_from(self.received).unwrap_or_default()
    }
}

/// Keeps a new one.
pub fn insert(conn: &mut AnyConn, row: &UploadRow) -> Result<()> {
    diesel::insert_into(uploads::table)
        .values((
            uploads::id.eq(&row.id),
            uploads::user_id.eq(&row.user_id),
            uploads::case_id.eq(&row.case_id),
            uploads::name.eq(&row.name),
            uploads::declared_type.eq(&row.declared_type),
            uploads::declared_sha256.eq(&row.declared_sha256),
            uploads::size.eq(row.size),
            uploads::received.eq(row.received),
            uploads::used.eq(row.used),
            uploads::created_at.eq(row.created_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// A person's own upload by id; anybody else's does not exist for them.
pub fn own(conn: &mut AnyConn, user: &str, id: &str) -> Result<UploadRow> {
    let found = uploads::table.find(id).filter(uploads::user_id.eq(user));
    let row = found.select(UploadRow::as_select()).first(conn).optional()?;
    row.ok_or_else(Error::not_found)
}

/// Those of some uploads that are a person's own.
pub fn own_of(conn: &mut AnyConn, user: &str, ids: &[String]) -> Result<Vec<UploadRow>> {
    let own = uploads::user_id.eq(user).and(uploads::id.eq_any(ids.to_vec()));
    Ok(uploads::table.filter(own).select(UploadRow::as_select()).load(conn)?)
}

/// A person's own uploads to a case that no capture names yet, oldest first.
pub fn unused(conn: &mut AnyConn, user: &str, case: &str) -> Result<Vec<UploadRow>> {
    Ok(uploads::table
        .filter(uploads::user_id.eq(user).and(uploads::case_id.eq(case)))
        .filter(uploads::used.eq(false))
        .order((uploads::created_at, uploads::id))
        .limit(200)
        .select(UploadRow::as_select())
        .load(conn)?)
}

/// How many uploads of a person are not used yet.
pub fn count(conn: &mut AnyConn, user: &str) -> Result<i64> {
    let open = uploads::table.filter(uploads::user_id.eq(user).and(uploads::used.eq(false)));
    Ok(open.count().get_result(conn)?)
}

/// Notes how many bytes have come.
pub fn advance(conn: &mut AnyConn, id: &str, received: u64) -> Result<()> {
    let received = i64::try_from(received).unwrap_or(i64::MAX);
    let set = uploads::received.eq(received);
    only_one(diesel::update(uploads::table.find(id)).set(set).execute(conn)?)
}

/// Notes what the bytes are, when all have come.
pub fn finish(conn: &mut AnyConn, id: &str, whole: &WholeUpload) -> Result<()> {
    let set = (
        uploads::sha256.eq(Some(whole.hashed.sha256.as_bytes().to_vec())),
        uploads::crc32.eq(Some(i64::from(whole.hashed.crc32))),
        uploads::media_type.eq(Some(&*whole.media_type)),
        uploads::received.eq(uploads::size),
    );
    only_one(diesel::update(uploads::table.find(id)).set(set).execute(conn)?)
}

/// One that was removed meanwhile does not exist.
fn only_one(changed: usize) -> Result<()> {
    if changed == 1 { Ok(()) } else { Err(Error::not_found()) }
}

/// Notes that a capture names these.
pub fn mark_used(conn: &mut AnyConn, ids: &[String]) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let named = uploads::table.filter(uploads::id.eq_any(ids.to_vec()));
    diesel::update(named).set(uploads::used.eq(true)).execute(conn)?;
    Ok(())
}

/// Removes one.
pub fn remove(conn: &mut AnyConn, id: &str) -> Result<()> {
    diesel::delete(uploads::table.find(id)).execute(conn)?;
    Ok(())
}

/// Removes those that began before this time; how many of them no capture names.
pub fn remove_older(conn: &mut AnyConn, than: Micros) -> Result<i64> {
    let unused = uploads::table
        .filter(uploads::created_at.lt(than).and(uploads::used.eq(false)))
        .count()
        .get_result(conn)?;
    diesel::delete(uploads::table.filter(uploads::created_at.lt(than))).execute(conn)?;
    Ok(unused)
}

/// The ids of all uploads.
pub fn ids(conn: &mut AnyConn) -> Result<Vec<String>> {
    Ok(uploads::table.select(uploads::id).load(conn)?)
}
