//! What an append writes, as one statement: on PostgreSQL each statement is a way to the server and back, and every
//! write waits at a stream's head meanwhile.
//!
//! It compares and sets: nothing is written unless every head still has the leaf that was read. Where the heads are
//! locked that is always so; where they were only remembered, it is what makes remembering safe.

use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use super::append::{EventRow, RecordRow};
use crate::fixed;

fixed! {
    /// The rows of some events and their records, and the heads that they move (`to_…`: where each stands now, and the
    /// leaf it had), column by column.
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
     m AS (SELECT * FROM unnest(", to_stream: Vec<String> as Array<Text>,
    ", ", to_seq: Vec<i64> as Array<BigInt>,
    ", ", to_leaf: Vec<Vec<u8>> as Array<Binary>,
    ", ", to_at: Vec<i64> as Array<BigInt>,
    ", ", to_was: Vec<Vec<u8>> as Array<Binary>,
    ") AS m(stream, seq, leaf, at, was)), \
     moved AS (UPDATE stream_heads h SET seq = m.seq, leaf = m.leaf, at = m.at \
     FROM m WHERE h.stream = m.stream AND h.leaf = m.was RETURNING m.stream), \
     still AS (SELECT (SELECT count(*) FROM moved) = (SELECT count(*) FROM m) AS so), \
     e AS (INSERT INTO events (stream, seq, prev, leaf, at, actor, action, object, body) \
     SELECT stream, seq, prev, leaf, at, actor, action, object, body FROM n WHERE (SELECT so FROM still)), \
     r AS (INSERT INTO records (stream, seq, leaf, salt, body) \
     SELECT stream, seq, leaf, salt, record FROM n WHERE (SELECT so FROM still)) \
     INSERT INTO outbox (leaf, stream, seq) \
     SELECT leaf, stream, seq FROM n WHERE (SELECT so FROM still) ORDER BY nth"
}

fixed! {
    /// The same for one event, which most appends are: the server spends half as long on single values as on columns.
    /// What is used again goes by its number.
    One:
    "WITH moved AS (UPDATE stream_heads SET seq = ", seq: i64 as BigInt,
    ", leaf = ", leaf: Vec<u8> as Binary,
    ", at = ", at: i64 as BigInt,
    " WHERE stream = ", stream: String as Text,
    " AND leaf = ", was: Vec<u8> as Binary,
    " RETURNING 1), \
     e AS (INSERT INTO events (stream, seq, leaf, at, prev, actor, action, object, body) SELECT $4, $1, $2, $3, ",
    prev: Option<Vec<u8>> as Nullable<Binary>,
    ", ", actor: Option<String> as Nullable<Text>,
    ", ", action: &'static str as Text,
    ", ", object: String as Text,
    ", ", body: Vec<u8> as Binary,
    " FROM moved), r AS (INSERT INTO records (stream, seq, leaf, salt, body) SELECT $4, $1, $2, ",
    salt: Vec<u8> as Binary,
    ", ", record: String as Text,
    " FROM moved) INSERT INTO outbox (leaf, stream, seq) SELECT $2, $4, $1 FROM moved"
}

/// A head that is moved: its stream, where it stands now, and the leaf it had.
pub(super) struct Move {
    pub stream: String,
    pub seq: i64,
    pub leaf: Vec<u8>,
    pub at: i64,
    pub was: Vec<u8>,
}

/// Writes events, their records in the same order, and the heads that they move; `false` where a head had moved
/// otherwise, and then nothing is to stay: within a transaction the caller rolls back, and without one only a single head
/// may be moved.
pub(super) fn write(
    conn: &mut PgConnection,
    mut moves: Vec<Move>,
    events: Vec<EventRow>,
    records: Vec<RecordRow>,
) -> QueryResult<bool> {
    let count = events.len();
    let mut rows = events.into_iter().zip(records);
    let written = match (count, rows.next(), moves.pop()) {
        (1, Some(row), Some(only)) if moves.is_empty() => one(only, row).execute(conn)?,
        (_, first, last) => {
            moves.extend(last);
            columns(moves, first.into_iter().chain(rows)).execute(conn)?
        }
    };
    Ok(written == count)
}

fn one(head: Move, (event, record): (EventRow, RecordRow)) -> One {
    One {
        seq: event.seq,
        leaf: event.leaf,
        at: event.at,
        stream: event.stream,
        was: head.was,
        prev: event.prev,
        actor: event.actor,
        action: event.action,
        object: event.object,
        body: event.body,
        salt: record.salt,
        record: record.body,
    }
}

fn columns(moves: Vec<Move>, rows: impl Iterator<Item = (EventRow, RecordRow)>) -> Together {
    let mut all = Together::default();
    for head in moves {
        all.to_stream.push(head.stream);
        all.to_seq.push(head.seq);
        all.to_leaf.push(head.leaf);
        all.to_at.push(head.at);
        all.to_was.push(head.was);
    }
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
