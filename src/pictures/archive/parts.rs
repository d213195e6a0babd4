//! What the parts of the sanitizer share.

use std::io::Read;

use serde::{Deserialize, Serialize};

/// Bytes of one record or file, unpacked.
const UNPACKED: u64 = 256 << 20;
/// Bytes of all that a copy holds, unpacked.
pub(super) const ALL_UNPACKED: u64 = 1 << 30;
/// What stands in the place of what is taken away.
pub(super) const REMOVED: &str = "REMOVED";

/// How much was taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SanitizedCounts {
    /// Heads that carry sessions.
    pub headers: u64,
    /// Values of fields that are known as tokens or passwords, in addresses, forms and JSON.
    pub tokens: u64,
    /// Places in which a listed name stood.
    pub names: u64,
    /// Bodies and files in which nothing was looked for, because they are no text.
    pub unsearched: u64,
}

/// Reads to the end, and no more than a record may have.
pub(super) fn read_all(from: impl Read) -> Result<Vec<u8>, String> {
    let mut all = Vec::new();
    let read = from.take(UNPACKED + 1).read_to_end(&mut all);
    match read {
        Ok(_) if all.len() as u64 > UNPACKED => {
            Err(format!("a part of it is larger than {} MB unpacked", UNPACKED >> 20))
        }
        Ok(_) => Ok(all),
        Err(_) => Err("a part of it cannot be unpacked: the file is damaged".into()),
    }
}
