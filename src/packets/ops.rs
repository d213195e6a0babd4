//! The verbs of a packet that people speak; the builder's are in `builder.rs`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::model::{NewDisclosure, NewPacket, Packet, State, name};
use super::store;
use crate::cases::nothing_due;
use crate::clock;
use crate::db::{AnyConn, canonical};
use crate::error::{Error, FieldError, Kind, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::ledger::{self, Action};

/// Bytes of a disclosure's record: a later packet holds it on one line, which has at most 1 MB.
const RECORD: usize = 500_000;

/// Puts a packet in the builder's queue.
pub fn request(tx: &mut Tx<'_>, new: &NewPacket) -> Result<Recorded<Value>> {
    let case = tx.case()?.case_id.clone();
    refuse_read_only(tx.conn)?;
    nothing_due(tx.conn, &case, "packet")?;
    let captures = new
        .captures
        .as_deref()
        .map(|ids| included(tx.conn, &case, ids))
        .transpose()?;
    let content = record_of(tx, &case, new, captures);
    let packet = Packet {
        id: content["id"].as_str().unwrap_or_default().to_owned(),
        name: name(&store::case_number(tx.conn, &case)?, tx.now),
        purpose: new.purpose.as_str().into(),
        state: State::Queued.as_str().into(),
        step: String::new(),
        done: 0,
        total: 0,
        requested_at: tx.now,
        started_at: None,
        finished_at: None,
        size: None,
        sha256: None,
        error: None,
        body: canonical(&content)?,
        case_id: case,
    };
    let event = tx.append(NewEvent::new(
        Action::PacketRequested,
        ("packet", &packet.id),
        1,
        content,
    ))?;
    store::insert(tx.conn, &packet, &tx.caller.user, &event.leaf)?;
    tx.answer(packet.show()?)
}

fn record_of(tx: &Tx<'_>, case: &str, new: &NewPacket, captures: Option<Vec<String>>) -> Value {
    let mut record = json!({
        "id": tx.new_id(), "case_id": case, "purpose": new.purpose.as_str(), "requested_at": clock::format(tx.now),
        "requested_by": {"id": tx.caller.user, "name": tx.caller.name},
    });
    if let Some(recipient) = &new.recipient {
        record["recipient"] = json!(recipient);
    }
    if let Some(captures) = captures {
        record["captures"] = json!(captures);
    }
    record
}

/// The captures named, each once; one that is elsewhere is refused as one that does not exist.
fn included(conn: &mut AnyConn, case: &str, ids: &[String]) -> Result<Vec<String>> {
    let states = store::states_of(conn, case, ids)?;
    let refused = |i: usize, rule: &str, message: &str| FieldError {
        field: format!("captures[{i}]"),
        rule: rule.into(),
        message: message.into(),
    };
    let check = |(i, id): (usize, &String)| match states.get(id).map(String::as_str) {
        Some("logged" | "reviewed") => None,
        Some("held") => Some(refused(
            i,
            "held",
            "is held: a supervisor decides it first; leave it out until then",
        )),
        Some("quarantined") => Some(refused(
            i,
            "quarantined",
            "is quarantined and leaves in no packet: leave it out",
        )),
        Some(_) => Some(refused(
            i,
            "included",
            "cannot be included in the state it is in: leave it out",
        )),
        None => Some(refused(i, "unknown", "is no capture of this case: check the id")),
    };
    let errors: Vec<FieldError> = ids.iter().enumerate().filter_map(check).collect();
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    Ok(ids.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect())
}

/// A log that may not grow cannot bind a packet.
pub fn refuse_read_only(conn: &mut AnyConn) -> Result<()> {
    if ledger::state(conn)?.is_some_and(|state| state.read_only) {
        let detail = "This installation was restored from a backup and its log is read-only: no packet can be issued from it. \
                      Use the installation that continues the log, or restore with --new-log.";
        return Err(Error::new(Kind::Unavailable, "read-only", detail));
    }
    Ok(())
}

/// Records that a packet leaves, before its first byte does.
pub fn download(tx: &mut Tx<'_>, id: &str, address: &str) -> Result<Recorded<()>> {
    let packet = ready(tx, id)?;
    let record = json!({
        "packet_id": id, "size": packet.size, "sha256": packet.digest(), "address": address,
        "by": {"id": tx.caller.user, "name": tx.caller.name},
    });
    tx.record(
        NewEvent::new(Action::PacketDownloaded, ("packet", id), 1, record),
        |_| (),
    )
}

/// Records to whom a packet went.
pub fn disclose(tx: &mut Tx<'_>, id: &str, new: &NewDisclosure) -> Result<Recorded<Value>> {
    let packet = ready(tx, id)?;
    let mut content = new.record();
    content["disclosed_at"] = json!(clock::format(new.at(tx.now)?));
    content["id"] = json!(tx.new_id());
    content["packet_id"] = json!(id);
    content["case_id"] = json!(packet.case_id);
    content["packet"] = json!({"name": packet.name, "size": packet.size, "sha256": packet.digest()});
    content["recorded_by"] = json!({"id": tx.caller.user, "name": tx.caller.name});
    content["recorded_at"] = json!(clock::format(tx.now));
    let body = canonical(&content)?;
    if body.len() > RECORD {
        return Err(Error::field(
            "withheld",
            "too_long",
            "makes the record too long: say it in fewer words, or in two disclosures",
        ));
    }
    let event = tx.append(NewEvent::new(
        Action::PacketDisclosed,
        ("packet", id),
        1,
        content.clone(),
    ))?;
    store::insert_disclosure(
        tx.conn,
        content["id"].as_str().unwrap_or_default(),
        id,
        &event.leaf,
        &body,
    )?;
    tx.answer(content)
}

fn ready(tx: &mut Tx<'_>, id: &str) -> Result<Packet> {
    let packet = store::packet(tx.conn, id)?;
    if packet.is_ready() {
        Ok(packet)
    } else {
        Err(not_ready(&packet))
    }
}

/// Why there is nothing to download.
pub fn not_ready(packet: &Packet) -> Error {
    let why = match &packet.error {
        Some(why) => format!("This packet could not be built: {why}"),
        None => format!(
            "This packet is {}: follow GET /api/v1/packets/{} until it is ready.",
            packet.state, packet.id
        ),
    };
    Error::conflict(why)
}
