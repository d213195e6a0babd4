//! Queries of this feature. What is long is read a page at a time, by key.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::de::DeserializeOwned;

use super::model::{JOB, Packet, PacketIssue, PacketRequest, PacketState, Purpose};
use crate::captures::CaptureState;
use crate::clock::Micros;
use crate::db::tables::{
    accounts, authorizations, capture_files, captures, cases, checkpoints, files, jobs, packet_releases, packets,
    records, subjects, units,
};
use crate::db::{AnyConn, canonical};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::ledger;
use crate::ledger::read::Record;
use crate::proof::event::EventRef;
use crate::proof::id::Digest;
use crate::words;

/// Rows read at a time.
pub const PAGE: i64 = 500;
/// Values in one `IN`.
const IN: usize = 500;

/// Adds a packet that was asked for under a name. `leaf` is that of its request.
pub fn insert(conn: &mut AnyConn, request: &PacketRequest, name: &str, leaf: &Digest) -> Result<()> {
    diesel::insert_into(packets::table)
        .values((
            packets::id.eq(&request.id),
            packets::case_id.eq(&request.case_id),
            packets::requested_by.eq(&request.requested_by.id),
            packets::purpose.eq(request.purpose.as_str()),
            packets::state.eq(PacketState::Queued.as_str()),
            packets::requested_at.eq(request.requested_at.0),
            packets::name.eq(name),
            packets::leaf.eq(leaf.as_bytes().to_vec()),
            packets::body.eq(canonical(request)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// How far a packet is, as its events say.
pub fn set_state(conn: &mut AnyConn, id: &str, state: PacketState) -> Result<()> {
    diesel::update(packets::table.find(id))
        .set(packets::state.eq(state.as_str()))
        .execute(conn)?;
    Ok(())
}

/// Packets with the jobs that build them, and their releases. A job knows how far it is and why it failed.
#[diesel::dsl::auto_type]
pub fn with_jobs() -> _ {
    let kind: &'static str = JOB;
    let job = jobs::object.eq(packets::id).and(jobs::kind.eq(kind));
    let release = packet_releases::table.on(packet_releases::packet_id.eq(packets::id));
    packets::table.inner_join(jobs::table.on(job)).left_join(release)
}

/// A packet by its id.
pub fn packet(conn: &mut AnyConn, id: &str) -> Result<Packet> {
    with_jobs()
        .filter(packets::id.eq(id))
        .select(Packet::as_select())
        .first(conn)
        .optional()?
        .ok_or_else(Error::not_found)
}

/// The packets of a case that somebody sees.
#[derive(Debug, Clone)]
pub enum SeenPackets {
    /// All of them.
    All,
    /// Those that they asked for.
    AskedBy(String),
    /// The referrals.
    Referrals,
}

/// Packets of a case, oldest first.
pub fn of_case(
    conn: &mut AnyConn,
    (case, seen): (&str, &SeenPackets),
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Packet>> {
    let query = with_jobs()
        .filter(packets::case_id.eq(case).and(packets::id.gt(after.unwrap_or_default())))
        .order(packets::id)
        .limit(limit as i64)
        .select(Packet::as_select())
        .into_boxed();
    let query = match seen {
        SeenPackets::All => query,
        SeenPackets::AskedBy(user) => query.filter(packets::requested_by.eq(user)),
        SeenPackets::Referrals => query.filter(packets::purpose.eq(Purpose::Referral.as_str())),
    };
    Ok(query.load(conn)?)
}

/// The packet's build begins, for the first time or once more.
pub fn start(conn: &mut AnyConn, id: &str, now: Micros) -> Result<()> {
    let set = (
        packets::state.eq(PacketState::Building.as_str()),
        packets::started_at.eq(Some(now)),
    );
    diesel::update(packets::table.find(id)).set(set).execute(conn)?;
    Ok(())
}

/// The packet's file is there.
pub fn ready(conn: &mut AnyConn, id: &str, now: Micros, size: i64, sha256: &Digest) -> Result<()> {
    let set = (
        packets::state.eq(PacketState::Ready.as_str()),
        packets::finished_at.eq(Some(now)),
        packets::size.eq(Some(size)),
        packets::sha256.eq(Some(sha256.as_bytes().to_vec())),
    );
    diesel::update(packets::table.find(id)).set(set).execute(conn)?;
    Ok(())
}

/// The packet could not be built; its job says why.
pub fn failed(conn: &mut AnyConn, id: &str, now: Micros) -> Result<()> {
    let set = (
        packets::state.eq(PacketState::Failed.as_str()),
        packets::finished_at.eq(Some(now)),
    );
    diesel::update(packets::table.find(id)).set(set).execute(conn)?;
    Ok(())
}

/// Events about one packet that are read: its request, its issue and its downloads.
const OF_PACKET: i64 = 1_000;

/// What the ledger says of a packet's issue; `None` for one that was never issued.
pub fn issued(conn: &mut AnyConn, case: &str, id: &str) -> Result<Option<PacketIssue>> {
    let stream = ledger::case_stream(case);
    let (mut found, mut downloads) = (None, Vec::new());
    for stored in ledger::read::of_object(conn, &stream, id, 0, OF_PACKET)? {
        let event = EventRef::parse(&stored.body).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
        match &*event.action {
            "packet.issued" => found = Some((event.at, stored.clone())),
            "packet.downloaded" => downloads.push(event.at),
            _ => {}
        }
    }
    let Some((at, event)) = found else { return Ok(None) };
    let Some((_, body)) = ledger::read::record(conn, &stream, event.seq)? else {
        return Ok(None);
    };
    let index = ledger::index_of(conn, &stream, event.seq, &event.leaf)?;
    Ok(Some(PacketIssue {
        at,
        seq: event.seq,
        leaf: digest(&event.leaf)?,
        checkpoint: index.map(|index| first_checkpoint(conn, index)).transpose()?.flatten(),
        index,
        content: serde_json::from_str(&body)?,
        downloads,
    }))
}

/// The size of the first checkpoint that covers a place in the log.
fn first_checkpoint(conn: &mut AnyConn, index: u64) -> Result<Option<i64>> {
    let index = i64::try_from(index).map_err(Error::internal)?;
    Ok(checkpoints::table
        .filter(checkpoints::size.gt(index))
        .order(checkpoints::size)
        .select(checkpoints::size)
        .first(conn)
        .optional()?)
}

/// The items of these captures, in their order.
pub fn items_of(conn: &mut AnyConn, ids: &[String]) -> Result<Vec<i64>> {
    let rows: Vec<(String, i64)> = in_parts(ids, |some| {
        captures::table
            .filter(captures::id.eq_any(some))
            .select((captures::id, captures::item))
            .load(conn)
    })?;
    let items: HashMap<String, i64> = rows.into_iter().collect();
    Ok(ids.iter().filter_map(|id| items.get(id).copied()).collect())
}

/// The number of a case.
pub fn case_number(conn: &mut AnyConn, case: &str) -> Result<String> {
    Ok(cases::table.find(case).select(cases::number).first(conn)?)
}

/// A capture as selection and inventory need it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = captures)]
pub struct ListedCapture {
    /// Its id.
    pub id: String,
    /// Its number in the case.
    pub item: i64,
    /// Its state.
    pub state: String,
    /// When it was received.
    pub received_at: Micros,
    /// Where `capture.recorded` stands in the case's stream.
    pub seq: i64,
    /// The leaf of `capture.recorded`.
    pub leaf: Vec<u8>,
}

/// Captures of a case in the order of their items, after an item.
pub fn captures_after(conn: &mut AnyConn, case: &str, item: i64) -> Result<Vec<ListedCapture>> {
    Ok(captures::table
        .filter(captures::case_id.eq(case).and(captures::item.gt(item)))
        .order(captures::item)
        .limit(PAGE)
        .select(ListedCapture::as_select())
        .load(conn)?)
}

/// Runs a query over these values, as many at a time as one `IN` takes.
fn in_parts<V: Clone, R>(values: &[V], mut query: impl FnMut(Vec<V>) -> QueryResult<Vec<R>>) -> Result<Vec<R>> {
    let mut rows = Vec::new();
    for some in values.chunks(IN) {
        rows.extend(query(some.to_vec())?);
    }
    Ok(rows)
}

/// State of those of these captures that lie in the case.
pub fn states_of(conn: &mut AnyConn, case: &str, ids: &[String]) -> Result<HashMap<String, CaptureState>> {
    let rows: Vec<(String, String)> = in_parts(ids, |some| {
        captures::table
            .filter(captures::id.eq_any(some).and(captures::case_id.eq(case)))
            .select((captures::id, captures::state))
            .load(conn)
    })?;
    let read = |(id, state): (String, String)| Ok((id, capture_state(&state)?));
    rows.into_iter().map(read).collect()
}

/// Items of a case that may leave, in their order.
pub fn items_that_may_leave(conn: &mut AnyConn, case: &str) -> Result<Vec<u64>> {
    let states = CaptureState::words_where(CaptureState::may_leave);
    let items: Vec<i64> = captures::table
        .filter(captures::case_id.eq(case).and(captures::state.eq_any(states)))
        .order(captures::item)
        .select(captures::item)
        .load(conn)?;
    Ok(items.into_iter().map(i64::unsigned_abs).collect())
}

/// A stored state of a capture.
pub fn capture_state(word: &str) -> Result<CaptureState> {
    CaptureState::from_word(word).ok_or_else(|| Error::internal(format!("a capture in an unknown state: {word}")))
}

/// The records of these events of a stream, by leaf.
pub fn records(conn: &mut AnyConn, stream: &str, seqs: &[i64]) -> Result<HashMap<Digest, Record>> {
    let rows: Vec<(Vec<u8>, Record)> = in_parts(seqs, |some| {
        records::table
            .filter(records::stream.eq(stream).and(records::seq.eq_any(some)))
            .select((records::leaf, (records::salt, records::body)))
            .load(conn)
    })?;
    by_digest(rows)
}

/// The same records, or as much of each as `T` asks for.
pub fn parsed<T: DeserializeOwned>(conn: &mut AnyConn, stream: &str, seqs: &[i64]) -> Result<HashMap<Digest, T>> {
    let parse = |(leaf, (_, body)): (Digest, Record)| Ok((leaf, serde_json::from_str(&body)?));
    records(conn, stream, seqs)?.into_iter().map(parse).collect()
}

fn by_digest<T>(rows: Vec<(Vec<u8>, T)>) -> Result<HashMap<Digest, T>> {
    let read = |(bytes, row): (Vec<u8>, T)| Ok((digest(&bytes)?, row));
    rows.into_iter().map(read).collect()
}

/// The CRC-32 of stored files, as it was when they arrived. A row that cannot be right is left out.
pub fn checksums(conn: &mut AnyConn, hashes: &[Digest]) -> Result<HashMap<Digest, u32>> {
    let hashes: Vec<Vec<u8>> = hashes.iter().map(|d| d.as_bytes().to_vec()).collect();
    let rows: Vec<(Vec<u8>, i64)> = in_parts(&hashes, |some| {
        files::table
            .filter(files::sha256.eq_any(some))
            .select((files::sha256, files::crc32))
            .load(conn)
    })?;
    let right = rows
        .into_iter()
        .filter_map(|(sha256, crc)| Some((sha256, u32::try_from(crc).ok()?)));
    by_digest(right.collect())
}

/// A row of a thing in a case: its id, the leaf of its record, and the record.
pub type Thing = (String, Vec<u8>, String);

/// The case itself.
pub fn case(conn: &mut AnyConn, case: &str) -> Result<Thing> {
    Ok(cases::table
        .find(case)
        .select((cases::id, cases::leaf, cases::body))
        .first(conn)?)
}

/// The name of the case's unit.
pub fn unit_name(conn: &mut AnyConn, case: &str) -> Result<String> {
    let query = cases::table.inner_join(units::table.on(units::id.eq(cases::unit_id)));
    Ok(query.filter(cases::id.eq(case)).select(units::name).first(conn)?)
}

words! {
    /// The kinds of things in a case whose records a packet shows, as events name them.
    ThingKind {
        /// A person the case is about.
        Subject = "subject",
        /// An account.
        Account = "account",
        /// Leave to use social media.
        Authorization = "authorization",
    }
}

/// Things of a case after an id, in the order of their ids.
pub fn things_after(conn: &mut AnyConn, kind: ThingKind, case: &str, after: &str) -> Result<Vec<Thing>> {
    macro_rules! after {
        ($table:ident) => {
            $table::table
                .filter($table::case_id.eq(case).and($table::id.gt(after)))
                .order($table::id)
                .limit(PAGE)
                .select(($table::id, $table::leaf, $table::body))
                .load(conn)
        };
    }
    Ok(match kind {
        ThingKind::Subject => after!(subjects),
        ThingKind::Account => after!(accounts),
        ThingKind::Authorization => after!(authorizations),
    }?)
}

/// A stored digest.
pub fn digest(bytes: &[u8]) -> Result<Digest> {
    Digest::from_slice(bytes).ok_or_else(|| Error::internal("a stored digest is damaged"))
}

/// Bytes of the files of these captures that are not withheld.
pub fn bytes_of(conn: &mut AnyConn, ids: &[String]) -> Result<u64> {
    let sizes: Vec<i64> = in_parts(ids, |some| {
        let file = files::table.on(files::sha256.eq(capture_files::sha256));
        let ours = capture_files::capture_id
            .eq_any(some)
            .and(capture_files::withheld.eq(false));
        let query = capture_files::table.inner_join(file).filter(ours);
        query.select(files::size).load(conn)
    })?;
    Ok(sizes.into_iter().filter_map(|s| u64::try_from(s).ok()).sum())
}
