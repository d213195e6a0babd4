//! What people do with a packet. What the builder does is in `builder.rs`.

use std::collections::HashSet;

use serde_json::json;

use super::lists::requested::NamedList;
use super::lists::{self, asked};
use super::model::{JOB, NewPacket, Packet, PacketRequest, PacketView};
use super::supplement::{self, PacketDifference};
use super::{redactions, store};
use crate::captures::CaptureState;
use crate::cases::{Stage, nothing_due};
use crate::clock::Timestamp;
use crate::db::{AnyConn, canonical};
use crate::error::{Error, FieldError, Kind, Result};
use crate::gate::{NewEvent, Recorded, Tx};
use crate::jobs;
use crate::ledger::{self, Action};
use crate::policy::Act;
use crate::verify::papers::{PAPERS, ranges, top_folder};

/// Bytes of a request's record: every later packet holds it on one line, which has at most 1 MiB.
const REQUEST: usize = 1_040_000;
/// Bytes of the list of items that may leave, beside which a request names 20,000 captures on the same line.
const MAY_LEAVE: usize = 100_000;

/// Puts a packet in the builder's queue.
pub fn request(tx: &mut Tx<'_>, new: &NewPacket) -> Result<Recorded<PacketView>> {
    let case_id = tx.case_id()?;
    refuse_read_only(tx.conn)?;
    nothing_due(tx.conn, &case_id, Stage::Packet)?;
    let list = new.list.as_ref();
    let taken = list
        .map(|list| asked::take(tx.conn, &case_id, list, new.purpose))
        .transpose()?;
    let named = taken.as_ref().map(|taken| &taken.captures).or(new.captures.as_ref());
    let captures = named
        .map(|ids| included(tx.conn, &case_id, ids).map_err(|e| told_of_list(e, list)))
        .transpose()?;
    let mut request = PacketRequest {
        id: tx.new_id(),
        purpose: new.purpose,
        requested_at: Timestamp(tx.now),
        requested_by: tx.me(),
        recipient: new.recipient.clone(),
        captures,
        organization: Some(store::unit_name(tx.conn, &case_id)?),
        papers: Some(PAPERS),
        may_leave: Some(ranges(store::items_that_may_leave(tx.conn, &case_id)?)).filter(|text| text.len() <= MAY_LEAVE),
        case_id,
        exhibit_list: new.list.clone(),
        exhibits: None,
        schedule: None,
        excluded: None,
        missing: None,
        supplement_of: None,
        since: None,
        redactions: None,
        certificates: new.certificates.clone(),
        duplicates: Some(true).filter(|_| new.duplicates),
        profiles: Some(new.profiles.clone()).filter(|all| !all.is_empty()),
    };
    if let Some(id) = &new.supplement_of {
        let earlier = supplement::named(tx.conn, &request.case_id, id)?;
        let difference = PacketDifference::since(tx.conn, &earlier)?;
        let chosen = difference.choose(request.captures.as_deref());
        let (captures, since) = chosen.map_err(|e| told_of_list(e, list))?;
        request.captures = Some(captures);
        request.since = Some(since);
        request.supplement_of = Some(difference.supplement_of);
    }
    request.redactions = redactions::take(
        tx.conn,
        (&request.case_id, request.captures.as_deref()),
        &new.redactions,
    )?;
    if let Some(taken) = taken {
        request.exhibits = Some(taken.exhibits);
        request.schedule = Some(taken.schedule).filter(|rows| !rows.is_empty());
        request.excluded = Some(taken.excluded).filter(|rows| !rows.is_empty());
        request.missing = Some(taken.missing);
    }
    let bytes = canonical(&request)?.len();
    if bytes > REQUEST {
        let message = format!(
            "makes the request {bytes} bytes long, and a packet holds at most {REQUEST} on one line: shorten titles and descriptions, or ask with two lists"
        );
        return Err(Error::field("exhibit_list", "too_long", message));
    }
    let record = serde_json::to_value(&request)?;
    let event = NewEvent::new(Action::PacketRequested, ("packet", &request.id), 1, record);
    let made = tx.append(event)?;
    let name = top_folder(&store::case_number(tx.conn, &request.case_id)?, tx.now);
    store::insert(tx.conn, &request, &name, &made.leaf)?;
    lists::store::give(tx.conn, &request)?;
    jobs::add(tx.conn, JOB, &request.id, request.requested_at.0)?;
    Ok(made.answering(store::packet(tx.conn, &request.id)?.view()?))
}

/// Tells of the rows of a list what was refused of the captures that it names.
fn told_of_list(mut e: Error, list: Option<&NamedList>) -> Error {
    if list.is_some() {
        for error in &mut e.errors {
            error.field = error.field.replacen("captures[", "exhibit_list.exhibits[", 1);
        }
    }
    e
}

/// The captures named, each once, in the order in which they were named: that of the exhibits. A capture of another case is
/// refused like one that does not exist.
fn included(conn: &mut AnyConn, case: &str, ids: &[String]) -> Result<Vec<String>> {
    let states = store::states_of(conn, case, ids)?;
    let check = |(i, id): (usize, &String)| {
        let (rule, message) = match states.get(id) {
            Some(state) if state.may_leave() => return None,
            Some(CaptureState::Held) => (
                "held",
                "is held: a supervisor decides it first; leave it out until then",
            ),
            Some(CaptureState::Quarantined) => ("quarantined", "is quarantined and leaves in no packet: leave it out"),
            Some(_) => ("included", "cannot be included in the state it is in: leave it out"),
            None => ("unknown", "is no capture of this case: check the id"),
        };
        Some(FieldError {
            field: format!("captures[{i}]"),
            rule: rule.into(),
            message: message.into(),
        })
    };
    let errors: Vec<FieldError> = ids.iter().enumerate().filter_map(check).collect();
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    let mut seen = HashSet::new();
    Ok(ids.iter().filter(|id| seen.insert(*id)).cloned().collect())
}

/// A packet needs an event, and a read-only log takes none.
pub fn refuse_read_only(conn: &mut AnyConn) -> Result<()> {
    if ledger::state(conn)?.is_some_and(|state| state.read_only) {
        let detail = "This installation was restored from a backup and its log is read-only: no packet can be issued from it. \
                      Use the installation that continues the log, or restore with --new-log.";
        return Err(Error::new(Kind::Unavailable, "read-only", detail));
    }
    Ok(())
}

/// Calls a packet's build off: whoever works on it ends it as failed, at its next step.
pub fn cancel(tx: &mut Tx<'_>, id: &str) -> Result<Recorded<PacketView>> {
    let packet = store::packet(tx.conn, id)?;
    if packet.cancelled || !jobs::cancel(tx.conn, JOB, id)? {
        let state = if packet.is_under_way() {
            "called off already"
        } else {
            &packet.state
        };
        let detail = format!("This packet is {state}: there is no build to call off.");
        return Err(Error::conflict(detail));
    }
    let record = json!({"packet_id": id, "by": tx.me()});
    let made = tx.append(NewEvent::new(Action::PacketCancelled, ("packet", id), 1, record))?;
    Ok(made.answering(packet.view()?))
}

/// Records that a packet leaves, before its first byte does. A referral leaves after its release; whoever releases it may
/// look at it before.
pub fn download(tx: &mut Tx<'_>, id: &str, address: &str) -> Result<Recorded<()>> {
    let packet = ready(tx.conn, id)?;
    if !tx.may(Act::PacketRelease) {
        packet.refuse_unreleased()?;
    }
    let record = json!({
        "packet_id": id, "size": packet.size, "sha256": packet.digest(), "address": address, "by": tx.me(),
    });
    let made = tx.append(NewEvent::new(Action::PacketDownloaded, ("packet", id), 1, record))?;
    Ok(made.answering(()))
}

/// A packet that can be downloaded; else why it cannot.
pub fn ready(conn: &mut AnyConn, id: &str) -> Result<Packet> {
    let packet = store::packet(conn, id)?;
    match &packet.error {
        _ if packet.is_ready() => Ok(packet),
        Some(why) => Err(Error::conflict(format!("This packet could not be built: {why}"))),
        None => Err(Error::conflict(format!(
            "This packet is {}: follow GET /api/v1/packets/{} until it is ready.",
            packet.state, packet.id
        ))),
    }
}
