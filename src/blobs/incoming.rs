//! A file on its way into the store: in pieces, hashed once while they arrive, off the async workers.

use tokio::sync::oneshot;

use super::{Blobs, Hashing, Shelf, TempFile, sniff};
use crate::error::{Error, Kind, Result};
use crate::proof::id::Digest;
use crate::threads::blocking;

/// Bytes hashed and written at a time.
pub(super) const PIECE: usize = 256 << 10;
/// Bytes after which the disk's reserve is looked at again, after the first look; a multiple of `PIECE`.
const CHECKED: u64 = 16 << 20;
/// Bytes kept for telling what a file is.
const HEAD: usize = 8 << 10;

/// Where a file goes while it arrives. The temporary file is made with the first piece, on a thread that may block.
struct Place {
    blobs: Blobs,
    reserve: u64,
}

/// A file on its way in: not yet made, or open.
enum Sink {
    Place(Place),
    Open(Box<Open>),
}

struct Open {
    place: Place,
    file: TempFile,
    hashing: Hashing,
    head: Vec<u8>,
}

impl Sink {
    fn open(self) -> Result<Box<Open>> {
        let place = match self {
            Self::Open(open) => return Ok(open),
            Self::Place(place) => place,
        };
        place.blobs.check_reserve(place.reserve)?;
        Ok(Box::new(Open {
            file: place.blobs.temp_file(Shelf::Files)?,
            place,
            hashing: Hashing::default(),
            head: Vec::new(),
        }))
    }
}

impl Open {
    fn take(&mut self, piece: &[u8]) -> Result<()> {
        let before = self.hashing.size();
        if before > 0 && before.is_multiple_of(CHECKED) {
            self.place.blobs.check_reserve(self.place.reserve)?;
        }
        self.file.write_out(piece)?;
        self.hashing.take(piece);
        let wanted = HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..wanted]);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Received {
        let hashed = self.hashing.finish();
        Received {
            sha256: hashed.sha256,
            crc32: hashed.crc32,
            size: hashed.size,
            media_type: sniff(&self.head),
            file: self.file,
        }
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

/// The last bytes of a file on its way in, which are still to be written, hashed and synced.
pub struct LastChunk {
    sink: Sink,
    piece: Vec<u8>,
    blobs: Blobs,
}

impl LastChunk {
    /// The rest is hashed and all of it synced.
    pub async fn finish(self) -> Result<Received> {
        blocking(move || {
            let mut received = self.write()?;
            received.file.sync()?;
            Ok(received)
        })
        .await
    }

    /// The rest is hashed and written; blocks. What is of one piece is not yet synced.
    pub fn write(self) -> Result<Received> {
        let mut open = self.sink.open()?;
        open.take(&self.piece)?;
        self.blobs.give_back(self.piece);
        let mut received = open.finish();
        if received.size > PIECE as u64 {
            received.file.sync()?;
        }
        Ok(received)
    }
}

impl Incoming {
    /// A file of at most `limit` bytes; `reserve` bytes stay free on the disk.
    pub(super) fn begin(blobs: &Blobs, limit: u64, reserve: u64) -> Self {
        let blobs = blobs.clone();
        let place = Place {
            blobs: blobs.clone(),
            reserve,
        };
        Self {
            limit,
            size: 0,
            piece: blobs.piece(),
            blobs,
            sink: Some(Sink::Place(place)),
            working: None,
        }
    }

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
        self.working = Some(self.blobs.pool.work(move || {
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
    pub async fn end(mut self) -> Result<LastChunk> {
        if self.working.is_some() {
            let spare = self.settle().await?;
            self.blobs.give_back(spare);
        }
        let sink = self.sink.take();
        Ok(LastChunk {
            sink: sink.ok_or_else(|| Error::internal("an upload without its file"))?,
            piece: std::mem::take(&mut self.piece),
            blobs: self.blobs.clone(),
        })
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
    pub media_type: &'static str,
    pub(super) file: TempFile,
}
