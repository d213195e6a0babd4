//! What an append writes, as one statement: on PostgreSQL each statement is a way to the server and back, and every
//! write waits at a stream's head meanwhile.
//!
//! It compares and sets: nothing is written unless every head still has the leaf that was read. Where the heads are
//! locked that is always so; where they were only remembered, it is what makes remembering safe.

use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

use crate::fixed;

fixed! {
    /// The rows of some events and their records, and the heads that they move (`to_…`: where each stands now, and the
    /// leaf it had), column by column.
    #[derive(Default)]
    pub(super) Together:
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

impl Together {
    /// Writes all of it; `false` where a head had moved, and then nothing is to stay: within a transaction the caller
    /// rolls back, and without one only a single head may be moved.
    pub fn write(mut self, conn: &mut PgConnection) -> QueryResult<bool> {
        let events = self.seq.len();
        let one = if events == 1 { self.one() } else { None };
        let written = match one {
            Some(one) => one.execute(conn)?,
            None => self.execute(conn)?,
        };
        Ok(written == events)
    }

    /// Takes its last event, with the head that it moves.
    fn one(&mut self) -> Option<One> {
        Some(One {
            seq: self.seq.pop()?,
            leaf: self.leaf.pop()?,
            at: self.at.pop()?,
            stream: self.stream.pop()?,
            was: self.to_was.pop()?,
            prev: self.prev.pop()?,
            actor: self.actor.pop()?,
            action: self.action.pop()?,
            object: self.object.pop()?,
            body: self.body.pop()?,
            salt: self.salt.pop()?,
            record: self.record.pop()?,
        })
    }
}
