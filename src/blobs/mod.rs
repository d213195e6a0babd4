//! The files' bytes: a folder in which each file lies under its SHA-256 and never changes.
//!
//! Bytes are hashed once, while they arrive, off the async workers and in pieces, so that memory stays flat and a slow
//! sender holds no thread. A file is synced, renamed under its hash and its folder synced before a commit names it.
//! Another store (S3) would join as a second implementation; there is none yet, so there is no trait.

mod draft;
mod hands;
mod incoming;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use hands::Hands;
use incoming::PIECE;
pub use incoming::{Incoming, Received, Tail};

use crate::error::{Error, Result};
use crate::proof::id::Digest;

/// Pieces kept for the next upload, so that memory is not asked for and cleared anew for each.
const SPARES: usize = 16;

/// The store.
#[derive(Clone)]
pub struct Blobs {
    root: Arc<PathBuf>,
    serial: Arc<AtomicU64>,
    spares: Arc<Mutex<Vec<Vec<u8>>>>,
    hands: Hands,
}

impl Blobs {
    /// Opens the folder, making what is missing.
    pub fn open(root: &Path) -> Result<Self> {
        fs::create_dir_all(root.join("incoming"))?;
        for n in 0..=255u8 {
            fs::create_dir_all(root.join(format!("sha256/{n:02x}")))?;
        }
        File::open(root.join("sha256"))?.sync_all()?;
        File::open(root)?.sync_all()?;
        let serial = Arc::new(AtomicU64::new(u64::from_le_bytes(crate::clock::random::<8>())));
        Ok(Self {
            root: Arc::new(root.to_owned()),
            serial,
            spares: Arc::default(),
            hands: Hands::hire()?,
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

    /// Removes what uploads cut off by a stop left behind. Only at the start, before listening.
    pub fn sweep(&self) -> Result<u64> {
        let mut swept = 0;
        for entry in fs::read_dir(self.root.join("incoming"))? {
            fs::remove_file(entry?.path())?;
            swept += 1;
        }
        Ok(swept)
    }

    /// Begins to take a file of at most `limit` bytes.
    /// While it arrives, `reserve` bytes stay free on the disk.
    pub fn receive(&self, limit: u64, reserve: u64) -> Incoming {
        let name = format!("{:016x}", self.serial.fetch_add(1, Ordering::Relaxed));
        Incoming::begin(self, self.root.join("incoming").join(name), limit, reserve)
    }

    /// Syncs files and puts them under their hashes, folders synced: after this they survive a crash. Blocks.
    pub fn keep(&self, files: Vec<Received>) -> Result<()> {
        for file in files {
            place(&self.root, file)?;
        }
        Ok(())
    }

    /// Where a file lies, whether it is there or not.
    pub fn path(&self, sha256: &Digest) -> PathBuf {
        path_of(&self.root, sha256)
    }

    /// Opens a file for reading.
    pub fn read(&self, sha256: &Digest) -> Result<File> {
        Ok(File::open(self.path(sha256))?)
    }

    /// All hashes in the store, for audit.
    pub fn all(&self) -> Result<Vec<Digest>> {
        let mut out = Vec::new();
        for folder in fs::read_dir(self.root.join("sha256"))? {
            for file in fs::read_dir(folder?.path())? {
                let name = file?.file_name();
                out.extend(name.to_str().and_then(|n| n.parse::<Digest>().ok()));
            }
        }
        Ok(out)
    }

    /// Refuses while less than `reserve` bytes would stay free.
    pub fn check_reserve(&self, reserve: u64) -> Result<()> {
        let stat = rustix::fs::statvfs(self.root.as_path()).map_err(std::io::Error::from)?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free >= reserve {
            return Ok(());
        }
        let detail = format!(
            "The disk has {free} bytes left, and {reserve} are kept in reserve: free space, or lower disk_reserve. Nothing was taken."
        );
        Err(Error::unavailable("disk-reserve", detail, 60))
    }
}

fn path_of(root: &Path, sha256: &Digest) -> PathBuf {
    let hex = sha256.to_string();
    root.join("sha256").join(&hex[..2]).join(hex)
}

/// Puts a file under its hash; it and its folder are synced.
fn place(root: &Path, received: Received) -> Result<()> {
    let to = path_of(root, &received.sha256);
    received.draft.put(&to)?;
    match to.parent() {
        Some(folder) => Ok(File::open(folder)?.sync_all()?),
        None => Ok(()),
    }
}

/// What the first bytes say a file is. It decides nothing but how the file is shown.
pub fn sniff(head: &[u8]) -> &'static str {
    if is_mhtml(head) {
        return "multipart/related";
    }
    if head.starts_with(b"WARC/") {
        return "application/warc";
    }
    match infer::get(head) {
        Some(kind) => kind.mime_type(),
        None if head.is_empty() => "application/x-empty",
        None if is_text(head) => "text/plain",
        None => "application/octet-stream",
    }
}

/// A mail by its first header, and one of several parts by another.
fn is_mhtml(head: &[u8]) -> bool {
    let starts = |word: &str| {
        head.get(..word.len())
            .is_some_and(|h| h.eq_ignore_ascii_case(word.as_bytes()))
    };
    let mail = starts("from:") || starts("mime-version:") || starts("content-type:");
    let lower = || head[..head.len().min(2048)].to_ascii_lowercase();
    mail && lower().windows(17).any(|w| w == b"multipart/related")
}

fn is_text(head: &[u8]) -> bool {
    let whole = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The head may end within a character.
        Err(e) => e.error_len().is_none(),
    };
    whole && !head.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_of_one_piece_and_of_more_lie_under_their_hash() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("a store");
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1] {
            let bytes = vec![7; size];
            let mut incoming = blobs.receive(1 << 20, 0);
            incoming.push(&bytes).await.expect("taken");
            let tail = incoming.end().await.expect("all came");
            let received = tail.write().expect("written");
            let sha256 = received.sha256;
            assert_eq!(sha256, Digest::of(&bytes));
            blobs.keep(vec![received]).expect("kept");
            assert_eq!(fs::read(blobs.path(&sha256)).expect("a file"), bytes);
            assert_eq!(blobs.sweep().expect("swept"), 0);
        }
    }

    #[tokio::test]
    async fn without_room_no_file_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("a store");
        let mut incoming = blobs.receive(100, u64::MAX);
        incoming.push(b"bytes").await.expect("taken into memory");
        let tail = incoming.end().await.expect("all came");
        let refused = tail.write().expect_err("no room");
        assert_eq!(refused.slug, "disk-reserve");
        assert_eq!(
            (blobs.all().expect("a list").len(), blobs.sweep().expect("swept")),
            (0, 0)
        );
    }
}
