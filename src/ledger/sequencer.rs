//! The sequencer: integrates the events of all streams into the one tree, and signs it.
//!
//! One transaction: the log's row is locked, the outbox is taken in order, leaves and tiles are written, the outbox
//! is cleared, COMMIT. Only then is that committed tree signed. A tree that is not committed is never signed; after
//! a crash the committed tree is signed again. Nothing of the tree is kept across transactions, so a second process
//! does no harm.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Text};

use super::signer::LogSigner;
use super::tree::{self, StoredTiles, TreeState};
use crate::both;
use crate::clock::Micros;
use crate::db::tables::{checkpoints, leaves, log_state, outbox};
use crate::db::{AnyConn, Db, dialect};
use crate::error::{Error, Result};
use crate::fixed;
use crate::proof::checkpoint::Checkpoint;
use crate::proof::id::Digest;
use crate::proof::merkle;

/// Leaves integrated in one transaction at the most.
const BATCH: i64 = 4096;

/// Integrates what waits, and signs. Answers the tree's size, and whether more may wait.
pub fn run_once(db: &Db, signer: &mut LogSigner, now: Micros) -> Result<(u64, bool)> {
    let (state, taken) = db.write_blocking(integrate)?;
    // A crash between signing and storing leaves a checkpoint that only the signer knows: it is stored now.
    let stored = db.read_blocking(super::read::newest_checkpoint)?.map(|(size, _)| size);
    if signer.last().map(|c| c.size) != Some(state.size) || stored != Some(signed(state.size)?) {
        publish(db, signer, &state, now)?;
    }
    Ok((state.size, taken == BATCH))
}

/// A row of the outbox: its number, the leaf, and where its event stands.
type Waiting = (i64, Vec<u8>, String, i64);

fn integrate(conn: &mut AnyConn) -> Result<(TreeState, i64)> {
    lock_log(conn)?;
    let state = tree::state(conn)?.ok_or_else(|| Error::internal("the log has no state"))?;
    let waiting: Vec<Waiting> = outbox::table.order(outbox::id).limit(BATCH).load(conn)?;
    if waiting.is_empty() || state.read_only {
        return Ok((state, 0));
    }
    let new = digests(&waiting)?;
    let changed = merkle::extend(&StoredTiles::new(conn), state.size, &new)?;
    changed
        .into_iter()
        .try_for_each(|(id, hashes)| tree::write_tile(conn, id, hashes))?;
    clear(conn, &waiting)?;
    let taken = waiting.len() as i64;
    insert_leaves(conn, state.size, waiting)?;
    let size = state.size + new.len() as u64;
    let root = merkle::root(&StoredTiles::new(conn), size)?;
    diesel::update(log_state::table)
        .set((
            log_state::size.eq(signed(size)?),
            log_state::root.eq(root.as_bytes().to_vec()),
        ))
        .execute(conn)?;
    Ok((TreeState { size, root, ..state }, taken))
}

fn lock_log(conn: &mut AnyConn) -> Result<()> {
    let query = dialect::locking(conn, "SELECT size FROM log_state WHERE id = 1");
    diesel::sql_query(query).execute(conn)?;
    Ok(())
}

fn digests(waiting: &[Waiting]) -> Result<Vec<Digest>> {
    let all: Option<Vec<Digest>> = waiting.iter().map(|w| Digest::from_slice(&w.1)).collect();
    all.ok_or_else(|| Error::internal("the outbox holds what is no leaf"))
}

fn insert_leaves(conn: &mut AnyConn, size: u64, waiting: Vec<Waiting>) -> Result<()> {
    let mut placed = (signed(size)?..).zip(waiting);
    match conn {
        // The statement is prepared once for ever, and there is no way to the database and back to save.
        AnyConn::Sqlite(c) => placed.try_for_each(|(idx, (_, leaf, stream, seq))| {
            let row = (
                leaves::idx.eq(idx),
                leaves::leaf.eq(leaf),
                leaves::stream.eq(stream),
                leaves::seq.eq(seq),
            );
            diesel::insert_into(leaves::table).values(row).execute(c)?;
            Ok(())
        }),
        AnyConn::Pg(c) => {
            let mut all = Leaves::default();
            for (idx, (_, leaf, stream, seq)) in placed {
                all.idx.push(idx);
                all.leaf.push(leaf);
                all.stream.push(stream);
                all.seq.push(seq);
            }
            all.execute(c)?;
            Ok(())
        }
    }
}

fixed! {
    /// PostgreSQL: leaves column by column, in one statement that is prepared once.
    #[derive(Default)]
    Leaves: "INSERT INTO leaves (idx, leaf, stream, seq) SELECT * FROM unnest(",
    idx: Vec<i64> as Array<BigInt>, ", ", leaf: Vec<Vec<u8>> as Array<Binary>, ", ",
    stream: Vec<String> as Array<Text>, ", ", seq: Vec<i64> as Array<BigInt>, ")"
}

/// Exactly the rows that were taken: on PostgreSQL a lower number may still be uncommitted in another transaction.
fn clear(conn: &mut AnyConn, waiting: &[Waiting]) -> Result<()> {
    match conn {
        AnyConn::Sqlite(c) => {
            let last = waiting.last().map_or(i64::MIN, |w| w.0);
            diesel::delete(outbox::table.filter(outbox::id.le(last))).execute(c)?;
        }
        AnyConn::Pg(c) => {
            let ids: Vec<i64> = waiting.iter().map(|w| w.0).collect();
            // Joined, not compared with each number, for there is no index.
            let taken = diesel::sql_query("DELETE FROM outbox WHERE id IN (SELECT unnest($1))");
            taken.bind::<Array<BigInt>, _>(ids).execute(c)?;
        }
    }
    Ok(())
}

/// Signs a committed tree and stores the checkpoint. The signer syncs it beside the key first.
fn publish(db: &Db, signer: &mut LogSigner, state: &TreeState, now: Micros) -> Result<()> {
    let from = signer.last().map_or(0, |c| c.size);
    let to = state.size;
    let proof = match from {
        0 => Vec::new(),
        from if from >= to => Vec::new(),
        from => db.read_blocking(|conn| tree::consistency(conn, from, to))?,
    };
    let checkpoint = Checkpoint {
        origin: state.origin.clone(),
        size: state.size,
        root: state.root,
    };
    let note = signer.sign(&checkpoint, &proof)?;
    store(db, &checkpoint, note, now)
}

fn store(db: &Db, checkpoint: &Checkpoint, note: String, now: Micros) -> Result<()> {
    let (size, root) = (signed(checkpoint.size)?, checkpoint.root.as_bytes().to_vec());
    db.write_blocking(move |conn| {
        let row = (
            checkpoints::size.eq(size),
            checkpoints::root.eq(root.clone()),
            checkpoints::note.eq(note.clone()),
            checkpoints::at.eq(now),
        );
        both!(conn, |c| diesel::insert_into(checkpoints::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
        Ok(())
    })
}

fn signed(size: u64) -> Result<i64> {
    i64::try_from(size).map_err(Error::internal)
}
