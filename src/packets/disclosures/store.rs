//! Queries over disclosures, their links and the receipts of their recipients.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde::Deserialize;

use super::link::{DisclosureLink, LinkRow};
use super::model::{Acknowledgement, Disclosure};
use crate::clock::Micros;
use crate::db::tables::{acknowledgements, disclosure_links, disclosures, events};
use crate::db::{self, AnyConn, canonical};
use crate::error::{Error, Result};
use crate::ledger::{self, Action};
use crate::proof::event::Event;
use crate::proof::id::Digest;

/// Links and receipts of one packet that are read.
const OF_PACKET: i64 = 500;
/// Events about a packet that are read.
const EVENTS: i64 = 1_000;

/// Adds a disclosure that an event with this leaf recorded.
pub fn insert(conn: &mut AnyConn, disclosure: &Disclosure, leaf: &Digest) -> Result<()> {
    diesel::insert_into(disclosures::table)
        .values((
            disclosures::id.eq(&disclosure.id),
            disclosures::packet_id.eq(&disclosure.packet_id),
            disclosures::leaf.eq(leaf.as_bytes().to_vec()),
            disclosures::body.eq(canonical(disclosure)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// Disclosures of a packet, oldest first.
pub fn of_packet(conn: &mut AnyConn, packet: &str, after: Option<&str>, limit: usize) -> Result<Vec<Disclosure>> {
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

/// A disclosure of this packet.
pub fn one(conn: &mut AnyConn, packet: &str, id: &str) -> Result<Disclosure> {
    let found = disclosures::table.find(id).filter(disclosures::packet_id.eq(packet));
    db::record(conn, found.select(disclosures::body))
}

/// Adds a link that an event with this leaf recorded.
pub fn insert_link(conn: &mut AnyConn, link: &DisclosureLink, leaf: &Digest) -> Result<()> {
    diesel::insert_into(disclosure_links::table)
        .values((
            disclosure_links::id.eq(&link.id),
            disclosure_links::disclosure_id.eq(&link.disclosure_id),
            disclosure_links::packet_id.eq(&link.packet_id),
            disclosure_links::case_id.eq(&link.case_id),
            disclosure_links::token_sha256.eq(link.token_sha256.as_bytes().to_vec()),
            disclosure_links::code_sha256.eq(link.code_sha256.as_bytes().to_vec()),
            disclosure_links::ends_at.eq(link.ends_at.0),
            disclosure_links::downloads.eq(i64::try_from(link.downloads).map_err(Error::internal)?),
            disclosure_links::leaf.eq(leaf.as_bytes().to_vec()),
            disclosure_links::body.eq(canonical(link)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// A link by the digest of its address.
pub fn link_of_token(conn: &mut AnyConn, token: &Digest) -> Result<Option<LinkRow>> {
    let found = disclosure_links::table.filter(disclosure_links::token_sha256.eq(token.as_bytes().to_vec()));
    Ok(found.select(LinkRow::as_select()).first(conn).optional()?)
}

/// A link of this packet.
pub fn link(conn: &mut AnyConn, packet: &str, id: &str) -> Result<LinkRow> {
    let found = disclosure_links::table
        .find(id)
        .filter(disclosure_links::packet_id.eq(packet));
    let row = found.select(LinkRow::as_select()).first(conn).optional()?;
    row.ok_or_else(Error::not_found)
}

/// Links of a packet, oldest first.
pub fn links_of(conn: &mut AnyConn, packet: &str) -> Result<Vec<LinkRow>> {
    Ok(disclosure_links::table
        .filter(disclosure_links::packet_id.eq(packet))
        .order(disclosure_links::id)
        .limit(OF_PACKET)
        .select(LinkRow::as_select())
        .load(conn)?)
}

/// Whether the ledger stands behind a link's row: its event made it, it says what that event's record says, and what it
/// says of downloads, lock and end is what the events say.
pub fn is_recorded(conn: &mut AnyConn, row: &LinkRow) -> Result<bool> {
    let stream = ledger::case_stream(&row.case_id);
    let about: Vec<(String, i64, Vec<u8>)> = events::table
        .filter(events::object.eq(&row.id).and(events::stream.eq(&stream)))
        .order(events::seq)
        .limit(EVENTS)
        .select((events::action, events::seq, events::leaf))
        .load(conn)?;
    let times = |wanted: Action| about.iter().filter(|(action, ..)| action == wanted.as_str()).count();
    let told = i64::try_from(times(Action::DisclosureDownloaded)) == Ok(row.downloaded)
        && (times(Action::DisclosureLocked) > 0) == row.locked_at.is_some()
        && (times(Action::DisclosureRevoked) > 0) == row.revoked_at.is_some();
    let made = about
        .iter()
        .find(|(action, _, leaf)| action == Action::DisclosureLinked.as_str() && *leaf == row.leaf);
    let Some((_, seq, _)) = made.filter(|_| told) else {
        return Ok(false);
    };
    let Some((_, body)) = ledger::read::record(conn, &stream, *seq)? else {
        return Ok(false);
    };
    let record: DisclosureLink = serde_json::from_str(&body)?;
    Ok(body == row.body
        && record.token_sha256.as_bytes().as_slice() == row.token_sha256
        && record.code_sha256.as_bytes().as_slice() == row.code_sha256
        && record.packet_id == row.packet_id
        && record.ends_at.0 == row.ends_at
        && i64::try_from(record.downloads) == Ok(row.downloads))
}

/// One wrong code more.
pub fn count_refused(conn: &mut AnyConn, id: &str) -> Result<()> {
    diesel::update(disclosure_links::table.find(id))
        .set(disclosure_links::refused.eq(disclosure_links::refused + 1))
        .execute(conn)?;
    Ok(())
}

/// One download more.
pub fn count_download(conn: &mut AnyConn, id: &str, at: Micros) -> Result<()> {
    let set = (
        disclosure_links::downloaded.eq(disclosure_links::downloaded + 1),
        disclosure_links::last_download.eq(Some(at)),
    );
    diesel::update(disclosure_links::table.find(id))
        .set(set)
        .execute(conn)?;
    Ok(())
}

/// The link is locked.
pub fn lock(conn: &mut AnyConn, id: &str, at: Micros) -> Result<()> {
    diesel::update(disclosure_links::table.find(id))
        .set(disclosure_links::locked_at.eq(Some(at)))
        .execute(conn)?;
    Ok(())
}

/// The link is taken back.
pub fn revoke(conn: &mut AnyConn, id: &str, at: Micros) -> Result<()> {
    diesel::update(disclosure_links::table.find(id))
        .set(disclosure_links::revoked_at.eq(Some(at)))
        .execute(conn)?;
    Ok(())
}

/// Adds a receipt that an event with this leaf recorded.
pub fn insert_acknowledgement(conn: &mut AnyConn, given: &Acknowledgement, leaf: &Digest) -> Result<()> {
    diesel::insert_into(acknowledgements::table)
        .values((
            acknowledgements::id.eq(&given.id),
            acknowledgements::disclosure_id.eq(&given.disclosure_id),
            acknowledgements::packet_id.eq(&given.packet_id),
            acknowledgements::leaf.eq(leaf.as_bytes().to_vec()),
            acknowledgements::body.eq(canonical(given)?),
        ))
        .execute(conn)?;
    Ok(())
}

/// Receipts of a packet, oldest first.
pub fn acknowledgements_of(conn: &mut AnyConn, packet: &str) -> Result<Vec<Acknowledgement>> {
    let bodies: Vec<String> = acknowledgements::table
        .filter(acknowledgements::packet_id.eq(packet))
        .order(acknowledgements::id)
        .limit(OF_PACKET)
        .select(acknowledgements::body)
        .load(conn)?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

/// What the ledger says that a packet is: what its issue attests and how its inventory counts.
#[derive(Debug, Default)]
pub struct PacketFacts {
    pub manifest_sha256: Option<Digest>,
    pub evidence_sha256: Option<Digest>,
    pub inventory: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Inventoried {
    #[serde(default)]
    inventory: BTreeMap<String, u64>,
}

/// The facts of a packet that was issued.
pub fn packet_facts(conn: &mut AnyConn, case: &str, packet: &str) -> Result<PacketFacts> {
    let stream = ledger::case_stream(case);
    let mut facts = PacketFacts::default();
    for stored in ledger::read::of_object(conn, &stream, packet, 0, EVENTS)? {
        let event = Event::parse(&stored.body).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
        if event.action != Action::PacketIssued.as_str() {
            continue;
        }
        let digest = |name: &str| event.attest.get(name).and_then(|value| value.as_str()?.parse().ok());
        (facts.manifest_sha256, facts.evidence_sha256) = (digest("manifest_sha256"), digest("evidence_sha256"));
        if let Some((_, body)) = ledger::read::record(conn, &stream, stored.seq)? {
            facts.inventory = serde_json::from_str::<Inventoried>(&body)?.inventory;
        }
    }
    Ok(facts)
}
