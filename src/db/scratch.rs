//! A database of this schema for a while: what is made there is compared with the real one, and then it is gone.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

use super::{AnyConn, migrate};
use crate::clock::random;
use crate::error::{Error, Result};

/// Opens an empty one in this folder. Its file has no name from the start, so that nothing of it stays behind, whatever
/// ends the program. Where the folder takes no file, it lies in memory.
///
/// # Errors
/// The schema cannot be made.
pub fn scratch(folder: &Path) -> Result<AnyConn> {
    let path = folder.join(format!(".scratch-{:016x}.db", u64::from_ne_bytes(random::<8>())));
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
    let file = path.to_str().filter(|_| made.is_ok()).unwrap_or(":memory:");
    let opened = SqliteConnection::establish(file);
    let mut conn = opened.map_err(|e| Error::internal(format!("no database for the comparison: {e}")))?;
    // It is made anew after a crash, so nothing of it has to reach the disk. What refers to a row that is missing is
    // compared like any other.
    conn.batch_execute(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; \
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192; PRAGMA locking_mode = EXCLUSIVE;",
    )?;
    let migrated = migrate::scratch(&mut conn);
    if made.is_ok() {
        std::fs::remove_file(&path)?;
    }
    migrated?;
    Ok(AnyConn::Sqlite(conn))
}

/// Fills a scratch database: all of it is one transaction.
///
/// # Errors
/// What `make` fails with; the database is of no use then.
pub fn fill<T>(scratch: &mut AnyConn, make: impl FnOnce(&mut AnyConn) -> Result<T>) -> Result<T> {
    scratch.batch_execute("BEGIN")?;
    let made = make(scratch)?;
    scratch.batch_execute("COMMIT")?;
    Ok(made)
}
