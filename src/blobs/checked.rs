//! Stored bytes that are compared with what they must be before they leave.
//!
//! Whoever sends all bytes hashes them on the way. Whoever sends some of them has all of them read first: what was read
//! whole and right counts for ten minutes, as long as nothing was written to it meanwhile, as far as the store can tell.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::Blobs;
use super::hash::{Hashed, hash};
use super::store::{Key, Stamp, WHOLE};
use crate::error::{Error, Kind, Result};
use crate::proof::id::Digest;

/// How long bytes that were read whole and right need not be read again.
const GOOD_FOR: Duration = Duration::from_secs(600);
/// Blobs remembered at the most.
const KEPT: usize = 10_000;
/// Blobs that are read at the same time, only to be compared.
const TURNS: usize = 16;

/// Stored bytes, and what they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedBytes {
    /// Where they lie.
    pub key: Key,
    /// Their SHA-256.
    pub sha256: Digest,
    /// How many they are.
    pub size: u64,
}

impl ExpectedBytes {
    /// An evidence file.
    pub fn file(sha256: Digest, size: u64) -> Self {
        Self {
            key: Key::File(sha256),
            sha256,
            size,
        }
    }

    /// The error where they are something else.
    pub fn damaged(&self, how: &str) -> Error {
        let what = match &self.key {
            Key::File(sha256) => format!("The stored file {sha256}"),
            Key::Packet(id) => format!("The file of packet {id}"),
            Key::Picture(sha256, size) => format!("The {size} of the file {sha256}"),
        };
        let detail = format!("{what} is not what was recorded: {how}. It is not given out; an audit names it.");
        Error::new(Kind::Conflict, DAMAGED, detail)
    }

    /// The error where they cannot be read.
    pub fn unreadable(&self, e: io::Error) -> Error {
        let lost = e.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
        match lost || e.kind() == ErrorKind::NotFound {
            true => self.damaged(&format!("it cannot be read ({e})")),
            false => e.into(),
        }
    }

    /// Compares what was read.
    pub fn compare(&self, read: &Hashed) -> Result<()> {
        if read.size != self.size {
            return Err(self.damaged(&format!("it has {} bytes instead of {}", read.size, self.size)));
        }
        if read.sha256 != self.sha256 {
            return Err(self.damaged(&format!("its SHA-256 is now {}", read.sha256)));
        }
        Ok(())
    }
}

/// The code of the error about damaged bytes.
pub const DAMAGED: &str = "evidence-damaged";

/// What was read whole and right, and the turns of those who read.
#[derive(Default)]
pub(super) struct CheckedBlobs {
    good: Mutex<HashMap<Key, (Stamp, Instant)>>,
    turns: [Mutex<()>; TURNS],
}

impl Blobs {
    /// Sees that bytes are what they must be: reads them all, unless that was done a while ago and nothing was written
    /// since. Blocks.
    ///
    /// # Errors
    /// `evidence-damaged` where they are not.
    pub fn check(&self, expected: &ExpectedBytes) -> Result<Option<Stamp>> {
        if let Some(stamp) = self.known_good(expected)? {
            return Ok(Some(stamp));
        }
        // One reads, the others wait for what comes of it. A poisoned turn is a turn all the same.
        let turn = usize::from(expected.sha256.as_bytes()[0]) % TURNS;
        let _turn = self.checked.turns[turn].lock().unwrap_or_else(|e| e.into_inner());
        if let Some(stamp) = self.known_good(expected)? {
            return Ok(Some(stamp));
        }
        let before = self.stamp_of(expected)?;
        let read = self.open(&expected.key, WHOLE).and_then(|all| hash(all, |_| Ok(())));
        expected.compare(&read.map_err(|e| expected.unreadable(e))?)?;
        self.found_good(expected, before)
    }

    /// Remembers bytes that were read whole and right since they had this stamp.
    ///
    /// # Errors
    /// Where something was written meanwhile.
    pub fn found_good(&self, expected: &ExpectedBytes, before: Option<Stamp>) -> Result<Option<Stamp>> {
        self.is_still(expected, before.as_ref())?;
        if let (Some(stamp), Ok(mut good)) = (&before, self.checked.good.lock()) {
            let now = Instant::now();
            if good.len() >= KEPT {
                good.retain(|_, (_, at)| now.duration_since(*at) < GOOD_FOR);
            }
            if good.len() < KEPT {
                good.insert(expected.key.clone(), (stamp.clone(), now));
            }
        }
        Ok(before)
    }

    /// Fails where something was written since the bytes had this stamp.
    pub fn is_still(&self, expected: &ExpectedBytes, before: Option<&Stamp>) -> Result<()> {
        match self.stamp_of(expected)?.as_ref() == before {
            true => Ok(()),
            false => Err(expected.damaged("something was written to it while it was read")),
        }
    }

    /// How the bytes lie there now. `None` where the store cannot tell.
    ///
    /// # Errors
    /// Where they are missing, or not as many as they must be.
    pub fn stamp_of(&self, expected: &ExpectedBytes) -> Result<Option<Stamp>> {
        match self.size(&expected.key)? {
            None => Err(expected.damaged("it is missing")),
            Some(size) if size != expected.size => {
                Err(expected.damaged(&format!("it has {size} bytes instead of {}", expected.size)))
            }
            Some(_) => Ok(self.stamp(&expected.key)?),
        }
    }

    fn known_good(&self, expected: &ExpectedBytes) -> Result<Option<Stamp>> {
        let now = self.stamp_of(expected)?;
        let Ok(good) = self.checked.good.lock() else {
            return Ok(None);
        };
        let fresh = good.get(&expected.key).filter(|(_, at)| at.elapsed() < GOOD_FOR);
        Ok(now.filter(|now| fresh.is_some_and(|(stamp, _)| stamp == now)))
    }
}
