//! What an append writes, as one statement: on PostgreSQL each statement is a way to the server and back, and every
//! write waits for its stream meanwhile.
//!
//! Where the stream is held already (`hold_stream`), it just writes. Where its end is only remembered, the statement
//! itself makes sure of three things, and otherwise fails and writes nothing: that it runs in the server's process in
//! which that end was seen, so that the event still stands that is built upon; that nobody else holds the stream; and, by
//! the events' primary key, that nothing came after that event. To ask for the stream's end instead costs more, and so
//! does each thing that the statement would read: the first two stand in place of a value (`place_is_lost()`).

use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::append::{EventRow, RecordRow};
use crate::fixed;

fixed! {
    /// The rows of some events and their records, column by column. `seen` is the mark of the session in which the end
    /// of their stream was seen, and then all are of one stream; none where all streams are held.
    #[derive(Default)]
    Together:
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
     SELECT stream, CASE WHEN nth > 1 OR ", seen: Option<String> as Nullable<Text>,
    " IS NULL OR (current_setting('casetrail.session', true) = 'events'::regclass::oid::text || '-' || $12 \
     AND pg_try_advisory_xact_lock(stream_lock(stream))) THEN seq ELSE place_is_lost() END, \
     prev, leaf, at, actor, action, object, body FROM n"
}

fixed! {
    /// The same for one event, as most are: the server spends half as long on single values as on columns. What is used
    /// again goes by its number.
    One:
    "WITH r AS (INSERT INTO records (stream, seq, leaf, salt, body) VALUES (", stream: String as Text,
    ", ", seq: i64 as BigInt,
    ", ", leaf: Vec<u8> as Binary,
    ", ", salt: Vec<u8> as Binary,
    ", ", record: String as Text,
    ")), o AS (INSERT INTO outbox (leaf, stream, seq) VALUES ($3, $1, $2)) \
     INSERT INTO events (stream, seq, leaf, at, prev, actor, action, object, body) VALUES ($1, CASE WHEN ",
    seen: Option<String> as Nullable<Text>,
    " IS NULL OR (current_setting('casetrail.session', true) = 'events'::regclass::oid::text || '-' || $6 \
     AND pg_try_advisory_xact_lock(stream_lock($1))) THEN $2 ELSE place_is_lost() END, $3, ", at: i64 as BigInt,
    ", ", prev: Option<Vec<u8>> as Nullable<Binary>,
    ", ", actor: Option<String> as Nullable<Text>,
    ", ", action: &'static str as Text,
    ", ", object: String as Text,
    ", ", body: Vec<u8> as Binary,
    ")"
}

/// Writes events and their records, in the same order: all, or nothing. With the mark of a session (`seen`) where their
/// stream, then one, is not held but its end was seen there; a violation of a key where that does not hold any more.
pub(super) fn write(
    conn: &mut PgConnection,
    events: Vec<EventRow>,
    records: Vec<RecordRow>,
    seen: Option<&str>,
) -> QueryResult<()> {
    let (count, seen) = (events.len(), seen.map(str::to_owned));
    let mut rows = events.into_iter().zip(records);
    match (count, rows.next()) {
        (1, Some((event, record))) => one(event, record, seen).execute(conn),
        (_, first) => columns(first.into_iter().chain(rows), seen).execute(conn),
    }
    .map(drop)
}

fn one(event: EventRow, record: RecordRow, seen: Option<String>) -> One {
    One {
        seq: event.seq,
        leaf: event.leaf,
        at: event.at,
        stream: event.stream,
        prev: event.prev,
        actor: event.actor,
        action: event.action,
        object: event.object,
        body: event.body,
        seen,
        salt: record.salt,
        record: record.body,
    }
}

fn columns(rows: impl Iterator<Item = (EventRow, RecordRow)>, seen: Option<String>) -> Together {
    let mut all = Together {
        seen,
        ..Together::default()
    };
    for (event, record) in rows {
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
    all
}
