//! Stored files: every one read again, and hashed against its name.

use std::collections::HashSet;
use std::io;

use diesel::prelude::*;

use super::Audit;
use crate::blobs::{Key, Shelf, Store, WHOLE, hash};
use crate::db::tables::files;
use crate::error::Result;
use crate::proof::Digest;

/// Rows read at a time.
const PAGE: i64 = 500;
/// A file whose bytes were taken away by a decision; its row stays.
const DISPOSED: &str = "disposed";

type FileAuditRow = (Vec<u8>, i64, i64, String);

impl Audit<'_> {
    pub(super) fn files(&mut self, store: &dyn Store) -> Result<()> {
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
                self.file(store, row, &mut named, total);
            }
        }
        self.unnamed(store, &named);
        Ok(())
    }

    fn file(
        &mut self,
        store: &dyn Store,
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
        let read = store.open(&Key::File(digest), WHOLE).and_then(|file| {
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
    fn unnamed(&mut self, store: &dyn Store, named: &HashSet<Digest>) {
        // What cannot be listed is missed where its row is read.
        for found in store.list(Shelf::Files).into_iter().flatten().flatten() {
            if !matches!(found.key, Some(Key::File(sha256)) if named.contains(&sha256)) {
                self.report
                    .notice("file-unnamed", found.place, "no capture names this file");
            }
        }
    }
}
