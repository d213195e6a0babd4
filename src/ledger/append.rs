//! Appends events to streams. A stream is locked until the transaction ends, so the head that is read is the one that the
//! new events follow.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::result::DatabaseErrorKind::UniqueViolation;
use diesel::result::Error::DatabaseError;
use serde_json::{Map, Value, json};

use super::action::Action;
use super::pg_append;
use super::rows::{EventRow, OutboxRow, RecordRow};
use super::stream_head::{self, StreamHead};
use crate::clock::{Micros, SECOND, random};
use crate::db::AnyConn;
use crate::db::tables::{events, records};
use crate::error::{Error, Kind, Result};
use crate::proof::event::{self, Actor, Event, Object};
use crate::proof::id::Digest;
use crate::proof::record;

/// Bytes of a record at the most: two of them and what goes with them fit a packet's line of 1 MB (contract section 4).
const RECORD: usize = 460_000;

/// How many places from a stream's end an append is looked for whose answer was lost.
const RECENT: i64 = 4096;

/// What one event is about to say.
#[derive(Debug, Clone)]
pub struct Draft {
    /// `case:<id>`, `access:<id>` or `agency`.
    pub stream: String,
    /// What happened.
    pub action: Action,
    /// The kind of thing it happened to, such as `capture`.
    pub object_type: &'static str,
    /// Its id.
    pub object_id: String,
    /// Its version, from 1.
    pub version: i64,
    /// The full content of what the event made or says.
    pub record: Value,
    /// What the leaf itself must show for ever: identifiers, digests, integers.
    pub attest: Map<String, Value>,
}

impl Draft {
    /// The first version of a thing, with nothing to attest.
    pub fn new(stream: String, action: Action, (object_type, id): (&'static str, &str), record: Value) -> Self {
        Self {
            stream,
            action,
            object_type,
            object_id: id.to_owned(),
            version: 1,
            record,
            attest: Map::new(),
        }
    }
}

/// An event that stands in its stream.
#[expect(
    clippy::manual_non_exhaustive,
    reason = "within the crate, too, only an append makes one"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Its stream.
    pub stream: String,
    /// Its place in the stream, from 0.
    pub seq: i64,
    /// Its leaf.
    pub leaf: Digest,
    /// Its time.
    pub at: Micros,
    /// Only an append makes one: `gate::Recorded` rests on that.
    appended: (),
}

/// A record as it goes in: its canonical text, its salt, and the hash of both that the event binds.
#[derive(Clone)]
pub(super) struct Sealed {
    text: String,
    salt: [u8; 32],
    hash: Digest,
}

impl Sealed {
    /// Errors where the record cannot be written canonically or is too long.
    pub(super) fn of(record: &Value) -> Result<Self> {
        let text = crate::db::canonical(record)?;
        if text.len() > RECORD {
            return Err(too_long(text.len()));
        }
        let salt = random::<32>();
        let hash = record::hash_canonical(text.as_bytes(), &salt);
        Ok(Self { text, salt, hash })
    }

    /// Whether it was written to this stream, not long ago.
    pub(super) fn stands_in(&self, conn: &mut AnyConn, stream: &str) -> Result<bool> {
        let last: Option<i64> = events::table
            .filter(events::stream.eq(stream))
            .select(events::seq)
            .order(events::seq.desc())
            .first(conn)
            .optional()?;
        let recent = records::table.filter(
            records::stream
                .eq(stream)
                .and(records::seq.gt(last.unwrap_or(-1) - RECENT))
                .and(records::salt.eq(self.salt.to_vec())),
        );
        Ok(recent.count().get_result::<i64>(conn)? > 0)
    }
}

/// Streams that are held, where they end now, and what is added to them in this transaction.
#[derive(Default)]
pub struct Heads {
    heads: BTreeMap<String, StreamHead>,
    events: Vec<EventRow>,
    records: Vec<RecordRow>,
}

impl Heads {
    /// Holds these streams, in sorted order, until the transaction ends.
    pub fn lock(conn: &mut AnyConn, streams: &[&str]) -> Result<Self> {
        let mut heads = Self::default();
        let mut sorted = streams.to_vec();
        sorted.sort_unstable();
        sorted.into_iter().try_for_each(|stream| heads.hold(conn, stream))?;
        Ok(heads)
    }

    /// Holds one more stream, if it is not held yet.
    pub fn hold(&mut self, conn: &mut AnyConn, stream: &str) -> Result<()> {
        if !self.heads.contains_key(stream) {
            self.heads.insert(stream.to_owned(), stream_head::hold(conn, stream)?);
        }
        Ok(())
    }

    /// Adds an event at the end of its stream. The rows go in with `flush`.
    pub fn append(&mut self, conn: &mut AnyConn, actor: &Actor, now: Micros, draft: &Draft) -> Result<Appended> {
        self.append_sealed(conn, now, (actor, draft), Sealed::of(&draft.record)?)
    }

    /// The same with a record that is sealed already: sealing needs no lock.
    pub(super) fn append_sealed(
        &mut self,
        conn: &mut AnyConn,
        now: Micros,
        (actor, draft): (&Actor, &Draft),
        record: Sealed,
    ) -> Result<Appended> {
        self.hold(conn, &draft.stream)?;
        let head_at = self.heads.get(&draft.stream).map_or(i64::MIN, |head| head.at);
        if head_at.saturating_sub(now) > SECOND && draft.action != Action::ClockClamped {
            let clamped = clamped(draft, now, head_at);
            self.add(&super::job("clock"), head_at, &clamped, Sealed::of(&clamped.record)?)?;
        }
        self.add(actor, now.max(head_at), draft, record)
    }

    fn add(&mut self, actor: &Actor, at: Micros, draft: &Draft, record: Sealed) -> Result<Appended> {
        let head = self
            .heads
            .get_mut(&draft.stream)
            .ok_or_else(|| Error::internal("a stream that is not held"))?;
        let seq = head.seq + 1;
        let made = Event {
            v: 1,
            stream: draft.stream.clone(),
            seq: u64::try_from(seq).map_err(Error::internal)?,
            prev: head.leaf,
            at,
            actor: actor.clone(),
            action: draft.action.as_str().to_owned(),
            object: Object {
                type_: draft.object_type.to_owned(),
                id: draft.object_id.clone(),
                version: u64::try_from(draft.version).map_err(Error::internal)?,
            },
            record: record.hash,
            attest: draft.attest.clone(),
        };
        let body = made
            .canonical()
            .map_err(|e| Error::internal(format!("an event cannot be written: {e}")))?;
        let leaf = event::leaf(&body);
        self.records.push(RecordRow {
            stream: draft.stream.clone(),
            seq,
            leaf: leaf.as_bytes().to_vec(),
            salt: record.salt.to_vec(),
            body: record.text,
        });
        self.events.push(EventRow {
            stream: made.stream,
            seq,
            prev: made.prev.map(|d| d.as_bytes().to_vec()),
            leaf: leaf.as_bytes().to_vec(),
            at,
            actor: made.actor.id,
            action: draft.action.as_str(),
            object: made.object.id,
            body,
        });
        *head = StreamHead {
            seq,
            leaf: Some(leaf),
            at,
        };
        Ok(Appended {
            stream: draft.stream.clone(),
            seq,
            leaf,
            at,
            appended: (),
        })
    }

    /// Writes what was added: events, records, outbox.
    pub fn flush(self, conn: &mut AnyConn) -> Result<()> {
        if self.events.is_empty() {
            return Ok(());
        }
        let written = match conn {
            AnyConn::Sqlite(c) => self.write_each(c),
            AnyConn::Pg(c) => pg_append::write(c, self.events, self.records),
        };
        match written {
            // Nobody else may write there while it is held, and no place is given twice.
            Err(DatabaseError(UniqueViolation, _)) => Err(Error::internal(
                "a place in a stream was taken although the stream is held: run the audit",
            )),
            written => Ok(written?),
        }
    }

    /// Row by row: the statement is prepared once for ever, and there is no way to the database and back to save.
    fn write_each(self, conn: &mut SqliteConnection) -> QueryResult<()> {
        for row in self.events {
            let waiting = OutboxRow {
                leaf: row.leaf.clone(),
                stream: row.stream.clone(),
                seq: row.seq,
            };
            row.execute(conn)?;
            waiting.execute(conn)?;
        }
        self.records.into_iter().try_for_each(|row| row.execute(conn).map(drop))
    }
}

fn too_long(bytes: usize) -> Error {
    let message =
        format!("makes a record of {bytes} bytes, at most {RECORD} are kept: shorten it, or attach the rest as a file");
    Error {
        errors: Error::field("body", "too_long", message.as_str()).errors,
        ..Error::new(Kind::TooLarge, "too-large", format!("This {message}"))
    }
}

fn clamped(draft: &Draft, now: Micros, head_at: Micros) -> Draft {
    let record = json!({"clock": crate::clock::format(now), "head": crate::clock::format(head_at)});
    let stream = ("stream", draft.stream.as_str());
    let mut clamped = Draft::new(draft.stream.clone(), Action::ClockClamped, stream, record);
    clamped.attest.insert("behind_us".into(), json!(head_at - now));
    clamped
}
