//! What may be looked at of the ledger: events, with their records as far as the reader may see them.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use crate::captures::{store as captures, takes_part};
use crate::clock::{self, Micros};
use crate::db::AnyConn;
use crate::db::tables::{captures as rows, cases, leaves, outbox, records, users};
use crate::error::{Error, Result};
use crate::gate::{Gate, ReadCtx, RequestCtx, Scope, View};
use crate::http::paging::Page;
use crate::ledger::read::{self, EventKind, EventSearch, SearchPlace, StoredEvent};
use crate::ledger::{self, Action};
use crate::lookalike::fold;
use crate::policy::Act;
use crate::proof::checkpoint::TlogProof;
use crate::proof::event::Event;
use crate::proof::id::{Digest, hex};
use crate::proof::packet::{WORKING_PAPER, WORKING_PAPERS};

/// An event as its reader sees it.
#[derive(Debug, Clone, Serialize)]
pub struct ShownEvent {
    /// The cursor of a page that begins after it: its place in the stream, or in the tree.
    #[serde(skip)]
    pub key: i64,
    /// The event, as its leaf binds it.
    pub event: Value,
    pub leaf: Digest,
    /// Its place in the tree.
    pub index: Option<i64>,
    /// What it recorded, where the reader may read that.
    pub record: Option<Value>,
    pub salt: Option<String>,
    /// Why the record is not shown.
    pub withheld: Option<&'static str>,
}

/// A page of the custody of a capture.
pub async fn of_capture(gate: &Gate, requester: &RequestCtx, id: String, page: &Page) -> Result<Vec<ShownEvent>> {
    let (from, limit) = range(page)?;
    let view = View::new(Action::CustodyViewed, "capture", &id, json!({"from": from}));
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| {
        let stream = ledger::case_stream(&ctx.case()?.case_id);
        let found = read::of_object(ctx.conn, &stream, &id, from, limit)?;
        views(ctx, found, Act::CaptureRead)
    };
    gate.view(requester, Act::CustodyRead, scope, view, read).await
}

/// A page of the events of a case.
pub async fn of_case(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<ShownEvent>> {
    let stream = ledger::case_stream(&case);
    of_stream(gate, requester, (Act::CaseEventsRead, case, stream), page).await
}

/// A page of the access log of a case.
pub async fn accesses(gate: &Gate, requester: &RequestCtx, case: String, page: &Page) -> Result<Vec<ShownEvent>> {
    let stream = ledger::access_stream(&case);
    of_stream(gate, requester, (Act::CaseAccessesRead, case, stream), page).await
}

async fn of_stream(
    gate: &Gate,
    requester: &RequestCtx,
    (act, case, stream): (Act, String, String),
    page: &Page,
) -> Result<Vec<ShownEvent>> {
    let (from, limit) = range(page)?;
    let detail = json!({"stream": stream, "from": from});
    let view = View::new(Action::CustodyViewed, "case", &case, detail);
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = read::of_stream(ctx.conn, &stream, from, limit)?;
        views(ctx, found, act)
    };
    gate.view(requester, act, Scope::Case(case), view, read).await
}

/// Events of the whole agency, the newest first, without their records.
pub async fn of_agency(gate: &Gate, requester: &RequestCtx, search: EventSearch) -> Result<Vec<ShownEvent>> {
    let detail = json!({
        "actor": search.actor, "action": search.action, "object": search.object, "case": search.case,
        "kind": search.kind.map(EventKind::as_str), "from": search.from, "to": search.to,
        "after": search.after.as_ref().map(|place| place.at),
    });
    let view = View::new(Action::LedgerViewed, "agency", "agency", detail);
    let read = move |ctx: &mut ReadCtx<'_>| {
        let found = read::search(ctx.conn, &search)?.into_iter();
        let without_record = |(index, event): (Option<i64>, StoredEvent)| {
            Ok(ShownEvent {
                index,
                ..event_alone(&event)?
            })
        };
        found.map(without_record).collect()
    };
    gate.view(requester, Act::LedgerRead, Scope::Agency, view, read).await
}

/// The id of what somebody who searches names: a case by its number, an item as `26-004417 item 7`, a person by user name.
pub async fn id_of(gate: &Gate, requester: &RequestCtx, text: String) -> Result<Option<String>> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let number = text.split_once(" item ").map_or(text.as_str(), |(number, _)| number);
        let case: Option<String> = cases::table
            .filter(cases::number.eq(number.trim()))
            .select(cases::id)
            .first(ctx.conn)
            .optional()?;
        let item = text.split_once(" item ").map(|(_, item)| item.trim().parse::<i64>());
        match (case, item) {
            (case, None) if case.is_some() => Ok(case),
            (Some(case), Some(Ok(item))) => Ok(rows::table
                .filter(rows::case_id.eq(case).and(rows::item.eq(item)))
                .select(rows::id)
                .first(ctx.conn)
                .optional()?),
            _ => Ok(users::table
                .filter(users::username.eq(fold(&text)))
                .select(users::id)
                .first(ctx.conn)
                .optional()?),
        }
    };
    gate.read(requester, Act::LedgerRead, Scope::Agency, read).await
}

/// The numbers of cases and items, by their ids.
pub async fn numbers(gate: &Gate, requester: &RequestCtx, ids: Vec<String>) -> Result<HashMap<String, String>> {
    let read = move |ctx: &mut ReadCtx<'_>| {
        let of_cases: Vec<(String, String)> = cases::table
            .filter(cases::id.eq_any(&ids))
            .select((cases::id, cases::number))
            .load(ctx.conn)?;
        let of_items: Vec<(String, String, i64)> = rows::table
            .inner_join(cases::table.on(cases::id.eq(rows::case_id)))
            .filter(rows::id.eq_any(&ids))
            .select((rows::id, cases::number, rows::item))
            .load(ctx.conn)?;
        let items = of_items
            .into_iter()
            .map(|(id, number, item)| (id, format!("{number} item {item}")));
        Ok(of_cases.into_iter().chain(items).collect())
    };
    gate.read(requester, Act::LedgerRead, Scope::Agency, read).await
}

/// The tlog-proof of a capture's recording; none while no signed tree holds it.
pub async fn receipt(gate: &Gate, requester: &RequestCtx, id: String) -> Result<Option<String>> {
    let scope = Scope::Capture(id.clone());
    let read = move |ctx: &mut ReadCtx<'_>| proof(ctx.conn, &id);
    gate.read(requester, Act::CustodyRead, scope, read).await
}

fn proof(conn: &mut AnyConn, capture: &str) -> Result<Option<String>> {
    let row = captures::capture(conn, capture)?;
    let stream = ledger::case_stream(&row.capture.case_id);
    let index = ledger::index_of(conn, &stream, row.seq, row.leaf.as_bytes())?;
    let (Some(index), Some((size, note))) = (index, read::newest_checkpoint(conn)?) else {
        return Ok(None);
    };
    let size = u64::try_from(size).map_err(Error::internal)?;
    if index >= size {
        return Ok(None);
    }
    let hashes = ledger::inclusion(conn, index, size)?;
    let proof = TlogProof {
        extra: None,
        index,
        hashes,
        note,
    };
    Ok(Some(proof.format()))
}

/// The log as it stands.
pub struct LogState {
    /// The tree and the key.
    pub tree: ledger::TreeState,
    /// Over how many events the tree was last signed, and when.
    pub signed: Option<(u64, Micros)>,
    /// The last checkpoint, as it was signed.
    pub note: Option<String>,
    /// Events that wait to be taken into the tree.
    pub waiting: i64,
}

/// The log as it stands.
pub async fn log(gate: &Gate, requester: &RequestCtx) -> Result<LogState> {
    let read = |ctx: &mut ReadCtx<'_>| {
        Ok(LogState {
            tree: ledger::state(ctx.conn)?.ok_or_else(|| Error::internal("the log has no state"))?,
            signed: read::signed_at(ctx.conn)?,
            note: read::newest_checkpoint(ctx.conn)?.map(|(_, note)| note),
            waiting: outbox::table.count().get_result(ctx.conn)?,
        })
    };
    gate.read(requester, Act::LedgerRead, Scope::Agency, read).await
}

/// The place of an event in a search, for the cursor of the page that follows.
pub fn place(event: &ShownEvent) -> String {
    let text = |name: &str| event.event[name].as_str().unwrap_or_default();
    format!("{} {} {}", text("at"), event.key, text("stream"))
}

/// The place that a cursor names.
pub fn placed(cursor: &str) -> Option<SearchPlace> {
    let mut parts = cursor.splitn(3, ' ');
    Some(SearchPlace {
        at: clock::parse(parts.next()?)?,
        seq: parts.next()?.parse().ok()?,
        stream: parts.next()?.to_owned(),
    })
}

/// Where a page begins, and how many rows are read: one more than it shows.
fn range(page: &Page) -> Result<(i64, i64)> {
    Ok((page.after_number()?.map_or(0, |n| n + 1), page.limit as i64 + 1))
}

/// Auditors see identifiers, never records. Readers of the case see records, but none of a capture that is closed to
/// them.
pub(super) fn views(ctx: &mut ReadCtx<'_>, found: Vec<StoredEvent>, act: Act) -> Result<Vec<ShownEvent>> {
    // A page shows one stream.
    let Some(stream) = found.first().map(|event| event.stream.clone()) else {
        return Ok(Vec::new());
    };
    let seqs: Vec<i64> = found.iter().map(|event| event.seq).collect();
    let indexes = indexes(ctx.conn, &stream, &seqs)?;
    let (mut records, closed) = match ctx.may(Act::CustodyRead) || act == Act::CaptureRead {
        true => (records_of(ctx.conn, &stream, &seqs)?, closed_captures(ctx, &found)?),
        false => (HashMap::new(), HashMap::new()),
    };
    let papers = closed_papers(ctx, &found, &records)?;
    let mut out = Vec::with_capacity(found.len());
    for event in found {
        let object = object_of(&event)?;
        let paper = papers.contains(&event.leaf).then_some(WORKING_PAPER);
        let withheld = closed.get(&object).copied().or(paper);
        let record = records.remove(&event.leaf).filter(|_| withheld.is_none());
        out.push(ShownEvent {
            index: indexes.get(&event.leaf).copied(),
            salt: record.as_ref().map(|(salt, _)| hex(salt)),
            record: record.map(|(_, text)| serde_json::from_str(&text)).transpose()?,
            withheld,
            ..event_alone(&event)?
        });
    }
    Ok(out)
}

/// The event alone.
fn event_alone(event: &StoredEvent) -> Result<ShownEvent> {
    Ok(ShownEvent {
        key: event.seq,
        event: serde_json::from_slice(&event.body)?,
        leaf: Digest::from_slice(&event.leaf).ok_or_else(|| Error::internal("a stored leaf is damaged"))?,
        index: None,
        record: None,
        salt: None,
        withheld: None,
    })
}

/// What an event is about; of a derivative, the capture from which it was made, with which it is closed.
fn object_of(event: &StoredEvent) -> Result<String> {
    let event = Event::parse(&event.body).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
    let capture = event.attest.get("capture").and_then(Value::as_str);
    Ok(match capture.filter(|_| event.object.type_ == "derivative") {
        Some(capture) => capture.to_owned(),
        None => event.object.id,
    })
}

/// The places in the tree of some events of a stream, by their leaves.
fn indexes(conn: &mut AnyConn, stream: &str, seqs: &[i64]) -> Result<HashMap<Vec<u8>, i64>> {
    let found = leaves::table.filter(leaves::stream.eq(stream).and(leaves::seq.eq_any(seqs)));
    let rows: Vec<(Vec<u8>, i64)> = found.select((leaves::leaf, leaves::idx)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The salt and the body of a record.
type SaltedBody = (Vec<u8>, String);

/// The records of some events of a stream, by their leaves.
fn records_of(conn: &mut AnyConn, stream: &str, seqs: &[i64]) -> Result<HashMap<Vec<u8>, SaltedBody>> {
    let found = records::table.filter(records::stream.eq(stream).and(records::seq.eq_any(seqs)));
    let columns = (records::leaf, (records::salt, records::body));
    let rows: Vec<(Vec<u8>, SaltedBody)> = found.select(columns).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The leaves of those of these events whose records are working papers that this reader does not keep: lists of exhibits for
/// packets that they may not ask for.
fn closed_papers(
    ctx: &mut ReadCtx<'_>,
    found: &[StoredEvent],
    records: &HashMap<Vec<u8>, SaltedBody>,
) -> Result<HashSet<Vec<u8>>> {
    let mut closed = HashSet::new();
    for stored in found {
        let event = Event::parse(&stored.body).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
        if !WORKING_PAPERS.contains(&event.object.type_.as_str()) {
            continue;
        }
        let record = records.get(&stored.leaf);
        let record: Value = record.map_or(Ok(Value::Null), |(_, body)| serde_json::from_str(body))?;
        let act = match (event.object.type_.as_str(), record["purpose"].as_str()) {
            ("evidence_request", _) => Act::EvidenceRequestRead,
            (_, Some("referral")) => Act::PacketReferral,
            _ => Act::PacketRequest,
        };
        if !record.is_null() && !ctx.may(act) {
            closed.insert(stored.leaf.clone());
        }
    }
    Ok(closed)
}

/// The captures of these events whose content is closed to this reader, with their class.
fn closed_captures(ctx: &mut ReadCtx<'_>, found: &[StoredEvent]) -> Result<HashMap<String, &'static str>> {
    let ids: Result<Vec<String>> = found.iter().map(object_of).collect();
    let decides = ctx.may(Act::CaptureReadHeld);
    let mut closed = HashMap::new();
    for row in captures::closed(ctx.conn, &ids?)? {
        if !decides || takes_part(ctx, &row)? {
            closed.insert(row.capture.id, row.state.as_str());
        }
    }
    Ok(closed)
}
