//! Stored files: every one read again, and hashed against its name.

use std::collections::HashSet;
use std::io;

use diesel::prelude::*;

use super::{Audit, PAGE};
use crate::blobs::{BlobReader, Hashed, Key, Shelf, Store, WHOLE, hash};
use crate::db::tables::files;
use crate::error::Result;
use crate::proof::Digest;

/// A file whose bytes were taken away by a decision; its row stays.
const DISPOSED: &str = "disposed";

type FileAuditRow = (Vec<u8>, i64, i64, String);

impl Audit<'_> {
    pub(super) fn files(&mut self, store: &dyn Store) -> Result<()> {
        let total = self.count("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM files")?;
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
                self.file(store, row, &mut named, total)?;
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
    ) -> Result<()> {
        let Some(digest) = Digest::from_slice(sha256) else {
            self.report.fault("file-row", "files", "a row whose name is no digest");
            return Ok(());
        };
        if state == DISPOSED {
            return Ok(());
        }
        named.insert(digest);
        self.report.counts.files += 1;
        let mut done = self.report.counts.bytes;
        let read = self.rehash("files", store.open(&Key::File(digest), WHOLE), (&mut done, total))?;
        self.report.counts.bytes = done;
        let (rule, what) = match read {
            Err(e) if e.kind() == io::ErrorKind::NotFound => ("file-missing", "is not in the store".to_owned()),
            Err(e) => ("file-missing", format!("cannot be read: {e}")),
            Ok(Hashed { sha256, .. }) if sha256 != digest => {
                let what = format!("its bytes hash to {sha256}: they were changed, or the disk is failing");
                ("file-bytes", what)
            }
            Ok(read) if i64::try_from(read.size) != Ok(*size) || i64::from(read.crc32) != *crc32 => {
                let has = read.size;
                let what = format!("its row says {size} bytes and another CRC-32 than its {has} bytes have");
                ("file-row", what)
            }
            Ok(_) => return Ok(()),
        };
        self.report.fault(rule, format!("file {digest}"), what);
        Ok(())
    }

    /// Hashes stored bytes again, and tells how many of all are read: with those that were `done` before. Fails when the
    /// audit has to end; that bytes cannot be read is a finding.
    pub(super) fn rehash(
        &mut self,
        shelf: &'static str,
        opened: io::Result<BlobReader>,
        (done, total): (&mut u64, u64),
    ) -> Result<io::Result<Hashed>> {
        let read = opened.and_then(|bytes| {
            hash(bytes, |piece| {
                *done += piece.len() as u64;
                (self.tell)(shelf, *done, total).map_err(|e| io::Error::other(self.stopped.insert(e).detail.clone()))
            })
        });
        self.stopped.take().map_or(Ok(read), Err)
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
