//! Captures by the SHA-256 of a file, among those of the cases that a caller may read. Of others nothing is said.

use diesel::prelude::*;
use serde::Serialize;

use crate::cases::{VisibleTo, chosen, visible};
use crate::db::tables::{capture_files, captures, cases};
use crate::error::Result;
use crate::gate::ReadCtx;
use crate::proof::id::Digest;

/// Captures told at the most.
pub const MOST: usize = 20;

/// A capture one of whose files has a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Queryable)]
pub struct DigestMatch {
    pub capture_id: String,
    pub item: i64,
    /// The state of the capture.
    pub state: String,
    pub case_id: String,
    pub case_number: String,
    /// Whether its bytes are withheld, so that the digest alone is known here.
    pub withheld: bool,
}

/// The captures that have a file with this digest and that the caller may see, up to one more than `MOST`. That a case
/// holds the file of a held capture is told to everybody who may read the case, as its list tells it.
pub fn matches(ctx: &mut ReadCtx<'_>, sha256: &Digest) -> Result<Vec<DigestMatch>> {
    let sees = VisibleTo::of(ctx.caller, ctx.now);
    Ok(capture_files::table
        .inner_join(captures::table.on(captures::id.eq(capture_files::capture_id)))
        .inner_join(cases::table.on(cases::id.eq(captures::case_id)))
        .filter(capture_files::sha256.eq(sha256.as_bytes().to_vec()))
        .filter(visible(&sees).or(captures::id.eq_any(chosen(&sees))))
        .order((cases::number, captures::item))
        .select((
            captures::id,
            captures::item,
            captures::state,
            cases::id,
            cases::number,
            capture_files::withheld,
        ))
        .distinct()
        .limit(MOST as i64 + 1)
        .load(ctx.conn)?)
}
