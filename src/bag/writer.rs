//! Writes a packet's canonical ZIP (contract section 4), front to back: an entry's length and checksum are known before
//! its bytes come, and held to them when they have come.

use std::fmt;
use std::io::{self, Read, Write};

use super::header::{self, Header};
use super::{CHUNK, digest};
use crate::proof::Digest;
use crate::proof::packet::{is_path, rank};

/// Why an entry is refused.
#[derive(Debug)]
pub enum WriteError {
    Io(io::Error),
    /// Not a path that every system can hold.
    Path(String),
    /// It belongs before an entry that is already written, or is that entry.
    Order(String),
    /// The file was not as long as announced.
    Size {
        expected: u64,
        found: u64,
    },
    /// Its bytes do not have the checksum announced.
    Checksum(String),
}

/// Writes entries in the packet's order: exhibits, other data, manifest, tag files, proof, tagmanifest.
pub struct ZipWriter<W> {
    out: W,
    top: String,
    entries: Vec<Header>,
    at: u64,
    last: Option<(u8, String)>,
}

/// An entry between its beginning and its end.
pub struct Entry {
    path: String,
    header: Header,
    found: u64,
}

impl<W: Write> ZipWriter<W> {
    /// Starts a ZIP whose entries all lie in the folder `top`.
    pub fn new(out: W, top: &str) -> Result<Self, WriteError> {
        if !is_path(top) || top.contains('/') {
            return Err(WriteError::Path(top.to_owned()));
        }
        Ok(Self {
            out,
            top: top.to_owned(),
            entries: Vec::new(),
            at: 0,
            last: None,
        })
    }

    /// Begins an entry of `size` bytes with this CRC-32, which follow with `write`; `end` holds them to it.
    pub fn begin(&mut self, path: &str, size: u64, crc: u32) -> Result<Entry, WriteError> {
        if !is_path(path) {
            return Err(WriteError::Path(path.to_owned()));
        }
        let last = self.last.as_ref().map(|(rank, last)| (*rank, last.as_str()));
        if last.is_some_and(|last| last >= (rank(path), path)) {
            return Err(WriteError::Order(path.to_owned()));
        }
        let header = Header {
            name: format!("{}/{path}", self.top),
            size,
            crc,
            offset: self.at,
        };
        self.out.write_all(&header.local())?;
        Ok(Entry {
            path: path.to_owned(),
            header,
            found: 0,
        })
    }

    /// The next bytes of an entry.
    pub fn write(&mut self, entry: &mut Entry, bytes: &[u8]) -> Result<(), WriteError> {
        entry.found += bytes.len() as u64;
        Ok(self.out.write_all(bytes)?)
    }

    /// Ends an entry whose bytes have this CRC-32. Gives its path and length.
    pub fn end(&mut self, entry: Entry, crc: u32) -> Result<(String, u64), WriteError> {
        let Entry { path, header, found } = entry;
        let size = header.size;
        if found != size {
            return Err(WriteError::Size { expected: size, found });
        }
        if crc != header.crc {
            return Err(WriteError::Checksum(path));
        }
        self.at = header.offset + header.local_length() + size;
        self.last = Some((rank(&path), path.clone()));
        self.entries.push(header);
        Ok((path, size))
    }

    /// Copies `size` bytes with this CRC-32 into an entry and gives their SHA-256.
    pub fn add(&mut self, path: &str, size: u64, crc: u32, from: impl Read) -> Result<Digest, WriteError> {
        let mut entry = self.begin(path, size, crc)?;
        let mut failed = None;
        let (digest, found, _) = digest(from.take(size.saturating_add(1)), size, &mut |chunk| {
            failed = failed.take().or_else(|| self.write(&mut entry, chunk).err());
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        self.end(entry, found)?;
        Ok(digest)
    }

    /// Adds an entry that is already in memory.
    pub fn add_bytes(&mut self, path: &str, bytes: &[u8]) -> Result<Digest, WriteError> {
        let crc = crc32fast::hash(bytes);
        let mut entry = self.begin(path, bytes.len() as u64, crc)?;
        self.write(&mut entry, bytes)?;
        self.end(entry, crc)?;
        Ok(Digest::of(bytes))
    }

    /// Writes the central directory; gives back what was written to and its length. Syncing is the caller's.
    pub fn finish(mut self) -> Result<(W, u64), WriteError> {
        let start = self.at;
        let mut directory = Vec::with_capacity(CHUNK);
        for entry in &self.entries {
            let central = entry.central();
            self.at += central.len() as u64;
            directory.extend(central);
            if directory.len() >= CHUNK {
                self.out.write_all(&directory)?;
                directory.clear();
            }
        }
        let end = header::end(self.entries.len() as u64, self.at - start, start);
        self.at += end.len() as u64;
        directory.extend(end);
        self.out.write_all(&directory)?;
        self.out.flush()?;
        Ok((self.out, self.at))
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Path(path) => write!(f, "{path} is not a path a packet can hold"),
            Self::Order(path) => write!(f, "{path} is out of order"),
            Self::Checksum(path) => write!(f, "the bytes of {path} do not have the CRC-32 announced"),
            Self::Size { expected, found } => write!(f, "{found} bytes came where {expected} were announced"),
        }
    }
}

impl std::error::Error for WriteError {}
