//! Queries over notices.

use diesel::prelude::*;

use super::model::Notice;
use crate::db::tables::notices;
use crate::db::{self, AnyConn, canonical};
use crate::error::Result;
use crate::proof::id::Digest;

/// Keeps a version that an event with this leaf recorded. The first version makes the row, a later one replaces it.
pub fn save(conn: &mut AnyConn, notice: &Notice, leaf: &Digest) -> Result<()> {
    let row = (
        notices::packet_id.eq(&notice.packet_id),
        notices::version.eq(notice.version),
        notices::leaf.eq(leaf.as_bytes().to_vec()),
        notices::body.eq(canonical(notice)?),
    );
    if notice.version > 1 {
        diesel::update(notices::table.find(&notice.id)).set(row).execute(conn)?;
    } else {
        let id = notices::id.eq(&notice.id);
        diesel::insert_into(notices::table).values((id, row)).execute(conn)?;
    }
    Ok(())
}

/// A notice of this packet.
pub fn notice(conn: &mut AnyConn, packet: &str, id: &str) -> Result<Notice> {
    let found = notices::table.find(id).filter(notices::packet_id.eq(packet));
    db::record(conn, found.select(notices::body))
}

/// Notices of a packet, oldest first.
pub fn of_packet(conn: &mut AnyConn, packet: &str, after: Option<&str>, limit: usize) -> Result<Vec<Notice>> {
    let found = notices::table
        .filter(
            notices::packet_id
                .eq(packet)
                .and(notices::id.gt(after.unwrap_or_default())),
        )
        .order(notices::id)
        .limit(limit as i64);
    db::records(conn, found.select(notices::body))
}
