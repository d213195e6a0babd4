//! The table of pictures: one row a file, once it is known whether it gives one.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::captures::model::Viewing;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{files, pictures, viewing};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::pictures::is_shown;
use crate::proof::id::Digest;
use crate::words;

words! {
    /// What became of a file's picture.
    PictureState {
        /// It was made. Its bytes may have been removed since.
        Made = "made",
        /// The file gives none.
        Failed = "failed",
        /// A program for it is not installed.
        Lacking = "lacking",
    }
}

/// What is known of a file's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureRow {
    pub state: PictureState,
    /// Why there is none, or the program that is not installed.
    pub reason: String,
    /// Pixels of the whole picture.
    pub width: i64,
    pub height: i64,
}

/// What became of a file's picture; `None` where nobody has tried.
pub fn of(conn: &mut AnyConn, sha256: &Digest) -> Result<Option<PictureRow>> {
    let row: Option<(String, String, i64, i64)> = pictures::table
        .find(sha256.as_bytes().to_vec())
        .select((pictures::state, pictures::reason, pictures::width, pictures::height))
        .first(conn)
        .optional()?;
    let Some((state, reason, width, height)) = row else {
        return Ok(None);
    };
    let state =
        PictureState::from_word(&state).ok_or_else(|| Error::internal(format!("a stored word is unknown: {state}")))?;
    Ok(Some(PictureRow {
        state,
        reason,
        width,
        height,
    }))
}

/// Keeps what became of a file's picture, over what was known before.
pub fn keep(conn: &mut AnyConn, sha256: &Digest, row: &PictureRow, now: Micros) -> Result<()> {
    forget(conn, sha256)?;
    diesel::insert_into(pictures::table)
        .values((
            pictures::sha256.eq(sha256.as_bytes().to_vec()),
            pictures::state.eq(row.state.as_str()),
            pictures::reason.eq(&row.reason),
            pictures::width.eq(row.width),
            pictures::height.eq(row.height),
            pictures::ended_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets what became of a file's picture, so that it is made again.
pub fn forget(conn: &mut AnyConn, sha256: &Digest) -> Result<()> {
    diesel::delete(pictures::table.find(sha256.as_bytes().to_vec())).execute(conn)?;
    Ok(())
}

/// How a person looks at graphic material.
pub fn viewing(conn: &mut AnyConn, user: &str) -> Result<Viewing> {
    let known = viewing::table
        .find(user)
        .select((viewing::blur, viewing::grey, viewing::mute))
        .first(conn)
        .optional()?;
    Ok(known.map_or_else(Viewing::default, |(blur, grey, mute)| Viewing { blur, grey, mute }))
}

/// Keeps how a person looks at graphic material.
pub fn keep_viewing(conn: &mut AnyConn, user: &str, wanted: Viewing) -> Result<()> {
    diesel::delete(viewing::table.find(user)).execute(conn)?;
    diesel::insert_into(viewing::table)
        .values((
            viewing::user_id.eq(user),
            viewing::blur.eq(wanted.blur),
            viewing::grey.eq(wanted.grey),
            viewing::mute.eq(wanted.mute),
        ))
        .execute(conn)?;
    Ok(())
}

/// Size and type of a stored file.
pub fn file(conn: &mut AnyConn, sha256: &Digest) -> Result<Option<(i64, String)>> {
    Ok(files::table
        .find(sha256.as_bytes().to_vec())
        .select((files::size, files::media_type))
        .first(conn)
        .optional()?)
}

/// Those of some files that give a picture by their type and have none yet.
pub fn wanting(conn: &mut AnyConn, asked: &[Digest]) -> Result<Vec<Digest>> {
    let asked: Vec<Vec<u8>> = asked.iter().map(|digest| digest.as_bytes().to_vec()).collect();
    let rows: Vec<(Vec<u8>, String)> = files::table
        .filter(files::sha256.eq_any(asked))
        .filter(diesel::dsl::not(exists(
            pictures::table.filter(pictures::sha256.eq(files::sha256)),
        )))
        .select((files::sha256, files::media_type))
        .load(conn)?;
    shown(rows)
}

/// The next files, by digest, that nobody has tried; with the last digest that was looked at, `None` at the end.
pub fn untried(conn: &mut AnyConn, after: &[u8], limit: usize) -> Result<(Vec<Digest>, Option<Vec<u8>>)> {
    let rows: Vec<(Vec<u8>, String)> = files::table
        .filter(files::sha256.gt(after.to_vec()))
        .filter(files::media_type.like("image/%").or(files::media_type.like("video/%")))
        .filter(diesel::dsl::not(exists(
            pictures::table.filter(pictures::sha256.eq(files::sha256)),
        )))
        .order(files::sha256)
        .limit(limit as i64)
        .select((files::sha256, files::media_type))
        .load(conn)?;
    let last = rows
        .last()
        .filter(|_| rows.len() == limit)
        .map(|(digest, _)| digest.clone());
    Ok((shown(rows)?, last))
}

/// The files without a picture for this reason.
pub fn without(conn: &mut AnyConn, state: PictureState, reason: &str) -> Result<Vec<Digest>> {
    let rows: Vec<Vec<u8>> = pictures::table
        .filter(pictures::state.eq(state.as_str()).and(pictures::reason.eq(reason)))
        .select(pictures::sha256)
        .load(conn)?;
    rows.iter().map(|bytes| digest(bytes)).collect()
}

fn shown(rows: Vec<(Vec<u8>, String)>) -> Result<Vec<Digest>> {
    let shown = rows.into_iter().filter(|(_, media_type)| is_shown(media_type));
    shown.map(|(bytes, _)| digest(&bytes)).collect()
}

fn digest(bytes: &[u8]) -> Result<Digest> {
    Digest::from_slice(bytes).ok_or_else(|| Error::internal("a stored digest is damaged"))
}
