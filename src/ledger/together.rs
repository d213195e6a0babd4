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

impl Together {
    /// Writes all of it; `false` where a head had moved, and then nothing is to stay: within a transaction the caller
    /// rolls back, and without one only a single head may be moved.
    pub fn write(self, conn: &mut PgConnection) -> QueryResult<bool> {
        let events = self.seq.len();
        Ok(self.execute(conn)? == events)
    }
}
