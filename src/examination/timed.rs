//! Reading that ends in time, so that what was found until then is told: a process that goes past its limit is ended with all
//! that it found.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::time::{Duration, Instant};

/// How long a part of a file is read: less than the process may take (`pictures::child`).
pub(super) const LONGEST: Duration = Duration::from_secs(15);

/// Until when is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadingTime(Instant);

impl ReadingTime {
    /// From now on, for so long.
    pub fn from_now(long: Duration) -> Self {
        Self(Instant::now() + long)
    }

    /// Whether it is over.
    pub fn is_over(self) -> bool {
        Instant::now() >= self.0
    }
}

/// Reads as what is inside, and fails once the time is over.
pub(super) struct TimedReader<R> {
    inner: R,
    time: ReadingTime,
}

impl<R> TimedReader<R> {
    pub fn new(inner: R, time: ReadingTime) -> Self {
        Self { inner, time }
    }
}

impl<R: Read> Read for TimedReader<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.time.is_over() {
            true => Err(io::Error::new(ErrorKind::TimedOut, "the time for reading it is over")),
            false => self.inner.read(bytes),
        }
    }
}

impl<R: Seek> Seek for TimedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// Why the rest was not read.
pub(super) fn stopped() -> String {
    let most = LONGEST.as_secs();
    format!(
        "reading it stopped after {most} seconds, which is the limit: what was found until then is told, and the rest was not read"
    )
}
