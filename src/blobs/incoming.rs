//! A file on its way into the store: in pieces, hashed once while they arrive, off the async workers.

use std::fs::File;

use tokio::sync::oneshot;

use super::{Blobs, Hashing, PIECE, Shelf, TempFile, sniff};
use crate::error::{Error, Kind, Result};
use crate::proof::id::Digest;
use crate::threads::blocking;

/// Bytes after which the disk's reserve is looked at again, after the first look; a multiple of `PIECE`.
const CHECKED: u64 = 16 << 20;
/// Bytes kept for telling what a file is.
const HEAD: usize = 8 << 10;

/// What pieces are written to. The temporary file is made with the first piece, on a thread that may block.
struct Sink {
    blobs: Blobs,
    reserve: u64,
    file: Option<TempFile>,
    hashing: Hashing,
    head: Vec<u8>,
}

impl Sink {
    fn take(&mut self, piece: &[u8]) -> Result<()> {
        if self.hashing.size().is_multiple_of(CHECKED) {
            self.blobs.check_reserve(self.reserve)?;
        }
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
        let hashed = self.hashing.finish();
        Ok(Received {
            sha256: hashed.sha256,
            crc32: hashed.crc32,
            size: hashed.size,
            media_type: sniff(&self.head),
            file: self.file.ok_or_else(without_file)?,
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
            received.file.sync()?;
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
            received.file.sync()?;
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
            file: received.file,
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
    pub media_type: &'static str,
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
            }),
            working: None,
        }
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
    pub media_type: &'static str,
    pub(super) file: TempFile,
}
