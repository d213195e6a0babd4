//! The head of a stream: the furthest place that its events, its records or the tree know (docs/adr/0011).

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::fixed;
use crate::proof::id::Digest;

/// Where a stream ends: the place of its last event (-1 where there is none), its leaf, its time.
#[derive(Debug, Clone, Copy)]
pub(super) struct StreamHead {
    pub seq: i64,
    pub leaf: Option<Digest>,
    pub at: Micros,
}

fixed! {
    /// PostgreSQL: where a stream ends, which nobody else can move until the transaction ends.
    HoldStream -> End: "SELECT seq, leaf, at FROM hold_stream(", stream: String as Text, ")"
}

fixed! {
    /// SQLite: a stream's last event, and the last places that records and the tree know of it. The value comes before
    /// the numbers that repeat it: SQLite counts a bare `?` from the largest number before it.
    LastOfStream -> (End, Nullable<BigInt>, Nullable<BigInt>): "SELECT seq, leaf, at, (SELECT r.seq FROM records r WHERE r.stream = ", stream: String as Text,
    " ORDER BY r.seq DESC LIMIT 1), (SELECT l.seq FROM leaves l WHERE l.stream = ?1 ORDER BY l.seq DESC LIMIT 1) \
     FROM events WHERE stream = ?1 ORDER BY seq DESC LIMIT 1"
}

fixed! {
    /// SQLite: the same as `HoldStream`. The one writer holds the whole database and knows no locks.
    EndOfStream -> End: "SELECT seq, leaf, at FROM (\
     SELECT * FROM (SELECT seq, leaf, at FROM events WHERE stream = ", stream: String as Text, " ORDER BY seq DESC LIMIT 1) \
     UNION ALL SELECT * FROM (SELECT seq, leaf, 0 FROM records WHERE stream = ?1 ORDER BY seq DESC LIMIT 1) \
     UNION ALL SELECT * FROM (SELECT seq, leaf, 0 FROM leaves WHERE stream = ?1 ORDER BY seq DESC LIMIT 1)) \
     ORDER BY seq DESC, at DESC LIMIT 1"
}

/// Place, leaf and time of a stream's last event.
type End = (BigInt, Binary, BigInt);
type EndRow = (i64, Vec<u8>, i64);

/// Finds where a stream ends: the furthest place that events, records or the tree know. Nobody else can move it until
/// the transaction ends.
pub(super) fn hold(conn: &mut AnyConn, stream: &str) -> Result<StreamHead> {
    let named = stream.to_owned();
    let last: Option<EndRow> = match conn {
        AnyConn::Sqlite(c) => end_in_sqlite(c, named)?,
        AnyConn::Pg(c) => HoldStream { stream: named }.get_result(c).optional()?,
    };
    let Some((seq, leaf, at)) = last else {
        return Ok(StreamHead {
            seq: -1,
            leaf: None,
            at: 0,
        });
    };
    let leaf = Digest::from_slice(&leaf);
    if leaf.is_none() {
        return Err(Error::internal(format!(
            "the end of {stream} is damaged: run the audit"
        )));
    }
    Ok(StreamHead { seq, leaf, at })
}

/// Asks for the last event first, which is nearly always the end, and only otherwise all three tables.
fn end_in_sqlite(conn: &mut SqliteConnection, stream: String) -> QueryResult<Option<EndRow>> {
    match last_in_sqlite(conn, stream.clone())? {
        Some((end, others)) if others <= Some(end.0) => Ok(Some(end)),
        _ => EndOfStream { stream }.get_result(conn).optional(),
    }
}

/// A stream's last event, and the furthest place that records and the tree know.
fn last_in_sqlite(conn: &mut SqliteConnection, stream: String) -> QueryResult<Option<(EndRow, Option<i64>)>> {
    let found: Option<(EndRow, Option<i64>, Option<i64>)> = LastOfStream { stream }.get_result(conn).optional()?;
    Ok(found.map(|(end, record, in_tree)| (end, record.max(in_tree))))
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;

    #[test]
    fn the_last_event_is_found_with_what_records_and_the_tree_know() {
        let mut conn = SqliteConnection::establish(":memory:").expect("a database");
        let tables = "CREATE TABLE events (stream, seq, leaf, at); CREATE TABLE records (stream, seq); \
                      CREATE TABLE leaves (stream, seq); \
                      INSERT INTO events VALUES ('a', 0, x'00', 5), ('a', 1, x'01', 6), ('b', 7, x'07', 8); \
                      INSERT INTO records VALUES ('a', 3), ('a', 2), ('b', 7); INSERT INTO leaves VALUES ('a', 2);";
        conn.batch_execute(tables).expect("tables");
        let mut last = |stream: &str| last_in_sqlite(&mut conn, stream.into()).expect("an answer");
        assert_eq!(last("a"), Some(((1, vec![1], 6), Some(3))));
        assert_eq!(last("b"), Some(((7, vec![7], 8), Some(7))));
        assert_eq!(last("c"), None);
    }
}
