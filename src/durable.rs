//! Small files that survive a crash: keys, secrets and checkpoints, synced together with their folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::Result;

/// Writes a file of mode 0600 that must not exist yet.
pub fn write_secret(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut f = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    f.write_all(bytes)?;
    f.sync_all()?;
    sync_folder(file)
}

/// Replaces a file: a reader finds the old bytes or the new ones. `beside` is the name under which the new ones are written.
pub fn replace(file: &Path, beside: &Path, bytes: &[u8]) -> Result<()> {
    let mut f = fs::File::create(beside)?;
    f.write_all(bytes)?;
    f.sync_all()?;
    fs::rename(beside, file)?;
    sync_folder(file)
}

fn sync_folder(file: &Path) -> Result<()> {
    match file.parent() {
        Some(folder) => Ok(fs::File::open(folder)?.sync_all()?),
        None => Ok(()),
    }
}
