//! The Merkle tree as it is stored: hash tiles (C2SP tlog-tiles), and the proofs read from them.

use std::cell::RefCell;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use crate::both;
use crate::db::AnyConn;
use crate::db::tables::{leaves, log_state, tiles};
use crate::error::{Error, Result};
use crate::fixed;
use crate::proof::id::Digest;
use crate::proof::merkle::{self, ProofError, Tile, TileId, Tiles};

/// The stored tiles, read through one connection.
pub struct StoredTiles<'a>(RefCell<&'a mut AnyConn>);

impl<'a> StoredTiles<'a> {
    /// Over this connection.
    pub fn new(conn: &'a mut AnyConn) -> Self {
        Self(RefCell::new(conn))
    }
}

impl Tiles for StoredTiles<'_> {
    type Error = Error;

    fn tile(&self, id: TileId) -> Result<Arc<Tile>> {
        let hashes = read_tile(&mut self.0.borrow_mut(), id)?.unwrap_or_default();
        let tile = Tile::new(&hashes).ok_or_else(|| Error::internal("a stored tile is damaged"))?;
        Ok(Arc::new(tile))
    }
}

/// The bytes of one tile, as far as it is filled.
pub fn read_tile(conn: &mut AnyConn, id: TileId) -> Result<Option<Vec<u8>>> {
    let (level, index) = key_of(id)?;
    Ok(tiles::table
        .find((level, index))
        .select(tiles::hashes)
        .first(conn)
        .optional()?)
}

fn key_of(id: TileId) -> Result<(i64, i64)> {
    Ok((i64::from(id.level), i64::try_from(id.index).map_err(Error::internal)?))
}

fixed! {
    /// A tile, made or grown.
    WriteTile: "INSERT INTO tiles (level, idx, hashes) VALUES (", level: i64 as BigInt, ", ", index: i64 as BigInt, ", ",
    hashes: Vec<u8> as Binary, ") ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes"
}

/// Writes a tile, made or grown.
pub(super) fn write_tile(conn: &mut AnyConn, id: TileId, hashes: Vec<u8>) -> Result<()> {
    let (level, index) = key_of(id)?;
    let tile = WriteTile { level, index, hashes };
    both!(conn, |c| tile.execute(c))?;
    Ok(())
}

/// The committed tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeState {
    /// The log's name.
    pub origin: String,
    /// Its public key, as a C2SP vkey.
    pub vkey: String,
    /// Leaves in the tree.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// Whether this is a demonstration.
    pub demo: bool,
    /// Whether the log may not grow (a restored older state).
    pub read_only: bool,
    /// The installation's id.
    pub installation: String,
}

/// Whether nothing may be written here; every write asks. An error where the tree's state is damaged.
pub fn is_read_only(conn: &mut AnyConn) -> Result<bool> {
    let query = log_state::table.select((log_state::read_only, log_state::size, log_state::root));
    let found: Option<(bool, i64, Vec<u8>)> = both!(conn, |c| query.first(c)).optional()?;
    let Some((read_only, size, root)) = found else {
        return Ok(false);
    };
    whole(size, &root)?;
    Ok(read_only)
}

fn whole(size: i64, root: &[u8]) -> Result<(u64, Digest)> {
    let root = Digest::from_slice(root).ok_or_else(|| Error::internal("the stored root is damaged"))?;
    Ok((u64::try_from(size).map_err(Error::internal)?, root))
}

/// Reads the committed tree's state; `None` where no log exists.
pub fn state(conn: &mut AnyConn) -> Result<Option<TreeState>> {
    type LogStateRow = (String, String, i64, Vec<u8>, bool, bool, String);
    let query = log_state::table.select((
        log_state::origin,
        log_state::vkey,
        log_state::size,
        log_state::root,
        log_state::demo,
        log_state::read_only,
        log_state::installation,
    ));
    let row: Option<LogStateRow> = both!(conn, |c| query.first(c)).optional()?;
    let Some((origin, vkey, size, root, demo, read_only, installation)) = row else {
        return Ok(None);
    };
    let (size, root) = whole(size, &root)?;
    Ok(Some(TreeState {
        origin,
        vkey,
        size,
        root,
        demo,
        read_only,
        installation,
    }))
}

/// The place in the tree of an event with this leaf; `None` while it is not integrated. An error where another leaf
/// stands there: no proof is given of what is not meant.
pub fn index_of(conn: &mut AnyConn, stream: &str, seq: i64, leaf: &[u8]) -> Result<Option<u64>> {
    let found: Option<(i64, Vec<u8>)> = leaves::table
        .filter(leaves::stream.eq(stream).and(leaves::seq.eq(seq)))
        .select((leaves::idx, leaves::leaf))
        .first(conn)
        .optional()?;
    match found {
        Some((index, stands)) if stands == leaf => Ok(Some(u64::try_from(index).map_err(Error::internal)?)),
        Some(_) => Err(Error::internal(format!(
            "the tree has another leaf for event {stream} seq {seq}"
        ))),
        None => Ok(None),
    }
}

/// The inclusion proof of a leaf in the tree of a size (RFC 9162, 2.1.3).
pub fn inclusion(conn: &mut AnyConn, index: u64, size: u64) -> Result<Vec<Digest>> {
    Ok(merkle::inclusion_proof(&StoredTiles::new(conn), index, size)?)
}

/// The consistency proof between two sizes (RFC 9162, 2.1.4).
pub fn consistency(conn: &mut AnyConn, from: u64, to: u64) -> Result<Vec<Digest>> {
    Ok(merkle::consistency_proof(&StoredTiles::new(conn), from, to)?)
}

impl From<ProofError<Error>> for Error {
    fn from(e: ProofError<Error>) -> Self {
        match e {
            ProofError::Tiles(e) => e,
            ProofError::Range => Self::field("size", "range", "lies outside the published tree"),
            other => Self::internal(format!("stored tiles: {other}")),
        }
    }
}

/// The root of the tree of a size.
pub fn root(conn: &mut AnyConn, size: u64) -> Result<Digest> {
    Ok(merkle::root(&StoredTiles::new(conn), size)?)
}

/// The leaf at a place in the tree.
pub fn leaf_at(conn: &mut AnyConn, index: u64) -> Result<Option<Digest>> {
    let index = i64::try_from(index).map_err(Error::internal)?;
    let leaf: Option<Vec<u8>> = leaves::table.find(index).select(leaves::leaf).first(conn).optional()?;
    Ok(leaf.and_then(|l| Digest::from_slice(&l)))
}
