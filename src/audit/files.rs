//! Stored files: every one read again, and hashed against its name.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use super::Audit;
use crate::db::tables::files;
use crate::error::Result;
use crate::proof::Digest;

/// Rows read at a time.
const PAGE: i64 = 500;
/// Bytes read at a time.
const PIECE: usize = 1 << 20;
/// A file whose bytes were taken away by a decision; its row stays.
const DISPOSED: &str = "disposed";

/// What a file's bytes are.
pub struct Hashed {
    /// SHA-256.
    pub sha256: Digest,
    /// CRC-32.
    pub crc32: u32,
    /// How many.
    pub size: u64,
}

/// Reads a file to its end; `each` is told of the bytes of each piece.
pub fn hash(mut from: impl Read, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Hashed> {
    let (mut sha256, mut crc32, mut size) = (Sha256::new(), crc32fast::Hasher::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let n = match from.read(&mut piece) {
            Ok(0) => break,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            n => n?,
        };
        sha256.update(&piece[..n]);
        crc32.update(&piece[..n]);
        each(&piece[..n])?;
        size += n as u64;
    }
    Ok(Hashed {
        sha256: Digest(sha256.finalize().into()),
        crc32: crc32.finalize(),
        size,
    })
}

/// Where the store keeps a file. The store itself is not opened, because that makes folders.
pub fn path_of(root: &Path, sha256: &Digest) -> PathBuf {
    let hex = sha256.to_string();
    root.join("sha256").join(&hex[..2]).join(hex)
}

type FileAuditRow = (Vec<u8>, i64, i64, String);

impl Audit<'_> {
    pub(super) fn files(&mut self, root: &Path) -> Result<()> {
        let total = self.count("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS n FROM files")?;
        let (mut from, mut named) = (Vec::new(), HashSet::new());
        loop {
            let rows: Vec<FileAuditRow> = files::table
                .filter(files::sha256.gt(from.clone()))
                .order(files::sha256)
                .limit(PAGE)
                .select((files::sha256, files::size, files::crc32, files::state))
                .load(self.conn)?;
            let Some(last) = rows.last() else { break };
            from.clone_from(&last.0);
            for row in &rows {
                self.file(root, row, &mut named, total);
            }
        }
        self.unnamed(root, &named);
        Ok(())
    }

    fn file(
        &mut self,
        root: &Path,
        (sha256, size, crc32, state): &FileAuditRow,
        named: &mut HashSet<Digest>,
        total: u64,
    ) {
        let Some(digest) = Digest::from_slice(sha256) else {
            self.report.fault("file-row", "files", "a row whose name is no digest");
            return;
        };
        if state == DISPOSED {
            return;
        }
        named.insert(digest);
        self.report.counts.files += 1;
        let place = format!("file {digest}");
        let (tell, before) = (&mut self.tell, self.report.counts.bytes);
        let mut done = before;
        let read = File::open(path_of(root, &digest)).and_then(|file| {
            hash(file, |piece| {
                done += piece.len() as u64;
                tell("files", done, total);
                Ok(())
            })
        });
        self.report.counts.bytes = done;
        match read {
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.report.fault("file-missing", place, "is not in the store")
            }
            Err(e) => self.report.fault("file-missing", place, format!("cannot be read: {e}")),
            Ok(read) if read.sha256 != digest => {
                self.report.fault(
                    "file-bytes",
                    place,
                    format!(
                        "its bytes hash to {}: they were changed, or the disk is failing",
                        read.sha256
                    ),
                );
            }
            Ok(read) if i64::try_from(read.size) != Ok(*size) || i64::from(read.crc32) != *crc32 => {
                self.report.fault(
                    "file-row",
                    place,
                    format!(
                        "its row says {size} bytes and another CRC-32 than its {} bytes have",
                        read.size
                    ),
                );
            }
            Ok(_) => {}
        }
    }

    /// What an upload left whose transaction never came, or what somebody put there.
    fn unnamed(&mut self, root: &Path, named: &HashSet<Digest>) {
        let folders = fs::read_dir(root.join("sha256")).into_iter().flatten().flatten();
        for entry in folders.flat_map(|f| fs::read_dir(f.path()).into_iter().flatten().flatten()) {
            let digest = entry.file_name().to_str().and_then(|n| n.parse::<Digest>().ok());
            let known = digest.is_some_and(|d| named.contains(&d) && path_of(root, &d) == entry.path());
            if !known {
                self.report.notice(
                    "file-unnamed",
                    entry.path().display().to_string(),
                    "no capture names this file",
                );
            }
        }
    }
}
