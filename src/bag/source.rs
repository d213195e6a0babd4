//! Where a ZIP's bytes come from: a file on this machine, or one that a browser hands over piece by piece.

use std::fs::File;
use std::io::{self, Read};

/// A file that is read at any place, by several threads at once.
pub trait ZipBytes: Send + Sync {
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Reads at most the buffer's length from this place; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;
}

impl ZipBytes for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, at)
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buffer, at)
    }

    /// Where there are no files, none is read.
    #[cfg(not(any(unix, windows)))]
    fn read_at(&self, _buffer: &mut [u8], _at: u64) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Part of a file, read without moving a cursor, so that threads share it.
pub(super) struct ReadAt<'f> {
    file: &'f dyn ZipBytes,
    at: u64,
    left: u64,
}

impl<'f> ReadAt<'f> {
    pub(super) fn new(file: &'f dyn ZipBytes, at: u64, left: u64) -> Self {
        Self { file, at, left }
    }
}

impl Read for ReadAt<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let n = self.file.read_at(&mut buffer[..length], self.at)?;
        (self.at, self.left) = (self.at + n as u64, self.left - n as u64);
        Ok(n)
    }
}
