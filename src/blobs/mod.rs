//! The files' bytes: a folder in which each file lies under its SHA-256 and never changes.
//!
//! Bytes are hashed once, while they arrive, off the async workers and in pieces, so that memory stays flat and a slow
//! sender holds no thread. A file is synced, renamed under its hash and its folder synced before anyone is answered.
//! Another store (S3) would join as a second implementation; there is none yet, so there is no trait.

mod hands;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

use hands::Hands;

use crate::db::blocking;
use crate::error::{Error, Kind, Result};
use crate::proof::id::Digest;

/// Bytes hashed and written at a time.
const PIECE: usize = 256 << 10;
/// Pieces kept for the next upload, so that memory is not asked for and cleared anew for each.
const SPARES: usize = 16;
/// Bytes after which the disk's reserve is looked at again, after the first look; a multiple of `PIECE`.
const CHECKED: u64 = 16 << 20;
/// Bytes kept for telling what a file is.
const HEAD: usize = 8 << 10;

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
        let place = Place {
            blobs: self.clone(),
            path: self.root.join("incoming").join(name),
            reserve,
        };
        Incoming {
            limit,
            size: 0,
            piece: self.piece(),
            blobs: self.clone(),
            sink: Some(Sink::Place(place)),
            working: None,
        }
    }

    /// Ends the last file, looks at it with `check`, and puts it and the others under their hashes, folders synced:
    /// after this they survive a crash. A file that `check` refuses leaves nothing, and nothing of the others. Blocks.
    pub fn keep(
        &self,
        mut files: Vec<Received>,
        last: Option<Tail>,
        check: impl FnOnce(&Received) -> Result<()>,
    ) -> Result<Vec<Received>> {
        if let Some(tail) = last {
            let received = tail.write()?;
            check(&received)?;
            files.push(received);
        }
        for file in &mut files {
            place(&self.root, file)?;
        }
        Ok(files)
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

/// Renames over what may be there: the same bytes by their hash, or a damaged copy that is mended by it.
fn place(root: &Path, received: &mut Received) -> Result<()> {
    let to = path_of(root, &received.sha256);
    if let Some(from) = &received.path.0 {
        fs::rename(from, &to)?;
    }
    received.path.0 = None;
    match to.parent() {
        Some(folder) => Ok(File::open(folder)?.sync_all()?),
        None => Ok(()),
    }
}

/// A file in `incoming` that is removed unless it is renamed away.
#[derive(Debug)]
struct Leftover(Option<PathBuf>);

impl Drop for Leftover {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It may be gone already; the sweep at the next start takes what stays.
            let _ = fs::remove_file(path);
        }
    }
}

/// Where a file is to lie while it arrives; it is made with its first piece, on a thread that may block.
struct Place {
    blobs: Blobs,
    path: PathBuf,
    reserve: u64,
}

/// A file on its way in: not yet made, or open.
enum Sink {
    Place(Place),
    Open(Box<Open>),
}

struct Open {
    place: Place,
    file: File,
    leftover: Leftover,
    sha256: Sha256,
    crc32: crc32fast::Hasher,
    head: Vec<u8>,
    size: u64,
}

impl Sink {
    fn open(self) -> Result<Box<Open>> {
        let place = match self {
            Self::Open(open) => return Ok(open),
            Self::Place(place) => place,
        };
        place.blobs.check_reserve(place.reserve)?;
        let file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&place.path)?;
        let leftover = Leftover(Some(place.path.clone()));
        let (sha256, crc32) = (Sha256::new(), crc32fast::Hasher::new());
        Ok(Box::new(Open {
            place,
            file,
            leftover,
            sha256,
            crc32,
            head: Vec::new(),
            size: 0,
        }))
    }
}

impl Open {
    fn take(&mut self, piece: &[u8]) -> Result<()> {
        if self.size > 0 && self.size.is_multiple_of(CHECKED) {
            self.place.blobs.check_reserve(self.place.reserve)?;
        }
        self.file.write_all(piece)?;
        self.sha256.update(piece);
        self.crc32.update(piece);
        let wanted = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..wanted]);
        self.size += piece.len() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Received> {
        self.file.sync_all()?;
        Ok(Received {
            sha256: Digest(self.sha256.finalize().into()),
            crc32: self.crc32.finalize(),
            size: self.size,
            media_type: sniff(&self.head),
            path: self.leftover,
        })
    }
}

type Working = oneshot::Receiver<Result<(Sink, Vec<u8>)>>;

/// A file on its way in. Dropped before its end is written, it leaves nothing.
pub struct Incoming {
    limit: u64,
    size: u64,
    piece: Vec<u8>,
    blobs: Blobs,
    sink: Option<Sink>,
    working: Option<Working>,
}

/// The end of a file on its way in: what is still to be written, hashed and synced.
pub struct Tail {
    sink: Sink,
    piece: Vec<u8>,
    blobs: Blobs,
}

impl Tail {
    /// The rest is hashed and all of it synced.
    pub async fn finish(self) -> Result<Received> {
        blocking(move || self.write()).await
    }

    fn write(self) -> Result<Received> {
        let mut open = self.sink.open()?;
        open.take(&self.piece)?;
        self.blobs.give_back(self.piece);
        open.finish()
    }
}

impl Incoming {
    /// Takes the next bytes.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            return Err(Error::new(
                Kind::TooLarge,
                "too-large",
                format!(
                    "A file has at most {} bytes here (setting max_file). Nothing was kept.",
                    self.limit
                ),
            ));
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let fits = (PIECE - self.piece.len()).min(rest.len());
            self.piece.extend_from_slice(&rest[..fits]);
            rest = &rest[fits..];
            if self.piece.len() == PIECE {
                self.hand_over().await?;
            }
        }
        Ok(())
    }

    /// One piece is hashed and written while the next arrives.
    async fn hand_over(&mut self) -> Result<()> {
        let spare = self.settle().await?;
        let piece = std::mem::replace(&mut self.piece, spare);
        let sink = self
            .sink
            .take()
            .ok_or_else(|| Error::internal("an upload without its file"))?;
        self.working = Some(self.blobs.hands.work(move || {
            let mut open = sink.open()?;
            open.take(&piece)?;
            let mut spare = piece;
            spare.clear();
            Ok((Sink::Open(open), spare))
        })?);
        Ok(())
    }

    async fn settle(&mut self) -> Result<Vec<u8>> {
        let Some(working) = self.working.take() else {
            return Ok(self.blobs.piece());
        };
        let (sink, spare) = working.await.map_err(Error::internal)??;
        self.sink = Some(sink);
        Ok(spare)
    }

    /// All bytes have come.
    pub async fn end(mut self) -> Result<Tail> {
        if self.working.is_some() {
            let spare = self.settle().await?;
            self.blobs.give_back(spare);
        }
        let sink = self.sink.take();
        Ok(Tail {
            sink: sink.ok_or_else(|| Error::internal("an upload without its file"))?,
            piece: std::mem::take(&mut self.piece),
            blobs: self.blobs.clone(),
        })
    }
}

/// A file that has arrived whole and is synced, but not yet under its hash.
#[derive(Debug)]
pub struct Received {
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// CRC-32 of the bytes, for the packet's ZIP.
    pub crc32: u32,
    /// Bytes.
    pub size: u64,
    /// What the bytes say they are.
    pub media_type: &'static str,
    path: Leftover,
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
    async fn without_room_no_file_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(folder.path()).expect("a store");
        let mut incoming = blobs.receive(100, u64::MAX);
        incoming.push(b"bytes").await.expect("taken into memory");
        let tail = incoming.end().await.expect("all came");
        let refused = blobs.keep(Vec::new(), Some(tail), |_| Ok(())).expect_err("no room");
        assert_eq!(refused.slug, "disk-reserve");
        assert_eq!(
            (blobs.all().expect("a list").len(), blobs.sweep().expect("swept")),
            (0, 0)
        );
    }
}
