//! The Merkle tree as it is stored: hash tiles (C2SP tlog-tiles), and the proofs read from them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool};

use crate::db::AnyConn;
use crate::db::tables::{leaves, log_state, tiles};
use crate::error::{Error, Result};
use crate::proof::id::Digest;
use crate::proof::merkle::{self, ProofError, Tile, TileId, Tiles};
use crate::{both, fixed};

/// Hashes in a full tile.
const WIDTH: usize = 256;
/// Full tiles kept in memory, some 16 KB each.
const CACHED: usize = 512;

/// Full tiles never change, so they may be kept; a partial tile is read anew in every transaction.
static FULL: LazyLock<Mutex<FullTiles>> = LazyLock::new(Mutex::default);

/// By the log's origin and the tile's place.
type FullTiles = HashMap<(String, TileId), Arc<Tile>>;

/// The stored tiles, read through one connection.
pub struct StoredTiles<'a> {
    conn: RefCell<&'a mut AnyConn>,
    origin: String,
    keeps: bool,
}

impl<'a> StoredTiles<'a> {
    /// Over this connection; the origin keeps the caches of two logs in one process apart.
    pub fn new(conn: &'a mut AnyConn, origin: &str) -> Self {
        Self {
            conn: RefCell::new(conn),
            origin: origin.to_owned(),
            keeps: true,
        }
    }

    /// For the transaction that writes tiles: what it reads may yet be rolled back, and must not be kept.
    pub fn uncommitted(conn: &'a mut AnyConn, origin: &str) -> Self {
        Self {
            keeps: false,
            ..Self::new(conn, origin)
        }
    }
}

impl Tiles for StoredTiles<'_> {
    type Error = Error;

    fn tile(&self, id: TileId) -> Result<Arc<Tile>> {
        let key = (self.origin.clone(), id);
        if let Some(tile) = FULL.lock().ok().and_then(|m| m.get(&key).cloned()) {
            return Ok(tile);
        }
        let hashes = read_tile(&mut self.conn.borrow_mut(), id)?.unwrap_or_default();
        let full = hashes.len() == WIDTH * 32;
        let tile = Arc::new(Tile::new(&hashes).ok_or_else(|| Error::internal("a stored tile is damaged"))?);
        if full
            && self.keeps
            && let Ok(mut kept) = FULL.lock()
        {
            if kept.len() >= CACHED {
                kept.clear();
            }
            kept.insert(key, tile.clone());
        }
        Ok(tile)
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

/// Writes a tile, made or grown.
pub(super) fn write_tile(conn: &mut AnyConn, id: TileId, hashes: Vec<u8>) -> Result<()> {
    let (level, index) = key_of(id)?;
    let grown = diesel::update(tiles::table.find((level, index)))
        .set(tiles::hashes.eq(&hashes))
        .execute(conn)?;
    if grown == 0 {
        diesel::insert_into(tiles::table)
            .values((tiles::level.eq(level), tiles::idx.eq(index), tiles::hashes.eq(hashes)))
            .execute(conn)?;
    }
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

fixed! {
    ReadOnly -> (Bool, BigInt, Binary): "SELECT read_only, size, root FROM log_state"
}

/// Whether nothing may be written here; every write asks. An error where the tree's state is damaged.
pub fn is_read_only(conn: &mut AnyConn) -> Result<bool> {
    let found: Option<(bool, i64, Vec<u8>)> = both!(conn, |c| ReadOnly {}.get_result(c)).optional()?;
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
    type Row = (String, String, i64, Vec<u8>, bool, bool, String);
    let query = log_state::table.select((
        log_state::origin,
        log_state::vkey,
        log_state::size,
        log_state::root,
        log_state::demo,
        log_state::read_only,
        log_state::installation,
    ));
    let row: Option<Row> = both!(conn, |c| query.first(c)).optional()?;
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
pub fn inclusion(conn: &mut AnyConn, origin: &str, index: u64, size: u64) -> Result<Vec<Digest>> {
    Ok(merkle::inclusion_proof(&StoredTiles::new(conn, origin), index, size)?)
}

/// The consistency proof between two sizes (RFC 9162, 2.1.4).
pub fn consistency(conn: &mut AnyConn, origin: &str, from: u64, to: u64) -> Result<Vec<Digest>> {
    Ok(merkle::consistency_proof(&StoredTiles::new(conn, origin), from, to)?)
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
pub fn root(conn: &mut AnyConn, origin: &str, size: u64) -> Result<Digest> {
    Ok(merkle::root(&StoredTiles::new(conn, origin), size)?)
}

/// The leaf at a place in the tree.
pub fn leaf_at(conn: &mut AnyConn, index: u64) -> Result<Option<Digest>> {
    let index = i64::try_from(index).map_err(Error::internal)?;
    let leaf: Option<Vec<u8>> = leaves::table.find(index).select(leaves::leaf).first(conn).optional()?;
    Ok(leaf.and_then(|l| Digest::from_slice(&l)))
}
