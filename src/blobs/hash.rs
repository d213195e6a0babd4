//! What a file's bytes are: SHA-256, CRC-32 and length, computed in one pass.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::proof::id::Digest;

/// Bytes read, hashed and written at a time.
pub(super) const PIECE: usize = 256 << 10;

/// What bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashed {
    /// SHA-256.
    pub sha256: Digest,
    /// CRC-32, as a ZIP needs it.
    pub crc32: u32,
    /// How many.
    pub size: u64,
}

/// Hashes bytes that come in pieces.
#[derive(Default)]
pub struct Hashing {
    sha256: Sha256,
    crc32: crc32fast::Hasher,
    size: u64,
}

impl Hashing {
    /// Takes the next bytes.
    pub fn take(&mut self, piece: &[u8]) {
        self.sha256.update(piece);
        self.crc32.update(piece);
        self.size += piece.len() as u64;
    }

    /// How many bytes it has taken.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// What they are.
    pub fn finish(self) -> Hashed {
        Hashed {
            sha256: Digest(self.sha256.finalize().into()),
            crc32: self.crc32.finalize(),
            size: self.size,
        }
    }
}

/// Reads to the end and hashes what comes. `each` sees every piece.
pub fn hash(mut from: impl Read, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Hashed> {
    let (mut hashing, mut piece) = (Hashing::default(), vec![0; PIECE]);
    loop {
        let length = read_some(&mut from, &mut piece)?;
        if length == 0 {
            return Ok(hashing.finish());
        }
        hashing.take(&piece[..length]);
        each(&piece[..length])?;
    }
}

/// Reads once, again where a signal interrupted it; 0 at the end.
pub fn read_some(from: &mut impl Read, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(piece) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
