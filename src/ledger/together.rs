//! What an append writes, as one statement: on PostgreSQL each statement is a way to the server and back, and every
//! write waits at a stream's head meanwhile.
//!
//! It compares and sets: nothing is written unless every head still has the leaf that was read. Where the heads are
//! locked that is always so; where they were only remembered, it is what makes remembering safe.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};
use diesel::{PgConnection, QueryResult, RunQueryDsl};

/// The rows of some events and their records, and the heads that they move, column by column.
#[derive(Default)]
pub(super) struct Together {
    pub stream: Vec<String>,
    pub seq: Vec<i64>,
    pub prev: Vec<Option<Vec<u8>>>,
    pub leaf: Vec<Vec<u8>>,
    pub at: Vec<i64>,
    pub actor: Vec<Option<String>>,
    pub action: Vec<&'static str>,
    pub object: Vec<String>,
    pub body: Vec<Vec<u8>>,
    pub salt: Vec<Vec<u8>>,
    pub record: Vec<String>,
    pub heads: MovedHeads,
}

/// Heads of streams: where each stands now, and the leaf it had.
#[derive(Default)]
pub(super) struct MovedHeads {
    pub stream: Vec<String>,
    pub seq: Vec<i64>,
    pub leaf: Vec<Vec<u8>>,
    pub at: Vec<i64>,
    pub was: Vec<Vec<u8>>,
}

impl Together {
    /// Writes all of it; `false` where a head had moved, and then nothing is to stay: within a transaction the caller
    /// rolls back, and without one only a single head may be moved.
    pub fn write(self, conn: &mut PgConnection) -> QueryResult<bool> {
        let events = self.seq.len();
        Ok(self.execute(conn)? == events)
    }
}

impl QueryFragment<Pg> for Together {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH n AS (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.stream)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.seq)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.prev)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.leaf)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.actor)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.action)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.object)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.body)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.salt)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.record)?;
        out.push_sql(
            ") WITH ORDINALITY AS n(stream, seq, prev, leaf, at, actor, action, object, body, salt, record, nth)), \
             moved AS (UPDATE stream_heads h SET seq = m.seq, leaf = m.leaf, at = m.at FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.heads.stream)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.heads.seq)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.heads.leaf)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.heads.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Binary>, _>(&self.heads.was)?;
        out.push_sql(
            ") AS m(stream, seq, leaf, at, was) WHERE h.stream = m.stream AND h.leaf = m.was RETURNING m.stream), \
             still AS (SELECT count(*) = cardinality(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.heads.stream)?;
        out.push_sql(
            ") AS so FROM moved), \
             e AS (INSERT INTO events (stream, seq, prev, leaf, at, actor, action, object, body) \
             SELECT stream, seq, prev, leaf, at, actor, action, object, body FROM n WHERE (SELECT so FROM still)), \
             r AS (INSERT INTO records (stream, seq, leaf, salt, body) \
             SELECT stream, seq, leaf, salt, record FROM n WHERE (SELECT so FROM still)) \
             INSERT INTO outbox (leaf, stream, seq) \
             SELECT leaf, stream, seq FROM n WHERE (SELECT so FROM still) ORDER BY nth",
        );
        Ok(())
    }
}

/// The text never changes, so that it is prepared once a connection.
impl QueryId for Together {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for Together {}
