//! Follows a file while it grows: hashes what is final and has it written to disk, so that little is left to do when
//! its end is reached. The file's own bytes are read back, not those that were meant to be written.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};
use crate::proof::id::Digest;

/// Bytes hashed at a time.
const PIECE: usize = 1 << 20;
/// Bytes after which the two are told.
const STRIDE: u64 = 16 << 20;

/// The two threads that follow. Dropped, it lets them end by themselves.
pub struct Follower {
    told: u64,
    hash: Sender<u64>,
    sync: Sender<u64>,
    hasher: JoinHandle<Result<Digest>>,
    syncer: JoinHandle<Result<()>>,
}

impl Follower {
    /// Begins to follow a file.
    pub fn start(file: &File) -> Result<Self> {
        let ((hash, hashed), (sync, synced)) = (channel(), channel());
        let (one, other) = (file.try_clone()?, file.try_clone()?);
        let hasher = thread("packet-hash", move || hash_all(&one, &hashed))?;
        let syncer = thread("packet-sync", move || sync_all(&other, &synced))?;
        Ok(Self {
            told: 0,
            hash,
            sync,
            hasher,
            syncer,
        })
    }

    /// Everything before this offset is in the file and will not change.
    pub fn reached(&mut self, offset: u64) {
        if offset >= self.told + STRIDE {
            self.told = offset;
            // A thread that ended badly says so when it is joined.
            let _ = (self.hash.send(offset), self.sync.send(offset));
        }
    }

    /// The file is complete and this long: gives its SHA-256 when it is hashed and synced.
    pub fn finish(self, length: u64) -> Result<Digest> {
        let _ = (self.hash.send(length), self.sync.send(length));
        drop((self.hash, self.sync));
        let ended = |_| Error::internal("following a packet's file ended badly");
        self.syncer.join().map_err(ended)??;
        self.hasher.join().map_err(ended)?
    }
}

fn thread<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>> {
    Ok(std::thread::Builder::new().name(name.into()).spawn(run)?)
}

fn hash_all(file: &File, offsets: &Receiver<u64>) -> Result<Digest> {
    let (mut sha, mut piece, mut at) = (Sha256::new(), vec![0; PIECE], 0);
    for offset in offsets {
        while at < offset {
            let wanted = usize::try_from(offset - at).unwrap_or(PIECE).min(PIECE);
            file.read_exact_at(&mut piece[..wanted], at)?;
            sha.update(&piece[..wanted]);
            at += wanted as u64;
        }
    }
    Ok(Digest(sha.finalize().into()))
}

/// Syncs once for all that was told meanwhile; the last word is always heard.
fn sync_all(file: &File, offsets: &Receiver<u64>) -> Result<()> {
    while offsets.recv().is_ok() {
        while offsets.try_recv().is_ok() {}
        file.sync_data()?;
    }
    Ok(file.sync_all()?)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_digest_is_the_files() {
        let mut file = tempfile::tempfile().expect("a file");
        let mut follower = Follower::start(&file).expect("threads");
        let (piece, mut all) = (vec![7u8; 9 << 20], Sha256::new());
        for n in 1..=5u64 {
            file.write_all(&piece).expect("room");
            all.update(&piece);
            follower.reached(n * (9 << 20));
        }
        file.write_all(b"end").expect("room");
        all.update(b"end");
        let digest = follower.finish((45 << 20) + 3).expect("a digest");
        assert_eq!(digest, Digest(all.finalize().into()));
    }
}
