//! What those do who may disclose: they record a disclosure, make and take back links to it, and record a receipt that
//! came otherwise.

use super::link::{DisclosureLink, LinkSecrets, LinkState, LinkView, MadeLink, NewLink, is_over};
use super::model::{Acknowledgement, DisclosedFile, Disclosure, HandlingLabels, NewAcknowledgement, NewDisclosure};
use super::store;
use crate::cases::Case;
use crate::clock::Timestamp;
use crate::db::{AnyConn, canonical};
use crate::error::{Error, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::Action;
use crate::packets::ops::ready;
use crate::packets::store::case;
use crate::subjects;

/// Bytes of a disclosure's record: a later packet holds it on one line, which has at most 1 MB.
const RECORD: usize = 450_000;
/// Links of one packet.
const LINKS: usize = 200;

/// Records to whom a packet went. What the packet is, what its inventory counts and how the case is handled the server
/// says itself.
pub fn disclose(tx: &mut Tx<'_>, id: &str, new: &NewDisclosure) -> Result<Recorded<Disclosure>> {
    let packet = ready(tx.conn, id)?;
    packet.refuse_unreleased()?;
    let facts = store::packet_facts(tx.conn, &packet.case_id, id)?;
    new.cites_all(&facts.inventory)?;
    let disclosure = Disclosure {
        id: tx.new_id(),
        packet_id: id.to_owned(),
        kind: Some(new.kind),
        to: new.to.clone(),
        details: new.details.clone(),
        withheld: new.withheld.clone(),
        disclosed_at: Timestamp(new.at(tx.now)?),
        packet: DisclosedFile {
            size: packet.size,
            sha256: packet.digest(),
            name: packet.name,
            manifest_sha256: facts.manifest_sha256,
            evidence_sha256: facts.evidence_sha256,
        },
        inventory: facts.inventory,
        labels: Some(labels(tx.conn, &packet.case_id)?),
        case_id: packet.case_id,
        recorded_by: tx.me(),
        recorded_at: Timestamp(tx.now),
    };
    if canonical(&disclosure)?.len() > RECORD {
        return Err(Error::field(
            "withheld",
            "too_long",
            "makes the record too long: say it in fewer words, or in two disclosures",
        ));
    }
    let record = serde_json::to_value(&disclosure)?;
    let made = tx.append(NewEvent::new(Action::PacketDisclosed, ("packet", id), 1, record))?;
    store::insert(tx.conn, &disclosure, &made.leaf)?;
    Ok(made.answering(disclosure))
}

fn labels(conn: &mut AnyConn, id: &str) -> Result<HandlingLabels> {
    let (_, _, body) = case(conn, id)?;
    let case: Case = serde_json::from_str(&body)?;
    Ok(HandlingLabels {
        handling: case.handling,
        court_order: case.court_order,
        juveniles: subjects::juveniles(conn, id)?.len() as u64,
    })
}

/// Makes a link to a disclosure of a packet. Its address and its code are in the answer and nowhere else.
pub fn make_link(tx: &mut Tx<'_>, (packet, disclosure): (&str, &str), new: &NewLink) -> Result<Recorded<MadeLink>> {
    ready(tx.conn, packet)?;
    let disclosure = store::one(tx.conn, packet, disclosure)?;
    if store::links_of(tx.conn, packet)?.len() >= LINKS {
        let detail = format!("This packet has {LINKS} links already: build another packet to make more.");
        return Err(Error::conflict(detail));
    }
    let (id, secrets) = (tx.new_id(), LinkSecrets::new());
    let link = DisclosureLink {
        token_sha256: secrets.token_sha256(),
        code_sha256: secrets.code_sha256(&id),
        id,
        disclosure_id: disclosure.id,
        packet_id: packet.to_owned(),
        case_id: disclosure.case_id,
        to: disclosure.to,
        ends_at: Timestamp(new.ends_at(tx.now)),
        downloads: new.downloads,
        age_recipients: new.age_recipients.clone(),
        made_by: tx.me(),
        made_at: Timestamp(tx.now),
    };
    let made = tx.record(Action::DisclosureLinked, ("disclosure_link", &link.id), 1, &link)?;
    store::insert_link(tx.conn, &link, &made.leaf)?;
    let view = store::link(tx.conn, packet, &link.id)?.view(tx.now)?;
    Ok(made.answering(MadeLink {
        link: view,
        path: secrets.path(),
        code: secrets.code(),
    }))
}

/// Takes a link back. What was downloaded through it stays where it is.
pub fn revoke(tx: &mut Tx<'_>, packet: &str, id: &str) -> Result<Recorded<LinkView>> {
    let row = store::link(tx.conn, packet, id)?;
    let state = row.state(tx.now);
    if ![LinkState::Open, LinkState::UsedUp].contains(&state) {
        return Err(is_over(state));
    }
    let record = serde_json::json!({
        "link_id": id, "disclosure_id": row.disclosure_id, "packet_id": packet, "by": tx.me(),
    });
    let made = tx.record(Action::DisclosureRevoked, ("disclosure_link", id), 1, &record)?;
    store::revoke(tx.conn, id, made.at)?;
    Ok(made.answering(store::link(tx.conn, packet, id)?.view(tx.now)?))
}

/// Records a receipt that came otherwise than through a link.
pub fn acknowledge(
    tx: &mut Tx<'_>,
    (packet, disclosure): (&str, &str),
    new: &NewAcknowledgement,
) -> Result<Recorded<Acknowledgement>> {
    let disclosure = store::one(tx.conn, packet, disclosure)?;
    let at = new.at.unwrap_or(tx.now);
    if at > tx.now || at < disclosure.disclosed_at.0 {
        let message = "must lie between the disclosure and now";
        return Err(Error::field("acknowledged_at", "range", message));
    }
    let given = Acknowledgement {
        id: tx.new_id(),
        disclosure_id: disclosure.id,
        packet_id: packet.to_owned(),
        case_id: disclosure.case_id,
        name: new.name.clone(),
        capacity: new.capacity.clone(),
        sha256: disclosure.packet.sha256,
        acknowledged_at: Timestamp(at),
        how: Some(new.how.clone()),
        link_id: None,
        recorded_by: Some(tx.me()),
    };
    let made = tx.record(
        Action::DisclosureAcknowledged,
        ("acknowledgement", &given.id),
        1,
        &given,
    )?;
    store::insert_acknowledgement(tx.conn, &given, &made.leaf)?;
    Ok(made.answering(given))
}
