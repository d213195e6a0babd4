//! Reads the file of each finished packet again, and compares it with the digest in the database.

use std::io;

use diesel::prelude::*;

use super::{Audit, PAGE};
use crate::blobs::{Key, Store, WHOLE};
use crate::db::tables::packets;
use crate::error::Result;
use crate::proof::Digest;

/// Id, size and SHA-256.
type PacketAuditRow = (String, Option<i64>, Option<Vec<u8>>);

impl Audit<'_> {
    pub(super) fn packets(&mut self, store: &dyn Store) -> Result<()> {
        let total = self.count("SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM packets WHERE state = 'ready'")?;
        let (mut from, mut done) = (String::new(), 0);
        loop {
            let rows: Vec<PacketAuditRow> = packets::table
                .filter(packets::state.eq("ready").and(packets::id.gt(from.clone())))
                .order(packets::id)
                .limit(PAGE)
                .select((packets::id, packets::size, packets::sha256))
                .load(self.conn)?;
            let Some(last) = rows.last() else { return Ok(()) };
            from.clone_from(&last.0);
            for row in &rows {
                self.packet(store, row, &mut done, total)?;
            }
        }
    }

    fn packet(
        &mut self,
        store: &dyn Store,
        (id, size, sha256): &PacketAuditRow,
        done: &mut u64,
        total: u64,
    ) -> Result<()> {
        self.report.counts.packets += 1;
        let place = format!("packet {id}");
        let read = self.rehash("packets", store.open(&Key::Packet(id.clone()), WHOLE), (done, total))?;
        let told = sha256.as_deref().and_then(Digest::from_slice);
        match read {
            // Whoever needs room may take old packets away: they can be exported anew.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let what = "its file is not there any more: export anew";
                self.report.notice("packet-missing", place, what);
            }
            Err(e) => {
                let what = format!("its file cannot be read: {e}");
                self.report.fault("packet-bytes", place, what);
            }
            Ok(read) if Some(read.sha256) != told || i64::try_from(read.size).ok() != *size => {
                let what = format!(
                    "its file has {} bytes and hashes to {}, which is not what was told when it was made",
                    read.size, read.sha256
                );
                self.report.fault("packet-bytes", place, what);
            }
            Ok(_) => {}
        }
        Ok(())
    }
}
