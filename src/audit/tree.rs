//! Builds the tree again from its leaves, and compares it with tiles, state, checkpoints and the key.

use std::collections::VecDeque;
use std::path::Path;

use diesel::prelude::*;

use super::{Audit, AuditedTree, Places};
use crate::db::tables::{checkpoints, leaves, outbox};
use crate::error::Result;
use crate::ledger::{self, TreeState};
use crate::proof::Digest;
use crate::proof::checkpoint::{Checkpoint, Signer};
use crate::proof::merkle::{TileId, node_hash};
use crate::text::counted;

/// Leaves, checkpoints and waiting events read at a time.
const MANY: i64 = 4096;
/// Bytes of a full tile.
const FULL: usize = 256 * 32;

/// A tree that grows leaf by leaf and keeps only its right edge.
#[derive(Default)]
struct Growing {
    size: u64,
    /// The complete subtree of each height at the right edge.
    edge: Vec<Option<Digest>>,
    /// The tile at the right edge of each level, with its hashes so far.
    tiles: Vec<(TileId, Vec<u8>)>,
}

impl Growing {
    /// Adds a leaf; answers the tiles that it filled.
    fn push(&mut self, leaf: Digest) -> Vec<(TileId, Vec<u8>)> {
        let mut full = Vec::new();
        let (mut hash, mut height) = (leaf, 0);
        loop {
            if height % 8 == 0 {
                full.extend(self.fill_tile(height / 8, &hash));
            }
            if self.edge.len() == height {
                self.edge.push(None);
            }
            match self.edge[height].take() {
                Some(left) => hash = node_hash(&left, &hash),
                None => break,
            }
            height += 1;
        }
        self.edge[height] = Some(hash);
        self.size += 1;
        full
    }

    fn fill_tile(&mut self, level: usize, hash: &Digest) -> Option<(TileId, Vec<u8>)> {
        if self.tiles.len() == level {
            let level = u8::try_from(level).unwrap_or(u8::MAX);
            self.tiles.push((TileId { level, index: 0 }, Vec::with_capacity(FULL)));
        }
        let (id, hashes) = &mut self.tiles[level];
        hashes.extend_from_slice(hash.as_bytes());
        if hashes.len() < FULL {
            return None;
        }
        let full = (*id, std::mem::take(hashes));
        id.index += 1;
        Some(full)
    }

    fn root(&self) -> Digest {
        let mut edge = self.edge.iter().flatten();
        let Some(first) = edge.next() else {
            return Digest::of(b"");
        };
        edge.fold(*first, |right, left| node_hash(left, &right))
    }

    /// The tiles at the right edge that are not full.
    fn partial(&self) -> Vec<(TileId, Vec<u8>)> {
        let open = self.tiles.iter().filter(|(_, hashes)| !hashes.is_empty());
        open.cloned().collect()
    }
}

/// A row of the tree's leaves or of the outbox: its number, the leaf, and where its event stands.
type Placed = (i64, Vec<u8>, String, i64);

/// Checkpoints that wait for the tree to reach their size, smallest first.
struct Expected {
    name: String,
    rule: &'static str,
    size: u64,
    root: Digest,
}

impl Expected {
    fn of(name: String, rule: &'static str, c: &Checkpoint) -> Self {
        Self {
            name,
            rule,
            size: c.size,
            root: c.root,
        }
    }
}

impl Audit<'_> {
    pub(super) fn tree(&mut self, state: &TreeState, places: &Places, last: Option<Vec<u8>>) -> Result<()> {
        let mut outside = self.beside_the_key(state, places, last);
        outside.sort_by_key(|e| e.size);
        let mut outside = VecDeque::from(outside);
        let mut stored = VecDeque::new();
        let (mut grown, mut asked) = (Growing::default(), -1);
        self.refill(&mut stored, &mut asked, state)?;
        let mut next = 0;
        loop {
            let rows: Vec<Placed> = leaves::table
                .filter(leaves::idx.ge(next))
                .order(leaves::idx)
                .limit(MANY)
                .load(self.conn)?;
            self.meet(&mut outside, &grown);
            self.meet(&mut stored, &grown);
            let Some((last, ..)) = rows.last() else { break };
            let page_end = *last + 1;
            for row in rows {
                self.leaf(&mut grown, &mut next, &row)?;
                self.meet(&mut outside, &grown);
                if self.meet(&mut stored, &grown) {
                    self.refill(&mut stored, &mut asked, state)?;
                }
            }
            next = page_end;
            (self.tell)("tree", grown.size, state.size)?;
        }
        self.beyond(outside.into_iter().chain(stored), grown.size);
        self.end_of_tree(state, &grown)?;
        self.unplaced_events()
    }

    fn leaf(&mut self, grown: &mut Growing, next: &mut i64, row: &Placed) -> Result<()> {
        let (idx, leaf, stream, seq) = row;
        let idx = *idx;
        self.report.counts.leaves += 1;
        let place = format!("leaf {idx}");
        if idx != *next {
            let what = format!("leaf {next} is missing before it");
            self.report.fault("leaf-order", &place, what);
        }
        *next = idx + 1;
        let Some(digest) = Digest::from_slice(leaf) else {
            self.report.fault("leaf-unknown", place, "is no digest");
            return Ok(());
        };
        if !self.placed(&place, &digest, row) {
            let what = format!(
                "{digest}, said to be of event {stream} seq {seq}, is the leaf of no event, or stands in the tree twice: \
                 the event was removed or replaced"
            );
            self.report.fault("leaf-unknown", place, what);
        }
        for (id, hashes) in grown.push(digest) {
            self.tile(id, &hashes)?;
        }
        Ok(())
    }

    /// Removes an event from those that have no place yet; `false` if none has this leaf.
    fn placed(&mut self, place: &str, leaf: &Digest, (_, _, stream, seq): &Placed) -> bool {
        let Some((number, at)) = self.unplaced.remove(leaf) else {
            return false;
        };
        if (self.streams.get(number), at) != (Some(stream), *seq) {
            let what = format!("its row leads to event {stream} seq {seq}, which is not the one with this leaf");
            self.report.fault("leaf-place", place, what);
        }
        true
    }

    fn tile(&mut self, id: TileId, hashes: &[u8]) -> Result<()> {
        self.report.counts.tiles += 1;
        let place = format!("tile level {} index {}", id.level, id.index);
        let what = match ledger::read_tile(self.conn, id)? {
            None => "is missing",
            Some(stored) if stored != hashes => "holds other hashes than the leaves make",
            Some(_) => return Ok(()),
        };
        self.report.fault("tile", place, what);
        Ok(())
    }

    /// Compares the checkpoints of the present size with the root; says whether none is left.
    fn meet(&mut self, expected: &mut VecDeque<Expected>, grown: &Growing) -> bool {
        while expected.front().is_some_and(|e| e.size <= grown.size) {
            let Some(e) = expected.pop_front() else { break };
            if e.size < grown.size || e.root != grown.root() {
                let what = format!(
                    "says another root at size {} than the leaves make: what was signed is not what is here",
                    e.size
                );
                self.report.fault(e.rule, e.name, what);
            }
        }
        expected.is_empty()
    }

    fn beyond(&mut self, left: impl Iterator<Item = Expected>, size: u64) {
        for e in left {
            let what = format!("was signed over {} leaves, but the tree here has {size}", e.size);
            self.report.fault(e.rule, e.name, what);
        }
    }

    fn refill(&mut self, stored: &mut VecDeque<Expected>, asked: &mut i64, state: &TreeState) -> Result<()> {
        type CheckpointRow = (i64, Vec<u8>, String);
        let rows: Vec<CheckpointRow> = checkpoints::table
            .filter(checkpoints::size.gt(*asked))
            .order(checkpoints::size)
            .limit(MANY)
            .select((checkpoints::size, checkpoints::root, checkpoints::note))
            .load(self.conn)?;
        for (size, root, note) in rows {
            *asked = size;
            self.report.counts.checkpoints += 1;
            let name = format!("checkpoint {size}");
            match ledger::signed(note.as_bytes(), &state.vkey) {
                Err(what) => self.report.fault("checkpoint", name, what),
                Ok(c) if (&c.origin, c.size.try_into(), &c.root.0[..]) == (&state.origin, Ok(size), &root[..]) => {
                    stored.push_back(Expected::of(name, "checkpoint-root", &c));
                }
                Ok(_) => {
                    let what = "its row says something else than its signed note";
                    self.report.fault("checkpoint", name, what);
                }
            }
        }
        Ok(())
    }

    fn end_of_tree(&mut self, state: &TreeState, grown: &Growing) -> Result<()> {
        for (id, hashes) in grown.partial() {
            self.tile(id, &hashes)?;
        }
        let (tiles, made) = (self.count("SELECT COUNT(*) FROM tiles")?, self.report.counts.tiles);
        if tiles > made {
            let what = format!("there are {tiles}, but the leaves make {made}");
            self.report.fault("tile", "tiles", what);
        }
        let (size, root) = (grown.size, grown.root());
        if size != state.size {
            let what = format!("says {} leaves, but there are {size}", state.size);
            self.report.fault("tree-size", "log_state", what);
        } else if root != state.root {
            let what = format!("says the root {}, but the leaves make {root}", state.root);
            self.report.fault("tree-root", "log_state", what);
        }
        self.report.tree = Some(AuditedTree {
            origin: state.origin.clone(),
            size,
            root,
        });
        Ok(())
    }

    /// An event stands in the tree or waits for it; one that does neither was put in from outside.
    fn unplaced_events(&mut self) -> Result<()> {
        let mut from = i64::MIN;
        loop {
            let rows: Vec<Placed> = outbox::table
                .filter(outbox::id.gt(from))
                .order(outbox::id)
                .limit(MANY)
                .load(self.conn)?;
            let Some((last, ..)) = rows.last() else { break };
            from = *last;
            for row in rows {
                self.report.counts.waiting += 1;
                let (id, leaf, stream, seq) = &row;
                let place = format!("outbox {id}");
                if !Digest::from_slice(leaf).is_some_and(|d| self.placed(&place, &d, &row)) {
                    let what = format!(
                        "said to be of event {stream} seq {seq}, waits for the tree, but is the leaf of no event, or \
                         stands in the tree already"
                    );
                    self.report.fault("leaf-unknown", place, what);
                }
            }
        }
        if self.report.counts.waiting > 0 {
            let what = format!(
                "{} not in the tree yet: a running server gives each its place within a second",
                counted(self.report.counts.waiting, "event is", "events are")
            );
            self.report.notice("waiting", "outbox", what);
        }
        let mut lost: Vec<Digest> = self.unplaced.drain().map(|(leaf, _)| leaf).collect();
        lost.sort_unstable();
        for leaf in lost {
            let what = "stands neither in the tree nor among those that wait for it";
            self.report
                .fault("leaf-missing", format!("event with leaf {leaf}"), what);
        }
        Ok(())
    }

    /// What lies beside the key, and what the caller knows from elsewhere, must be in this tree.
    fn beside_the_key(&mut self, state: &TreeState, places: &Places, last: Option<Vec<u8>>) -> Vec<Expected> {
        self.key(state, &places.keys);
        let known = places.known.iter();
        let mut expected: Vec<Expected> = known
            .map(|(name, c)| Expected::of(name.clone(), "known-checkpoint", c))
            .collect();
        let (rule, name) = ("last-checkpoint", "log.checkpoint beside the key".to_owned());
        match last.map(|bytes| ledger::signed(&bytes, &state.vkey)) {
            None => {
                let what = "is not here: nothing says how far this log had come";
                self.report.notice(rule, name, what);
            }
            Some(Err(what)) => self.report.fault(rule, name, what),
            Some(Ok(c)) => expected.push(Expected::of(name, rule, &c)),
        }
        expected
    }

    fn key(&mut self, state: &TreeState, keys: &Path) {
        let file = keys.join("log.key");
        let place = file.display().to_string();
        match std::fs::read_to_string(&file) {
            Err(e) => self.report.notice("key", place, format!("was not checked: {e}")),
            Ok(text) if !is_key_of(&text, state) => {
                self.report
                    .fault("key", place, format!("is another key than the log's ({})", state.vkey));
            }
            Ok(_) => {}
        }
    }
}

fn is_key_of(text: &str, state: &TreeState) -> bool {
    let seed = text.trim().parse::<Digest>().ok();
    let signer = seed.and_then(|seed| Signer::from_seed(&state.origin, seed.as_bytes()).ok());
    signer.is_some_and(|s| s.vkey().to_string() == state.vkey)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::merkle::leaf_hash;

    /// RFC 9162 section 2.1.1, word for word.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(b""),
            [one] => *one,
            many => {
                let left = many.len().next_power_of_two() / 2;
                node_hash(&by_definition(&many[..left]), &by_definition(&many[left..]))
            }
        }
    }

    #[test]
    fn grows_as_defined() {
        let leaves: Vec<Digest> = (0..700u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut grown = Growing::default();
        let mut full = Vec::new();
        for (n, leaf) in leaves.iter().enumerate() {
            assert_eq!(grown.root(), by_definition(&leaves[..n]), "root of {n} leaves");
            full.extend(grown.push(*leaf));
        }
        assert_eq!(full.len(), 2);
        assert_eq!(full[1].0, TileId { level: 0, index: 1 });
        assert_eq!(full[1].1[..32], leaves[256].0);
        let widths: Vec<usize> = grown.partial().iter().map(|(_, hashes)| hashes.len() / 32).collect();
        assert_eq!(widths, [700 - 512, 2]);
        assert_eq!(grown.partial()[1].1[..32], by_definition(&leaves[..256]).0);
    }
}
