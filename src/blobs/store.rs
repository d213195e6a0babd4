//! What every store of bytes can do. Nobody above knows folders or file handles: bytes are addressed by a key.

use std::fmt::Debug;
use std::io::{self, Read};
use std::ops::Range;

use super::TempFile;
use crate::pictures::ThumbSize;
use crate::proof::id::Digest;

/// The address of stored bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// An evidence file, by the SHA-256 of its bytes. It never changes.
    File(Digest),
    /// The ZIP of a packet, by the packet's id.
    Packet(String),
    /// A picture made of an evidence file. It is no evidence: it may be lost, and is made again.
    Picture(Digest, ThumbSize),
}

/// The kinds of stored bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Evidence files.
    Files,
    /// Packets.
    Packets,
    /// Thumbnails and previews.
    Pictures,
}

impl Key {
    /// Where it belongs.
    pub fn shelf(&self) -> Shelf {
        match self {
            Self::File(_) => Shelf::Files,
            Self::Packet(_) => Shelf::Packets,
            Self::Picture(..) => Shelf::Pictures,
        }
    }
}

/// The range of all bytes, however many there are.
pub const WHOLE: Range<u64> = 0..u64::MAX;

/// How bytes lay in the store at a moment: another stamp where something was written to them since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(pub String);

/// Stored bytes, read from front to back.
pub type BlobReader = Box<dyn Read + Send>;

/// Something that lies in the store.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it lies, in words for the operator.
    pub place: String,
    /// Its key. What lies under a wrong name has none.
    pub key: Option<Key>,
}

/// What lies in a store, in no particular order.
pub type Listing = Box<dyn Iterator<Item = io::Result<Found>> + Send>;

/// A store of bytes: a local folder, or memory for tests. All calls block.
///
/// The interface assumes no rename and no random access to stored bytes, so that an object store can implement it: a
/// temporary file lies on this machine until `put` hands all its bytes to the store.
pub trait Store: Debug + Send + Sync {
    /// A new temporary file for bytes that will go to this shelf.
    fn temp_file(&self, shelf: Shelf) -> io::Result<TempFile>;

    /// The file of an upload that comes in several requests, by the upload's id: as it was left, or a new one. It lies on
    /// this machine, and stays when it is dropped, also over a restart.
    fn partial(&self, id: &str) -> io::Result<TempFile>;

    /// Removes such a file, if there is one.
    fn remove_partial(&self, id: &str) -> io::Result<()>;

    /// The ids of all such files.
    fn partials(&self) -> io::Result<Vec<String>>;

    /// Stores the bytes of a temporary file under a key, over what may lie there. When this returns, the bytes survive a
    /// crash.
    fn put(&self, key: &Key, file: TempFile) -> io::Result<()>;

    /// Opens stored bytes. A range that ends after the last byte is cut short there.
    fn open(&self, key: &Key, range: Range<u64>) -> io::Result<BlobReader>;

    /// How many bytes lie under a key; `None` where nothing does.
    fn size(&self, key: &Key) -> io::Result<Option<u64>>;

    /// What changes when something is written to what lies under a key: inode and times, or an object's ETag. `None` where
    /// nothing lies there, or the store cannot tell.
    fn stamp(&self, _key: &Key) -> io::Result<Option<Stamp>> {
        Ok(None)
    }

    /// Lists a shelf.
    fn list(&self, shelf: Shelf) -> io::Result<Listing>;

    /// Removes what lies under a key, if anything does.
    fn remove(&self, key: &Key) -> io::Result<()>;

    /// Announces that these bytes will be read soon. A hint: failures show when they are read.
    fn prefetch(&self, _key: &Key) {}

    /// How many bytes the store can still take.
    fn free_bytes(&self) -> io::Result<u64>;

    /// Removes the temporary files that an earlier run left, and counts those of uploads. Only at the start, before
    /// listening.
    fn sweep(&self) -> io::Result<u64>;
}
