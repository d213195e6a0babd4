//! An append on PostgreSQL: events, records and outbox in one statement. Each statement is a way to the server and back,
//! and every other write to the stream waits meanwhile.

use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::rows::{EventRow, RecordRow};
use crate::fixed;

fixed! {
    /// Events and their records, column by column.
    #[derive(Default)]
    Columns:
    "WITH n AS (SELECT * FROM unnest(", stream: Vec<String> as Array<Text>,
    ", ", seq: Vec<i64> as Array<BigInt>,
    ", ", prev: Vec<Option<Vec<u8>>> as Array<Nullable<Binary>>,
    ", ", leaf: Vec<Vec<u8>> as Array<Binary>,
    ", ", at: Vec<i64> as Array<BigInt>,
    ", ", actor: Vec<Option<String>> as Array<Nullable<Text>>,
    ", ", action: Vec<&'static str> as Array<Text>,
    ", ", object: Vec<String> as Array<Text>,
    ", ", body: Vec<Vec<u8>> as Array<Binary>,
    ", ", salt: Vec<Vec<u8>> as Array<Binary>,
    ", ", record: Vec<String> as Array<Text>,
    ") WITH ORDINALITY AS n(stream, seq, prev, leaf, at, actor, action, object, body, salt, record, nth)), \
     r AS (INSERT INTO records (stream, seq, leaf, salt, body) SELECT stream, seq, leaf, salt, record FROM n), \
     o AS (INSERT INTO outbox (leaf, stream, seq) SELECT leaf, stream, seq FROM n ORDER BY nth) \
     INSERT INTO events (stream, seq, prev, leaf, at, actor, action, object, body) \
     SELECT stream, seq, prev, leaf, at, actor, action, object, body FROM n"
}

/// Writes events and their records, in the same order: all, or nothing.
pub(super) fn write(conn: &mut PgConnection, events: Vec<EventRow>, records: Vec<RecordRow>) -> QueryResult<()> {
    let mut all = Columns::default();
    for (event, record) in events.into_iter().zip(records) {
        all.stream.push(event.stream);
        all.seq.push(event.seq);
        all.prev.push(event.prev);
        all.leaf.push(event.leaf);
        all.at.push(event.at);
        all.actor.push(event.actor);
        all.action.push(event.action);
        all.object.push(event.object);
        all.body.push(event.body);
        all.salt.push(record.salt);
        all.record.push(record.body);
    }
    all.execute(conn).map(drop)
}
