//! Queries of this feature. What is long is read a page at a time, by key.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::de::DeserializeOwned;

use super::model::{Disclosure, JOB, Packet};
use crate::captures::CaptureState;
use crate::clock::Micros;
use crate::db::tables::{
    accounts, authorizations, capture_files, captures, cases, disclosures, events, files, jobs, packets, records,
    subjects, units,
};
use crate::db::{AnyConn, canonical};
use crate::error::{Error, Result};
use crate::forms::Word;
use crate::proof::id::Digest;

/// Rows read at a time.
pub const PAGE: i64 = 500;
/// Values in one `IN`.
const IN: usize = 500;

/// Adds a packet that was asked for, and the job that builds it.
pub fn insert(conn: &mut AnyConn, packet: &Packet, requested_by: &str, leaf: &Digest) -> Result<()> {
    diesel::insert_into(packets::table)
        .values((
            packets::id.eq(&packet.id),
            packets::case_id.eq(&packet.case_id),
            packets::requested_by.eq(requested_by),
            packets::purpose.eq(&packet.purpose),
            packets::state.eq(&packet.state),
            packets::requested_at.eq(packet.requested_at),
            packets::name.eq(&packet.name),
            packets::leaf.eq(leaf.as_bytes().to_vec()),
            packets::body.eq(canonical(&packet.request()?)?),
        ))
        .execute(conn)?;
    crate::jobs::add(conn, JOB, &packet.id, packet.requested_at)
}

/// Packets, each with the job that builds it: how far it is and why it failed stand there.
#[diesel::dsl::auto_type]
fn with_jobs() -> _ {
    let kind: &'static str = JOB;
    let job = jobs::object.eq(packets::id).and(jobs::kind.eq(kind));
    packets::table.inner_join(jobs::table.on(job))
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

/// Packets of a case, oldest first.
pub fn of_case(conn: &mut AnyConn, case: &str, after: Option<&str>, limit: usize) -> Result<Vec<Packet>> {
    Ok(with_jobs()
        .filter(packets::case_id.eq(case).and(packets::id.gt(after.unwrap_or_default())))
        .order(packets::id)
        .limit(limit as i64)
        .select(Packet::as_select())
        .load(conn)?)
}

/// The packet's build begins, for the first time or once more.
pub fn start(conn: &mut AnyConn, id: &str, now: Micros) -> Result<()> {
    let set = (packets::state.eq("building"), packets::started_at.eq(Some(now)));
    diesel::update(packets::table.find(id)).set(set).execute(conn)?;
    Ok(())
}

/// The packet's file is there.
pub fn ready(conn: &mut AnyConn, id: &str, now: Micros, size: i64, sha256: &Digest) -> Result<()> {
    let set = (
        packets::state.eq("ready"),
        packets::finished_at.eq(Some(now)),
        packets::size.eq(Some(size)),
        packets::sha256.eq(Some(sha256.as_bytes().to_vec())),
    );
    diesel::update(packets::table.find(id)).set(set).execute(conn)?;
    Ok(())
}

/// The packet could not be built; its job says why.
pub fn failed(conn: &mut AnyConn, id: &str, now: Micros) -> Result<()> {
    let set = (packets::state.eq("failed"), packets::finished_at.eq(Some(now)));
    diesel::update(packets::table.find(id)).set(set).execute(conn)?;
    Ok(())
}

/// A disclosure's row: what follows from its record.
pub struct DisclosureRow {
    pub id: String,
    pub packet_id: String,
    pub body: String,
}

impl DisclosureRow {
    /// The row of a disclosure.
    pub fn of(disclosure: &Disclosure) -> Result<Self> {
        Ok(Self {
            id: disclosure.id.clone(),
            packet_id: disclosure.packet_id.clone(),
            body: canonical(disclosure)?,
        })
    }
}

/// Adds a disclosure that an event with this leaf recorded.
pub fn insert_disclosure(conn: &mut AnyConn, row: &DisclosureRow, leaf: &Digest) -> Result<()> {
    diesel::insert_into(disclosures::table)
        .values((
            disclosures::id.eq(&row.id),
            disclosures::packet_id.eq(&row.packet_id),
            disclosures::leaf.eq(leaf.as_bytes().to_vec()),
            disclosures::body.eq(&row.body),
        ))
        .execute(conn)?;
    Ok(())
}

/// Disclosures of a packet, oldest first.
pub fn disclosures_of(conn: &mut AnyConn, packet: &str, after: Option<&str>, limit: usize) -> Result<Vec<Disclosure>> {
    let bodies: Vec<String> = disclosures::table
        .filter(
            disclosures::packet_id
                .eq(packet)
                .and(disclosures::id.gt(after.unwrap_or_default())),
        )
        .order(disclosures::id)
        .limit(limit as i64)
        .select(disclosures::body)
        .load(conn)?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
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

/// State of those of these captures that lie in the case.
pub fn states_of(conn: &mut AnyConn, case: &str, ids: &[String]) -> Result<HashMap<String, CaptureState>> {
    let mut out = HashMap::with_capacity(ids.len());
    for some in ids.chunks(IN) {
        let rows: Vec<(String, String)> = captures::table
            .filter(captures::id.eq_any(some.to_vec()).and(captures::case_id.eq(case)))
            .select((captures::id, captures::state))
            .load(conn)?;
        for (id, state) in rows {
            out.insert(id, capture_state(&state)?);
        }
    }
    Ok(out)
}

/// A stored state of a capture.
pub fn capture_state(word: &str) -> Result<CaptureState> {
    CaptureState::from_word(word).ok_or_else(|| Error::internal(format!("a capture in an unknown state: {word}")))
}

/// The records of these events of a stream: salt and canonical JSON, by leaf.
pub fn records(conn: &mut AnyConn, stream: &str, seqs: &[i64]) -> Result<HashMap<Digest, (Vec<u8>, String)>> {
    let mut out = HashMap::with_capacity(seqs.len());
    for some in seqs.chunks(IN) {
        let rows: Vec<(Vec<u8>, Vec<u8>, String)> = records::table
            .filter(records::stream.eq(stream).and(records::seq.eq_any(some.to_vec())))
            .select((records::leaf, records::salt, records::body))
            .load(conn)?;
        for (leaf, salt, body) in rows {
            out.insert(digest(&leaf)?, (salt, body));
        }
    }
    Ok(out)
}

/// The same records, or as much of each as `T` asks for.
pub fn parsed<T: DeserializeOwned>(conn: &mut AnyConn, stream: &str, seqs: &[i64]) -> Result<HashMap<Digest, T>> {
    let parse = |(leaf, (_, body)): (Digest, (Vec<u8>, String))| Ok((leaf, serde_json::from_str(&body)?));
    records(conn, stream, seqs)?.into_iter().map(parse).collect()
}

/// The CRC-32 of stored files, as it was when they arrived. A row that cannot be right is left out.
pub fn checksums(conn: &mut AnyConn, hashes: &[Digest]) -> Result<HashMap<Digest, u32>> {
    let mut out = HashMap::with_capacity(hashes.len());
    for some in hashes.chunks(IN) {
        let wanted: Vec<Vec<u8>> = some.iter().map(|d| d.as_bytes().to_vec()).collect();
        let rows: Vec<(Vec<u8>, i64)> = files::table
            .filter(files::sha256.eq_any(wanted))
            .select((files::sha256, files::crc32))
            .load(conn)?;
        for (sha256, crc) in rows {
            if let Ok(crc) = u32::try_from(crc) {
                out.insert(digest(&sha256)?, crc);
            }
        }
    }
    Ok(out)
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

/// Subjects of a case after an id.
pub fn subjects_after(conn: &mut AnyConn, case: &str, after: &str) -> Result<Vec<Thing>> {
    let query = subjects::table.filter(subjects::case_id.eq(case).and(subjects::id.gt(after)));
    Ok(query
        .order(subjects::id)
        .limit(PAGE)
        .select((subjects::id, subjects::leaf, subjects::body))
        .load(conn)?)
}

/// Accounts of a case after an id.
pub fn accounts_after(conn: &mut AnyConn, case: &str, after: &str) -> Result<Vec<Thing>> {
    let query = accounts::table.filter(accounts::case_id.eq(case).and(accounts::id.gt(after)));
    Ok(query
        .order(accounts::id)
        .limit(PAGE)
        .select((accounts::id, accounts::leaf, accounts::body))
        .load(conn)?)
}

/// Authorizations of a case after an id.
pub fn authorizations_after(conn: &mut AnyConn, case: &str, after: &str) -> Result<Vec<Thing>> {
    let query = authorizations::table.filter(authorizations::case_id.eq(case).and(authorizations::id.gt(after)));
    let columns = (authorizations::id, authorizations::leaf, authorizations::body);
    Ok(query.order(authorizations::id).limit(PAGE).select(columns).load(conn)?)
}

/// A stored digest.
pub fn digest(bytes: &[u8]) -> Result<Digest> {
    Digest::from_slice(bytes).ok_or_else(|| Error::internal("a stored digest is damaged"))
}

/// Bytes of the files of these captures that are not withheld.
pub fn bytes_of(conn: &mut AnyConn, ids: &[String]) -> Result<u64> {
    let sizes: Vec<i64> = capture_files::table
        .inner_join(files::table.on(files::sha256.eq(capture_files::sha256)))
        .filter(
            capture_files::capture_id
                .eq_any(ids.to_vec())
                .and(capture_files::withheld.eq(false)),
        )
        .select(files::size)
        .load(conn)?;
    Ok(sizes.into_iter().filter_map(|s| u64::try_from(s).ok()).sum())
}

/// The canonical bytes of these events of a stream, by leaf.
pub fn bodies(conn: &mut AnyConn, stream: &str, seqs: &[i64]) -> Result<HashMap<Digest, Vec<u8>>> {
    let mut out = HashMap::with_capacity(seqs.len());
    for some in seqs.chunks(IN) {
        let rows: Vec<(Vec<u8>, Vec<u8>)> = events::table
            .filter(events::stream.eq(stream).and(events::seq.eq_any(some.to_vec())))
            .select((events::leaf, events::body))
            .load(conn)?;
        for (leaf, body) in rows {
            out.insert(digest(&leaf)?, body);
        }
    }
    Ok(out)
}
