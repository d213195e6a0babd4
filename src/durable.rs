//! Small files that survive a crash: keys, secrets and checkpoints, synced together with their folder.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::error::Result;

/// Makes a folder that only its owner enters, and those above it.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Opens a file of mode 0600 that must not exist yet.
pub fn new_file(file: &Path) -> io::Result<File> {
    File::options().write(true).create_new(true).mode(0o600).open(file)
}

/// Writes a file of mode 0600 that must not exist yet.
pub fn write_secret(file: &Path, bytes: &[u8]) -> Result<()> {
    let mut f = new_file(file)?;
    f.write_all(bytes)?;
    f.sync_all()?;
    sync_folder(file)
}

/// Replaces a file: a reader finds the old bytes or the new ones. `beside` is the name under which the new ones are written.
pub fn replace(file: &Path, beside: &Path, bytes: &[u8]) -> Result<()> {
    let mut f = File::create(beside)?;
    f.write_all(bytes)?;
    f.sync_all()?;
    fs::rename(beside, file)?;
    sync_folder(file)
}

fn sync_folder(file: &Path) -> Result<()> {
    match file.parent() {
        Some(folder) => Ok(File::open(folder)?.sync_all()?),
        None => Ok(()),
    }
}
