//! Merkle trees of RFC 9162 section 2.1, their proofs, and tiles as in C2SP tlog-tiles.

use std::sync::Arc;

use super::Digest;

/// Hashes in a full tile.
pub const TILE_WIDTH: usize = 256;
/// Levels of the tree in one tile.
const TILE_HEIGHT: u32 = 8;

/// SHA-256(0x00 || data).
pub fn leaf_hash(data: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], data])
}

/// SHA-256(0x01 || left || right).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    Digest::of(&bytes)
}

/// Whether `proof` shows `leaf` at `index` of the tree of `size` leaves with this root (RFC 9162 section 2.1.3.2).
pub fn verify_inclusion(index: u64, size: u64, leaf: Digest, proof: &[Digest], root: Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            let up = node.trailing_zeros() * u32::from(node != 0);
            (node, last) = (node >> up, last >> up);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == root
}

/// Whether `proof` shows that the tree of `b` leaves continues the tree of `a` (RFC 9162 section 2.1.4.2).
/// A proof from the empty tree says nothing and is refused.
pub fn verify_consistency(a: u64, b: u64, proof: &[Digest], root_a: Digest, root_b: Digest) -> bool {
    if a == 0 || a > b {
        return false;
    }
    if a == b {
        return proof.is_empty() && root_a == root_b;
    }
    let (first, rest) = match proof.split_first() {
        _ if a.is_power_of_two() => (root_a, proof),
        Some((first, rest)) => (*first, rest),
        None => return false,
    };
    let up = (a - 1).trailing_ones();
    let (mut node, mut last) = ((a - 1) >> up, (b - 1) >> up);
    let (mut old, mut new) = (first, first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            (old, new) = (node_hash(sibling, &old), node_hash(sibling, &new));
            let up = node.trailing_zeros() * u32::from(node != 0);
            (node, last) = (node >> up, last >> up);
        } else {
            new = node_hash(&new, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && old == root_a && new == root_b
}

/// Which tile: `level` counts in steps of eight tree levels from the leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    pub level: u8,
    pub index: u64,
}

/// A tile with every node above its hashes, so that a proof looks up and hashes almost nothing.
#[derive(Debug, Clone)]
pub struct Tile {
    rows: Vec<Vec<Digest>>,
}

impl Tile {
    /// From 1 to 256 concatenated hashes.
    pub fn new(hashes: &[u8]) -> Option<Self> {
        let width = hashes.len() / 32;
        if !hashes.len().is_multiple_of(32) || !(1..=TILE_WIDTH).contains(&width) {
            return None;
        }
        let mut row: Vec<Digest> = hashes.chunks_exact(32).filter_map(Digest::from_slice).collect();
        let mut rows = Vec::new();
        while !row.is_empty() {
            let above = row.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
            rows.push(std::mem::replace(&mut row, above));
        }
        Some(Self { rows })
    }

    /// How many hashes the tile holds.
    pub fn width(&self) -> usize {
        self.rows[0].len()
    }

    /// The concatenated hashes.
    pub fn bytes(&self) -> Vec<u8> {
        self.rows[0].iter().flat_map(|hash| hash.0).collect()
    }

    fn node(&self, height: u32, offset: u64) -> Option<Digest> {
        self.rows
            .get(height as usize)?
            .get(usize::try_from(offset).ok()?)
            .copied()
    }
}

/// Where tiles come from. A tile may be wider than the tree in question; it must not be narrower.
pub trait Tiles {
    type Error;
    fn tile(&self, id: TileId) -> Result<Arc<Tile>, Self::Error>;
}

/// Why a root or proof could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError<E> {
    /// The index or size asked for lies outside the tree.
    #[error("outside the tree")]
    Range,
    /// This tile is narrower than the tree needs.
    #[error("{} is too short", tile_path(*.0, TILE_WIDTH))]
    Short(TileId),
    /// The tile could not be had.
    #[error("{0}")]
    Tiles(E),
}

type Proved<T, E> = Result<T, ProofError<E>>;

/// The root of the first `size` leaves; of none, SHA-256 of nothing.
pub fn root<T: Tiles>(tiles: &T, size: u64) -> Proved<Digest, T::Error> {
    if size == 0 {
        Ok(Digest::of(b""))
    } else {
        TileReader::new(tiles).subtree(0, size)
    }
}

/// The inclusion proof of leaf `index` in the tree of `size` (RFC 9162 section 2.1.3.1).
pub fn inclusion_proof<T: Tiles>(tiles: &T, index: u64, size: u64) -> Proved<Vec<Digest>, T::Error> {
    if index >= size {
        return Err(ProofError::Range);
    }
    let mut reader = TileReader::new(tiles);
    let (mut start, mut length) = (0, size);
    let mut proof = Vec::with_capacity(64 - size.leading_zeros() as usize);
    while length > 1 {
        let left = split(length);
        if index - start < left {
            proof.push(reader.subtree(start + left, length - left)?);
            length = left;
        } else {
            proof.push(reader.subtree(start, left)?);
            (start, length) = (start + left, length - left);
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The proof that the tree of `b` leaves continues the tree of `a` (RFC 9162 section 2.1.4.1).
pub fn consistency_proof<T: Tiles>(tiles: &T, a: u64, b: u64) -> Proved<Vec<Digest>, T::Error> {
    if a == 0 || a > b {
        return Err(ProofError::Range);
    }
    let mut reader = TileReader::new(tiles);
    let (mut start, mut length, mut kept) = (0, b, a);
    let mut proof = Vec::new();
    while kept != length {
        let left = split(length);
        if kept <= left {
            proof.push(reader.subtree(start + left, length - left)?);
            length = left;
        } else {
            proof.push(reader.subtree(start, left)?);
            (start, length, kept) = (start + left, length - left, kept - left);
        }
    }
    // Where the old tree is itself a complete subtree, the verifier holds its root already.
    if start != 0 {
        proof.push(reader.subtree(start, length)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Appends `leaves` to the tree of `size`: every tile that changes, with all of its hashes.
pub fn extend<T: Tiles>(tiles: &T, size: u64, leaves: &[Digest]) -> Proved<Vec<(TileId, Vec<u8>)>, T::Error> {
    let mut changed = Vec::new();
    let (mut size, mut added) = (size, leaves.to_vec());
    for level in 0.. {
        if added.is_empty() {
            break;
        }
        let (filled, mut index) = ((size % 256) as usize, size / 256);
        let mut hashes = if filled == 0 {
            Vec::new()
        } else {
            edge(tiles, TileId { level, index }, filled)?
        };
        let mut above = Vec::new();
        for hash in added {
            hashes.extend_from_slice(&hash.0);
            if hashes.len() == TILE_WIDTH * 32 {
                above.extend(Tile::new(&hashes).and_then(|tile| tile.node(TILE_HEIGHT, 0)));
                changed.push((TileId { level, index }, std::mem::take(&mut hashes)));
                index += 1;
            }
        }
        if !hashes.is_empty() {
            changed.push((TileId { level, index }, hashes));
        }
        (size, added) = (size / 256, above);
    }
    Ok(changed)
}

/// The first `width` hashes of the tile at the right edge.
fn edge<T: Tiles>(tiles: &T, id: TileId, width: usize) -> Proved<Vec<u8>, T::Error> {
    let mut hashes = tiles.tile(id).map_err(ProofError::Tiles)?.bytes();
    if hashes.len() < width * 32 {
        return Err(ProofError::Short(id));
    }
    hashes.truncate(width * 32);
    Ok(hashes)
}

/// The largest power of two below `n`, for `n` > 1.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Looks up nodes, keeping the tile it used last.
struct TileReader<'t, T: Tiles> {
    tiles: &'t T,
    last: Option<(TileId, Arc<Tile>)>,
}

impl<'t, T: Tiles> TileReader<'t, T> {
    fn new(tiles: &'t T) -> Self {
        Self { tiles, last: None }
    }

    /// Hash of the subtree of `length` leaves from `start`, where `start` is a multiple of the
    /// power of two that `length` rounds up to. Complete ones are looked up; the right edge is
    /// folded from the complete ones in it, smallest last.
    fn subtree(&mut self, start: u64, length: u64) -> Proved<Digest, T::Error> {
        let height = length.trailing_zeros();
        let small = 1 << height;
        let mut hash = self.complete(height, (start + length - small) >> height)?;
        let mut rest = length - small;
        while rest > 0 {
            let height = rest.trailing_zeros();
            rest -= 1 << height;
            hash = node_hash(&self.complete(height, (start + rest) >> height)?, &hash);
        }
        Ok(hash)
    }

    fn complete(&mut self, height: u32, index: u64) -> Proved<Digest, T::Error> {
        let (level, height) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
        let shift = TILE_HEIGHT - height;
        let id = TileId {
            level: level as u8,
            index: index >> shift,
        };
        let offset = index & ((1 << shift) - 1);
        if self.last.as_ref().is_none_or(|(last, _)| *last != id) {
            self.last = Some((id, self.tiles.tile(id).map_err(ProofError::Tiles)?));
        }
        self.last
            .as_ref()
            .and_then(|(_, tile)| tile.node(height, offset))
            .ok_or(ProofError::Short(id))
    }
}

/// `/tile/<L>/<N>[.p/<W>]` as in C2SP tlog-tiles; a full tile has no width.
pub fn tile_path(id: TileId, width: usize) -> String {
    let mut number = format!("{:03}", id.index % 1000);
    let mut rest = id.index / 1000;
    while rest > 0 {
        number = format!("x{:03}/{number}", rest % 1000);
        rest /= 1000;
    }
    let partial = if width < TILE_WIDTH {
        format!(".p/{width}")
    } else {
        String::new()
    };
    format!("/tile/{}/{number}{partial}", id.level)
}

/// Reads exactly what [`tile_path`] writes.
pub fn parse_tile_path(path: &str) -> Option<(TileId, usize)> {
    let (level, number) = path.strip_prefix("/tile/")?.split_once('/')?;
    let (number, width) = match number.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok()?),
        None => (number, TILE_WIDTH),
    };
    let digits: String = number.chars().filter(|c| c.is_ascii_digit()).collect();
    let id = TileId {
        level: level.parse().ok().filter(|level| *level < 64)?,
        index: digits.parse().ok()?,
    };
    ((1..=TILE_WIDTH).contains(&width) && tile_path(id, width) == path).then_some((id, width))
}
