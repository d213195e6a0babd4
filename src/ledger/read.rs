//! Reading the ledger: events by stream, by object, and over all cases.

use diesel::prelude::*;

use super::Action;
use crate::clock::Micros;
use crate::db::AnyConn;
use crate::db::tables::{checkpoints, events, leaves, records};
use crate::error::{Error, Result};
use crate::proof::event::Event;
use crate::proof::id::Digest;

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

/// What an auditor asks of the whole ledger.
#[derive(Debug, Clone, Default)]
pub struct EventSearch {
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Not before.
    pub from: Option<Micros>,
    /// Before.
    pub to: Option<Micros>,
    /// From this place in the tree on.
    pub after: i64,
    /// At most so many.
    pub limit: i64,
}

/// Integrated events in the tree's order, with their index.
pub fn search(conn: &mut AnyConn, search: &EventSearch) -> Result<Vec<(i64, StoredEvent)>> {
    let mut query = leaves::table
        .inner_join(
            events::table.on(events::stream
                .eq(leaves::stream)
                .and(events::seq.eq(leaves::seq))
                .and(events::leaf.eq(leaves::leaf))),
        )
        .filter(leaves::idx.ge(search.after))
        .order(leaves::idx)
        .limit(search.limit)
        .select((leaves::idx, COLUMNS))
        .into_boxed();
    if let Some(actor) = &search.actor {
        query = query.filter(events::actor.eq(actor));
    }
    if let Some(action) = &search.action {
        query = query.filter(events::action.eq(action));
    }
    if let Some(from) = search.from {
        query = query.filter(events::at.ge(from));
    }
    if let Some(to) = search.to {
        query = query.filter(events::at.lt(to));
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

/// The newest checkpoint.
pub fn newest_checkpoint(conn: &mut AnyConn) -> Result<Option<StoredCheckpoint>> {
    Ok(checkpoints::table
        .order(checkpoints::size.desc())
        .select((checkpoints::size, checkpoints::note))
        .first(conn)
        .optional()?)
}
