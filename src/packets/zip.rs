//! The packet's file while it is made: entries in the contract's order, their digests kept for the manifests.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use crate::bag::writer::{Entry, WriteError, ZipWriter};
use crate::blobs::{Blobs, PacketFile, Shelf, TempFile, WrittenPacket};
use crate::error::{Error, Result};
use crate::page::{self, Documents, PageSink};
use crate::proof::id::Digest;

/// Bytes gathered before they are written.
const BUFFER: usize = 1 << 20;

/// The packet's ZIP.
pub struct Bag<'b> {
    blobs: &'b Blobs,
    zip: ZipWriter<PacketFile>,
    drafts: DraftEntries,
    open: Option<Entry>,
    /// Digests of what lies under `data/`, by path.
    pub payload: BTreeMap<String, Digest>,
    /// Digests of everything else.
    pub tags: BTreeMap<String, Digest>,
    /// Bytes under `data/`.
    pub payload_bytes: u64,
}

impl<'b> Bag<'b> {
    /// Begins a packet of about so many bytes, whose entries lie in the folder `top`.
    pub fn create(blobs: &'b Blobs, top: &str, about: u64) -> Result<Self> {
        Ok(Self {
            blobs,
            drafts: DraftEntries::default(),
            zip: ZipWriter::new(blobs.packet_file(about)?, top).map_err(refused)?,
            open: None,
            payload: BTreeMap::new(),
            tags: BTreeMap::new(),
            payload_bytes: 0,
        })
    }

    /// Begins an entry of a known length and CRC-32; `write` and `end` follow.
    pub fn begin(&mut self, path: &str, size: u64, crc: u32) -> Result<()> {
        self.open = Some(self.zip.begin(path, size, crc).map_err(refused)?);
        Ok(())
    }

    /// The entry's next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.open {
            Some(entry) => self.zip.write(entry, bytes).map_err(refused),
            None => Err(no_entry()),
        }
    }

    /// Ends the entry, with the digest and the checksum of what was written.
    pub fn end(&mut self, digest: Digest, crc: u32) -> Result<()> {
        let entry = self.open.take().ok_or_else(no_entry)?;
        let (path, size) = self.zip.end(entry, crc).map_err(refused)?;
        self.keep(&path, digest, size);
        Ok(())
    }

    /// Adds what is short enough for memory.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let digest = self.zip.add_bytes(path, bytes).map_err(refused)?;
        self.keep(path, digest, bytes.len() as u64);
        Ok(())
    }

    /// Adds an entry that is made piece by piece. It goes through a temporary file, because an entry's length and checksum
    /// precede its bytes.
    pub fn spool(&mut self, path: &'static str, make: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        self.draft(path, make)?;
        self.add_draft(path)
    }

    /// Makes an entry that is added later.
    pub fn draft(&mut self, path: &str, make: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
        let mut draft = DraftWriter::create(self.blobs)?;
        make(&mut draft.0)?;
        self.drafts.0.insert(path.to_owned(), draft.end()?);
        Ok(())
    }

    /// Adds what was made before. Its bytes stay at hand until the ZIP ends.
    pub fn add_draft(&mut self, path: &str) -> Result<()> {
        let DraftEntry { file, length, crc } = self.drafts.0.get_mut(path).ok_or_else(no_entry)?;
        file.rewind()?;
        let from = BufReader::with_capacity(BUFFER, file);
        let (length, crc) = (*length, *crc);
        let digest = self.zip.add(path, length, crc, from).map_err(refused)?;
        self.keep(path, digest, length);
        Ok(())
    }

    /// Adds what was made, was not added yet, and stands before `end` in a packet.
    pub fn add_drafts_before(&mut self, end: &str) -> Result<()> {
        let made = self.drafts.0.keys().filter(|path| path.as_str() < end);
        let waiting = made.filter(|path| !self.payload.contains_key(*path));
        let waiting: Vec<String> = waiting.cloned().collect();
        waiting.iter().try_for_each(|path| self.add_draft(path))
    }

    /// Makes the pages from the documents, which are all there, if only as drafts.
    pub fn pages(&mut self) -> Result<()> {
        let mut pages = PageDrafts {
            blobs: self.blobs,
            done: DraftEntries::default(),
            open: None,
        };
        page::write(&mut self.drafts, &mut pages).map_err(Error::internal)?;
        pages.close()?;
        self.drafts.0.extend(pages.done.0);
        Ok(())
    }

    /// The documents, which are all there, if only as drafts.
    #[cfg(feature = "pdf")]
    pub fn documents(&mut self) -> &mut dyn Documents {
        &mut self.drafts
    }

    fn keep(&mut self, path: &str, digest: Digest, size: u64) {
        if path.starts_with("data/") {
            self.payload_bytes += size;
            self.payload.insert(path.to_owned(), digest);
        } else {
            self.tags.insert(path.to_owned(), digest);
        }
    }

    /// Ends the ZIP and syncs it.
    pub fn finish(self) -> Result<WrittenPacket> {
        let (out, announced) = self.zip.finish().map_err(refused)?;
        let written = out.finish()?;
        if written.size != announced {
            return Err(Error::internal(format!(
                "a packet of {} bytes where {announced} were written",
                written.size
            )));
        }
        Ok(written)
    }
}

/// An entry that was made, and may wait for its place in the ZIP.
struct DraftEntry {
    file: TempFile,
    length: u64,
    crc: u32,
}

/// All of them, by path.
#[derive(Default)]
struct DraftEntries(BTreeMap<String, DraftEntry>);

/// A draft while it is written.
struct DraftWriter(BufWriter<Summed<TempFile>>);

impl DraftWriter {
    fn create(blobs: &Blobs) -> Result<Self> {
        let summed = Summed {
            out: blobs.temp_file(Shelf::Packets)?,
            length: 0,
            crc: crc32fast::Hasher::new(),
        };
        Ok(Self(BufWriter::with_capacity(BUFFER, summed)))
    }

    fn end(self) -> Result<DraftEntry> {
        let Summed { out, length, crc } = self.0.into_inner().map_err(io::IntoInnerError::into_error)?;
        let (file, crc) = (out, crc.finalize());
        Ok(DraftEntry { file, length, crc })
    }
}

/// The pages as drafts.
struct PageDrafts<'b> {
    blobs: &'b Blobs,
    done: DraftEntries,
    open: Option<(String, DraftWriter)>,
}

impl PageDrafts<'_> {
    fn close(&mut self) -> Result<()> {
        if let Some((path, draft)) = self.open.take() {
            self.done.0.insert(path, draft.end()?);
        }
        Ok(())
    }
}

impl PageSink for PageDrafts<'_> {
    fn begin(&mut self, path: &str) -> io::Result<()> {
        self.close().map_err(io::Error::other)?;
        let draft = DraftWriter::create(self.blobs).map_err(io::Error::other)?;
        self.open = Some((path.to_owned(), draft));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (_, draft) = self.open.as_mut().ok_or(io::ErrorKind::InvalidInput)?;
        draft.0.write_all(bytes)
    }
}

impl Documents for DraftEntries {
    fn read(&mut self, path: &'static str, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let file = &mut self.0.get_mut(path).ok_or(io::ErrorKind::NotFound)?.file;
        file.rewind()?;
        let mut from = BufReader::with_capacity(BUFFER, file);
        loop {
            let bytes = from.fill_buf()?;
            if bytes.is_empty() {
                return Ok(());
            }
            sink(bytes);
            let read = bytes.len();
            from.consume(read);
        }
    }
}

/// What is written, with its length and CRC-32.
struct Summed<W> {
    out: W,
    length: u64,
    crc: crc32fast::Hasher,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.length += written as u64;
        self.crc.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn no_entry() -> Error {
    Error::internal("bytes for a packet's ZIP without an entry")
}

fn refused(e: WriteError) -> Error {
    match e {
        WriteError::Io(e) => e.into(),
        other => Error::internal(format!("the packet's ZIP: {other}")),
    }
}
