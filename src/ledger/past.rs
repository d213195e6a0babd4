//! What was recorded, read again in the order of the tree: each event with its record, for the rows that follow from them.

use diesel::sql_types::{BigInt, Binary, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use serde::de::DeserializeOwned;

use super::Action;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::error::{Error, Result};
use crate::proof::event::{self, EventRef};
use crate::proof::id::Digest;

/// An event that was recorded, with its record.
#[derive(Debug, Clone)]
pub struct PastEvent {
    /// Its stream.
    pub stream: String,
    /// Its place there.
    pub seq: i64,
    /// Its leaf, made from its bytes.
    pub leaf: Digest,
    /// Its time.
    pub at: Micros,
    /// What happened; `None` for a word that this version does not know.
    pub action: Option<Action>,
    /// The id of the thing it happened to.
    pub object_id: String,
    /// That thing's version.
    pub object_version: i64,
    /// The record's canonical text.
    pub record: String,
}

impl PastEvent {
    fn of(row: PastRow) -> Result<Self> {
        let unreadable = |e: event::EventError| Error::internal(format!("a stored event: {e}"));
        let event = EventRef::parse(&row.body).map_err(unreadable)?;
        Ok(Self {
            leaf: event::leaf(&row.body),
            at: event.at,
            action: Action::ALL.iter().copied().find(|a| a.as_str() == event.action),
            object_id: event.object_id.to_string(),
            object_version: i64::try_from(event.object_version).map_err(Error::internal)?,
            stream: row.stream,
            seq: row.seq,
            record: row.record,
        })
    }

    /// The case in whose custody it stands.
    ///
    /// # Errors
    /// It stands in another stream.
    pub fn case(&self) -> Result<&str> {
        let case = self.stream.strip_prefix("case:");
        case.ok_or_else(|| Error::internal(format!("{} is the stream of no case", self.stream)))
    }

    /// The record as a value.
    ///
    /// # Errors
    /// The record says something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_str(&self.record)?)
    }
}

#[derive(QueryableByName)]
struct PastRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    stream: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    body: Vec<u8>,
    #[diesel(sql_type = Text)]
    record: String,
}

/// Places read at a time.
const PAGE: i64 = 500;

/// Events of the tree, then those that wait for it. Accesses are left out: no row follows from them.
const OF_TREE: &str = "SELECT t.idx AS place, e.stream, e.seq, e.body, r.body AS record FROM leaves t \
    JOIN events e ON e.stream = t.stream AND e.seq = t.seq \
    JOIN records r ON r.stream = e.stream AND r.seq = e.seq AND r.leaf = e.leaf \
    WHERE t.idx > $1 AND t.idx <= $1 + $2 AND t.stream NOT LIKE 'access:%' ORDER BY t.idx";
const WAITING: &str = "SELECT t.id AS place, e.stream, e.seq, e.body, r.body AS record FROM outbox t \
    JOIN events e ON e.stream = t.stream AND e.seq = t.seq \
    JOIN records r ON r.stream = e.stream AND r.seq = e.seq AND r.leaf = e.leaf \
    WHERE t.id > $1 AND t.id <= $1 + $2 AND t.stream NOT LIKE 'access:%' ORDER BY t.id";
const ENDS: [(&str, &str); 2] = [
    (OF_TREE, "SELECT MIN(idx) AS first, MAX(idx) AS last FROM leaves"),
    (WAITING, "SELECT MIN(id) AS first, MAX(id) AS last FROM outbox"),
];

#[derive(QueryableByName)]
struct Ends {
    #[diesel(sql_type = diesel::sql_types::Nullable<BigInt>)]
    first: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Nullable<BigInt>)]
    last: Option<i64>,
}

/// An event that could not be read: its place, and why.
pub type Unreadable = (String, Box<Error>);

/// What hears of each past event, with how many places of how many are read.
pub type EachPast<'a> = dyn FnMut(std::result::Result<PastEvent, Unreadable>, (u64, u64)) -> Result<()> + 'a;

/// Gives every event with a record to `each`. What cannot be parsed is given as an error with its place.
pub fn each_past_event(conn: &mut AnyConn, each: &mut EachPast<'_>) -> Result<()> {
    for (query, ends) in ENDS {
        let Ends {
            first: Some(first),
            last: Some(last),
        } = sql_query(ends).get_result(conn)?
        else {
            continue;
        };
        let (mut from, total) = (first - 1, (last - first + 1).unsigned_abs());
        while from < last {
            let page = sql_query(query).bind::<BigInt, _>(from).bind::<BigInt, _>(PAGE);
            for row in page.load::<PastRow>(conn)? {
                let done = (row.place - first + 1).unsigned_abs();
                let place = format!("event {} seq {}", row.stream, row.seq);
                each(PastEvent::of(row).map_err(|e| (place, Box::new(e))), (done, total))?;
            }
            from += PAGE;
        }
    }
    Ok(())
}
