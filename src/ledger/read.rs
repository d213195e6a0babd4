//! Reading the ledger: events by stream, by object, and over all cases.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::Action;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{checkpoints, events, leaves, records};
use crate::error::{Error, Result};
use crate::proof::event::Event;
use crate::proof::id::Digest;
use crate::words;

/// An event as it is stored: the canonical bytes are in `body`.
#[derive(Debug, Clone, Queryable)]
pub struct StoredEvent {
    /// Its stream.
    pub stream: String,
    /// Its place there.
    pub seq: i64,
    /// Its leaf.
    pub leaf: Vec<u8>,
    /// Canonical bytes.
    pub body: Vec<u8>,
}

const COLUMNS: (events::stream, events::seq, events::leaf, events::body) =
    (events::stream, events::seq, events::leaf, events::body);

/// Events of a stream from `from` on, at most `limit`.
pub fn of_stream(conn: &mut AnyConn, stream: &str, from: i64, limit: i64) -> Result<Vec<StoredEvent>> {
    Ok(events::table
        .filter(events::stream.eq(stream).and(events::seq.ge(from)))
        .order(events::seq)
        .limit(limit)
        .select(COLUMNS)
        .load(conn)?)
}

/// Events of a stream about one object, from `from` on, at most `limit`.
pub fn of_object(conn: &mut AnyConn, stream: &str, object: &str, from: i64, limit: i64) -> Result<Vec<StoredEvent>> {
    let about = events::object.eq(object).and(events::stream.eq(stream));
    Ok(events::table
        .filter(about.and(events::seq.ge(from)))
        .order(events::seq)
        .limit(limit)
        .select(COLUMNS)
        .load(conn)?)
}

/// What is looked for among the events of a stream, from the newest on.
#[derive(Debug, Clone, Default)]
pub struct Newest {
    /// Only about this.
    pub object: Option<String>,
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only these actions; none: all.
    pub actions: Vec<&'static str>,
    /// Before this place.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: i64,
}

/// Events of a stream, newest first.
pub fn newest(conn: &mut AnyConn, stream: &str, search: &Newest) -> Result<Vec<StoredEvent>> {
    let mut query = events::table
        .filter(events::stream.eq(stream))
        .order(events::seq.desc())
        .limit(search.limit)
        .select(COLUMNS)
        .into_boxed();
    if let Some(object) = &search.object {
        query = query.filter(events::object.eq(object));
    }
    if let Some(actor) = &search.actor {
        query = query.filter(events::actor.eq(actor));
    }
    if !search.actions.is_empty() {
        query = query.filter(events::action.eq_any(search.actions.clone()));
    }
    if let Some(before) = search.before {
        query = query.filter(events::seq.lt(before));
    }
    Ok(query.load(conn)?)
}

words! {
    /// Which events a search looks at.
    EventKind {
        /// What changes cases, and what leaves them.
        Case = "case",
        /// Views, refusals and dropped uploads about cases.
        Access = "access",
        /// The rest: people, sessions, the installation.
        Agency = "agency",
        /// Whatever somebody saw, was refused or took out, in any stream.
        Seen = "seen",
        /// Whatever somebody was refused, in any stream: cases, sign-ins, uploads.
        Refused = "refused",
    }
}

impl EventKind {
    /// The condition. It is written so that no index of streams answers it: the search goes along the times.
    fn condition(self) -> SqlLiteral<Bool> {
        sql(match self {
            Self::Case => "events.stream LIKE 'case:%'",
            Self::Access => "events.stream LIKE 'access:%'",
            Self::Agency => "events.stream LIKE 'agency'",
            Self::Seen => {
                "(events.stream LIKE 'access:%' OR events.action LIKE 'packet.%' OR events.action LIKE 'cases.listed' \
                 OR events.action LIKE 'ledger.viewed' OR events.action LIKE 'audit.viewed' \
                 OR events.action LIKE '%.refused')"
            }
            Self::Refused => "events.action LIKE '%.refused'",
        })
    }
}

/// An event's place in a search: its time, and its place in its stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPlace {
    /// When it happened.
    pub at: Micros,
    /// Its stream.
    pub stream: String,
    /// Its place there.
    pub seq: i64,
}

/// What an auditor asks of the whole ledger.
#[derive(Debug, Clone, Default)]
pub struct EventSearch {
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only about this thing.
    pub object: Option<String>,
    /// Only of this case: what changed it, and who looked at it.
    pub case: Option<String>,
    /// Only of this kind.
    pub kind: Option<EventKind>,
    /// Not before.
    pub from: Option<Micros>,
    /// Before.
    pub to: Option<Micros>,
    /// Only what stands after this place, going back in time.
    pub after: Option<SearchPlace>,
    /// At most so many.
    pub limit: i64,
}

/// What a search does not tell of: aliases, which exist for their holders and supervisors alone, but that one was included
/// in what leaves with a case is told; and reports of misuse, of
/// which an auditor whom one names would learn. Whoever may see a report reads there what became of it.
const TOLD: &str = "(events.action NOT LIKE 'alias%' OR events.action = 'alias_disclosure.recorded') \
     AND events.action NOT LIKE 'misuse_report.%'";

/// Events of all streams, the newest first, with their index where the tree holds them; without those that it does not tell.
pub fn search(conn: &mut AnyConn, search: &EventSearch) -> Result<Vec<(Option<i64>, StoredEvent)>> {
    let in_tree = events::stream
        .eq(leaves::stream)
        .and(events::seq.eq(leaves::seq))
        .and(events::leaf.eq(leaves::leaf));
    let mut query = events::table
        .left_join(leaves::table.on(in_tree))
        .filter(sql::<Bool>(TOLD))
        .order((events::at.desc(), events::stream.desc(), events::seq.desc()))
        .limit(search.limit)
        .select((leaves::idx.nullable(), COLUMNS))
        .into_boxed();
    if let Some(actor) = &search.actor {
        query = query.filter(events::actor.eq(actor));
    }
    if let Some(action) = &search.action {
        query = query.filter(events::action.eq(action));
    }
    if let Some(object) = &search.object {
        query = query.filter(events::object.eq(object));
    }
    if let Some(case) = &search.case {
        query = query.filter(events::stream.eq_any([super::case_stream(case), super::access_stream(case)]));
    }
    if let Some(kind) = search.kind {
        query = query.filter(kind.condition());
    }
    if let Some(from) = search.from {
        query = query.filter(events::at.ge(from));
    }
    if let Some(to) = search.to {
        query = query.filter(events::at.lt(to));
    }
    if let Some(SearchPlace { at, stream, seq }) = &search.after {
        let older = sql::<Bool>("(events.at, events.stream, events.seq) < (")
            .bind::<BigInt, _>(at)
            .sql(", ")
            .bind::<Text, _>(stream)
            .sql(", ")
            .bind::<BigInt, _>(seq)
            .sql(")");
        query = query.filter(older);
    }
    Ok(query.load(conn)?)
}

/// A stored record: salt and canonical JSON.
pub type Record = (Vec<u8>, String);

/// The record of an event; `None` when it was purged.
pub fn record(conn: &mut AnyConn, stream: &str, seq: i64) -> Result<Option<Record>> {
    Ok(records::table
        .find((stream, seq))
        .select((records::salt, records::body))
        .first(conn)
        .optional()?)
}

/// Versions of one thing that are looked through for one of them, newest first.
const VERSIONS: i64 = 500;

/// The record of one version of a thing that these actions recorded; `None` where none is found.
pub fn version_of(
    conn: &mut AnyConn,
    (stream, object): (&str, &str),
    actions: &[Action],
    version: i64,
) -> Result<Option<String>> {
    let actions: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
    let rows: Vec<(Vec<u8>, String)> = events::table
        .inner_join(records::table.on(records::stream.eq(events::stream).and(records::seq.eq(events::seq))))
        .filter(events::object.eq(object).and(events::stream.eq(stream)))
        .filter(events::action.eq_any(actions))
        .order(events::seq.desc())
        .limit(VERSIONS)
        .select((events::body, records::body))
        .load(conn)?;
    for (event, record) in rows {
        let event = Event::parse(&event).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
        if i64::try_from(event.object.version) == Ok(version) {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// The record of the last version of a thing that these actions recorded until a moment; `None` where there was none yet.
pub fn version_at(
    conn: &mut AnyConn,
    (stream, object): (&str, &str),
    actions: &[Action],
    at: Micros,
) -> Result<Option<String>> {
    let actions: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
    let found = events::table
        .inner_join(records::table.on(records::stream.eq(events::stream).and(records::seq.eq(events::seq))))
        .filter(events::object.eq(object).and(events::stream.eq(stream)))
        .filter(events::action.eq_any(actions).and(events::at.le(at)))
        .order(events::seq.desc())
        .select(records::body);
    Ok(found.first(conn).optional()?)
}

/// The last event of a stream: its place and leaf.
pub fn head(conn: &mut AnyConn, stream: &str) -> Result<Option<(i64, Digest)>> {
    let row: Option<(i64, Vec<u8>)> = events::table
        .filter(events::stream.eq(stream))
        .order(events::seq.desc())
        .select((events::seq, events::leaf))
        .first(conn)
        .optional()?;
    let Some((seq, leaf)) = row else { return Ok(None) };
    let leaf = Digest::from_slice(&leaf).ok_or_else(|| Error::internal("a stored leaf is damaged"))?;
    Ok(Some((seq, leaf)))
}

/// A stored checkpoint: its size and signed note.
pub type StoredCheckpoint = (i64, String);

/// Over how many events the tree was last signed, and when.
pub fn signed_at(conn: &mut AnyConn) -> Result<Option<(u64, Micros)>> {
    let newest = checkpoints::table
        .order(checkpoints::size.desc())
        .select((checkpoints::size, checkpoints::at));
    let found: Option<(i64, Micros)> = newest.first(conn).optional()?;
    let unsigned = |(size, at)| Ok((u64::try_from(size).map_err(Error::internal)?, at));
    found.map(unsigned).transpose()
}

/// The newest checkpoint.
pub fn newest_checkpoint(conn: &mut AnyConn) -> Result<Option<StoredCheckpoint>> {
    Ok(checkpoints::table
        .order(checkpoints::size.desc())
        .select((checkpoints::size, checkpoints::note))
        .first(conn)
        .optional()?)
}
