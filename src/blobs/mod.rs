//! The door to stored bytes: evidence files under their SHA-256, the ZIPs of packets, and pictures made of evidence.
//!
//! Nobody outside this module knows folders, paths or file handles. Evidence is hashed once, while it arrives, off the
//! async workers and in pieces, so that memory stays flat and a slow sender holds no thread. It is stored under its hash
//! and survives a crash before a commit names it. Knowing a digest gives nobody the bytes: that is for the gate to decide.

mod checked;
mod cut_off;
mod hash;
mod hash_pool;
mod incoming;
mod local;
mod memory;
mod packet_file;
mod resumed;
mod sniff;
mod store;
mod temp_file;

use std::io::Write;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use checked::CheckedBlobs;
pub use checked::{DAMAGED, ExpectedBytes};
use hash::PIECE;
pub use hash::{Hashed, Hashing, hash, read_some};
use hash_pool::HashPool;
pub use incoming::{Incoming, LastChunk, Received, Resumed, Scratch, WholeUpload};
pub use local::Local;
pub use memory::Memory;
pub use packet_file::{PacketFile, WrittenPacket};
use resumed::Turns;
pub use resumed::UploadTurn;
pub use sniff::sniff;
pub use store::{BlobReader, Found, Key, Listing, Shelf, Stamp, Store, WHOLE};
pub use temp_file::TempFile;

use crate::error::{Error, Result};

/// Pieces kept for the next upload, so that memory is not allocated and cleared anew for each.
const SPARES: usize = 16;

/// A store, with what files need to arrive in it. Everything that a store can do is called on it directly.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn Store>,
    spares: Arc<Mutex<Vec<Vec<u8>>>>,
    pool: HashPool,
    turns: Turns,
    checked: Arc<CheckedBlobs>,
}

impl Deref for Blobs {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl Blobs {
    /// Over a store.
    pub fn new(store: Arc<dyn Store>) -> Result<Self> {
        Ok(Self {
            store,
            spares: Arc::default(),
            pool: HashPool::start()?,
            turns: Turns::default(),
            checked: Arc::default(),
        })
    }

    /// An empty piece with room for `PIECE` bytes.
    fn piece(&self) -> Vec<u8> {
        let spare = self.spares.lock().ok().and_then(|mut spares| spares.pop());
        spare.unwrap_or_else(|| Vec::with_capacity(PIECE))
    }

    fn give_back(&self, mut piece: Vec<u8>) {
        piece.clear();
        if let Ok(mut spares) = self.spares.lock()
            && spares.len() < SPARES
        {
            spares.push(piece);
        }
    }

    /// The store itself, for whoever only reads it.
    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    /// Begins to take a file of at most `limit` bytes.
    /// While it arrives, `reserve` bytes stay free on the disk.
    pub fn receive(&self, limit: u64, reserve: u64) -> Incoming {
        Incoming::begin(self, limit, reserve)
    }

    /// Stores files under their hashes: after this they survive a crash. Blocks.
    pub fn keep(&self, files: Vec<Received>) -> Result<()> {
        for file in files {
            if let Some(bytes) = file.file {
                self.put(&Key::File(file.sha256), bytes)?;
            }
        }
        Ok(())
    }

    /// A new file for a packet of about so many bytes, to be stored when it is finished.
    pub fn packet_file(&self, about: u64) -> Result<PacketFile> {
        PacketFile::create(self.temp_file(Shelf::Packets)?, about)
    }

    /// Stores a picture made of an evidence file. Blocks.
    pub fn keep_picture(&self, key: &Key, bytes: &[u8]) -> Result<()> {
        let mut file = self.temp_file(Shelf::Pictures)?;
        file.write_all(bytes)?;
        Ok(self.put(key, file)?)
    }

    /// Refuses while less than `reserve` bytes would stay free.
    pub fn check_reserve(&self, reserve: u64) -> Result<()> {
        let free = self.free_bytes()?;
        if free >= reserve {
            return Ok(());
        }
        let detail = format!(
            "The disk has {free} bytes left, and {reserve} are kept in reserve: free space, or lower disk_reserve. Nothing was taken."
        );
        Err(Error::unavailable("disk-reserve", detail, 60))
    }
}

#[cfg(test)]
mod tests;
