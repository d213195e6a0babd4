//! A file on its way into the store: in pieces, hashed once while they arrive, off the async workers.

use std::borrow::Cow;
use std::fs::File;

use tokio::sync::oneshot;

use super::cut_off::is_cut_off;
use super::{Blobs, Hashed, Hashing, PIECE, Shelf, TempFile, sniff};
use crate::error::{Error, Kind, Result};
use crate::proof::id::Digest;
use crate::threads::blocking;

/// Bytes after which the disk's reserve is looked at again, after the first look; a multiple of `PIECE`.
const CHECKED: u64 = 16 << 20;
/// Bytes kept for telling what a file is.
pub(super) const HEAD: usize = 8 << 10;

/// What pieces are written to. The temporary file is made with the first piece, on a thread that may block.
struct Sink {
    blobs: Blobs,
    reserve: u64,
    file: Option<TempFile>,
    hashing: Hashing,
    head: Vec<u8>,
    /// Bytes since the disk's reserve was looked at.
    unchecked: u64,
}

impl Sink {
    fn take(&mut self, piece: &[u8]) -> Result<()> {
        if self.unchecked >= CHECKED {
            self.blobs.check_reserve(self.reserve)?;
            self.unchecked = 0;
        }
        self.unchecked += piece.len() as u64;
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(self.blobs.temp_file(Shelf::Files)?),
        };
        file.write_out(piece)?;
        self.hashing.take(piece);
        let wanted = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..wanted]);
        Ok(())
    }

    fn finish(self) -> Result<Received> {
        let (hashed, media_type) = (self.hashing.finish(), sniff(&self.head));
        let file = self.file.ok_or_else(without_file)?;
        Ok(Received {
            sha256: hashed.sha256,
            crc32: hashed.crc32,
            size: hashed.size,
            cut_off: is_cut_off(&file.handle()?.0, &media_type, hashed.size)?,
            media_type,
            file: Some(file),
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
    /// `None` while a thread works with it.
    sink: Option<Sink>,
    /// The piece that is being written; it comes back empty, with the sink.
    working: Option<Working>,
}

/// The last bytes of a file on its way in, which are still to be written, hashed and synced.
pub struct LastChunk {
    sink: Sink,
    piece: Vec<u8>,
}

impl LastChunk {
    /// Hashes and writes the rest, and syncs the file.
    pub async fn finish(self) -> Result<Received> {
        blocking(move || {
            let mut received = self.write()?;
            received.sync()?;
            Ok(received)
        })
        .await
    }

    /// Hashes and writes the rest; blocks. A file of one piece is not synced yet.
    pub fn write(mut self) -> Result<Received> {
        self.sink.take(&self.piece)?;
        self.sink.blobs.give_back(self.piece);
        let mut received = self.sink.finish()?;
        if received.size > PIECE as u64 {
            received.sync()?;
        }
        Ok(received)
    }

    /// Hashes and writes the rest of a file that is not kept; blocks.
    pub fn look(mut self) -> Result<Scratch> {
        self.sink.take(&self.piece)?;
        self.sink.blobs.give_back(self.piece);
        let received = self.sink.finish()?;
        Ok(Scratch {
            sha256: received.sha256,
            size: received.size,
            media_type: received.media_type,
            file: received.file.ok_or_else(without_file)?,
        })
    }
}

/// A file that is looked at and not kept: never synced, and gone when dropped.
pub struct Scratch {
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// Bytes.
    pub size: u64,
    /// What the bytes say they are.
    pub media_type: Cow<'static, str>,
    file: TempFile,
}

impl Scratch {
    /// The file, to be read.
    pub fn open(&self) -> Result<File> {
        Ok(self.file.handle()?.0)
    }
}

impl Incoming {
    /// A file of at most `limit` bytes; `reserve` bytes stay free on the disk.
    pub(super) fn begin(blobs: &Blobs, limit: u64, reserve: u64) -> Self {
        Self {
            limit,
            size: 0,
            piece: blobs.piece(),
            blobs: blobs.clone(),
            sink: Some(Sink {
                blobs: blobs.clone(),
                reserve,
                file: None,
                hashing: Hashing::default(),
                head: Vec::new(),
                unchecked: CHECKED,
            }),
            working: None,
        }
    }

    /// Goes on with a file of which some bytes have come.
    pub(super) fn go_on(blobs: &Blobs, resumed: Resumed, limit: u64, reserve: u64) -> Self {
        Self {
            limit,
            size: resumed.size(),
            piece: blobs.piece(),
            blobs: blobs.clone(),
            sink: Some(Sink {
                blobs: blobs.clone(),
                reserve,
                file: Some(resumed.file),
                hashing: resumed.hashing,
                head: resumed.head,
                unchecked: CHECKED,
            }),
            working: None,
        }
    }

    /// Writes what has come, and waits until it is on the disk. More of it comes with another request.
    pub async fn pause(mut self) -> Result<Resumed> {
        let spare = self.settle().await?;
        let mut sink = self.sink.take().ok_or_else(without_file)?;
        let piece = std::mem::take(&mut self.piece);
        blocking(move || {
            if !piece.is_empty() {
                sink.take(&piece)?;
            }
            [Some(piece), spare]
                .into_iter()
                .flatten()
                .for_each(|piece| sink.blobs.give_back(piece));
            let file = sink.file.ok_or_else(without_file)?;
            file.sync_bytes()?;
            Ok(Resumed {
                file,
                hashing: sink.hashing,
                head: sink.head,
            })
        })
        .await
    }

    /// Takes the next bytes.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            let limit = self.limit;
            let detail = format!("A file has at most {limit} bytes here (setting max_file). Nothing was kept.");
            return Err(Error::new(Kind::TooLarge, "too-large", detail));
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
        let spare = self.settle().await?.unwrap_or_else(|| self.blobs.piece());
        let mut piece = std::mem::replace(&mut self.piece, spare);
        let mut sink = self.sink.take().ok_or_else(without_file)?;
        self.working = Some(self.blobs.pool.work(move || {
            sink.take(&piece)?;
            piece.clear();
            Ok((sink, piece))
        })?);
        Ok(())
    }

    /// Waits for the piece that is being written, and gives it back.
    async fn settle(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(working) = self.working.take() else {
            return Ok(None);
        };
        let (sink, spare) = working.await.map_err(Error::internal)??;
        self.sink = Some(sink);
        Ok(Some(spare))
    }

    /// All bytes have come.
    pub async fn end(mut self) -> Result<LastChunk> {
        if let Some(spare) = self.settle().await? {
            self.blobs.give_back(spare);
        }
        Ok(LastChunk {
            sink: self.sink.ok_or_else(without_file)?,
            piece: self.piece,
        })
    }
}

fn without_file() -> Error {
    Error::internal("an upload without its file")
}

/// A file of which some bytes have come, with the hash of these.
pub struct Resumed {
    pub(super) file: TempFile,
    pub(super) hashing: Hashing,
    pub(super) head: Vec<u8>,
}

/// A file that has come whole over several requests.
#[derive(Debug, Clone)]
pub struct WholeUpload {
    /// What its bytes are.
    pub hashed: Hashed,
    /// What the bytes say they are.
    pub media_type: Cow<'static, str>,
}

impl Resumed {
    /// How many bytes have come.
    pub fn size(&self) -> u64 {
        self.hashing.size()
    }

    /// All of them have come.
    pub fn finish(self) -> WholeUpload {
        WholeUpload {
            media_type: sniff(&self.head),
            hashed: self.hashing.finish(),
        }
    }
}

/// A file that has arrived whole, but does not yet lie under its hash.
#[derive(Debug)]
pub struct Received {
    /// SHA-256 of the bytes.
    pub sha256: Digest,
    /// CRC-32 of the bytes, for the packet's ZIP.
    pub crc32: u32,
    /// Bytes.
    pub size: u64,
    /// What the bytes say they are.
    pub media_type: Cow<'static, str>,
    /// Whether it ends before its format says.
    pub cut_off: bool,
    /// None where the bytes lie under their hash already.
    pub(super) file: Option<TempFile>,
}

impl Received {
    fn sync(&mut self) -> Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| Ok(file.sync()?))
    }
}
