//! Supplements: what is new since an earlier packet. A capture is `added` that the earlier packet, and those to which it
//! added itself, did not show; it is `changed` where something was recorded of it after the earlier packet's cut.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::model::Packet;
use super::since::NewSince;
use super::store;
use crate::captures::CaptureState;
use crate::db::AnyConn;
use crate::db::tables::{captures, events};
use crate::error::{Error, FieldError, Kind, Result};
use crate::ledger;
use crate::proof::event::EventRef;
use crate::proof::packet::{Attest, CHANGES, EarlierPacket};

/// Packets in a row that each add to the one before.
const CHAIN: usize = 1_000;

/// A capture that is new since an earlier packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureSince {
    /// The capture.
    pub capture: String,
    /// Its number in the case.
    pub item: i64,
    /// How it is new.
    pub since: NewSince,
}

/// What is new since a packet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketDifference {
    /// The earlier packet.
    pub supplement_of: EarlierPacket,
    /// What is new, in the order of the items.
    pub captures: Vec<CaptureSince>,
}

impl PacketDifference {
    /// What is new since this packet of the case, of all that may leave now.
    ///
    /// # Errors
    /// By field where the packet was not issued.
    pub fn since(conn: &mut AnyConn, packet: &Packet) -> Result<Self> {
        let supplement_of = earlier(conn, packet)?;
        let shown = shown_by(conn, packet)?;
        let changed = changed_after(conn, &packet.case_id, supplement_of.through)?;
        let states = CaptureState::words_where(CaptureState::may_leave);
        let rows: Vec<(String, i64)> = captures::table
            .filter(
                captures::case_id
                    .eq(&packet.case_id)
                    .and(captures::state.eq_any(states)),
            )
            .order(captures::item)
            .select((captures::id, captures::item))
            .load(conn)?;
        let new = |(capture, item): (String, i64)| {
            let since = match (shown.contains(&capture), changed.contains(&capture)) {
                (false, _) => NewSince::Added,
                (true, true) => NewSince::Changed,
                (true, false) => return None,
            };
            Some(CaptureSince { capture, item, since })
        };
        Ok(Self {
            supplement_of,
            captures: rows.into_iter().filter_map(new).collect(),
        })
    }

    /// The captures that a supplement shows: those named, each of which must be new, or all that are new; and how each is.
    ///
    /// # Errors
    /// By field for what is not new, or where nothing is.
    pub fn choose(&self, named: Option<&[String]>) -> Result<(Vec<String>, Vec<NewSince>)> {
        let known: HashMap<&str, NewSince> = self
            .captures
            .iter()
            .map(|new| (new.capture.as_str(), new.since))
            .collect();
        let all: Vec<String>;
        let chosen = match named {
            Some(named) => named,
            None => {
                all = self.captures.iter().map(|new| new.capture.clone()).collect();
                &all
            }
        };
        let name = &self.supplement_of.name;
        let old = chosen
            .iter()
            .enumerate()
            .filter(|(_, id)| !known.contains_key(id.as_str()));
        let message = format!("is an exhibit of {name}, and nothing about it changed since: leave it out");
        let errors = old.map(|(i, _)| FieldError::new(format!("captures[{i}]"), "new", message.as_str()));
        FieldError::refuse(errors.collect())?;
        if chosen.is_empty() {
            let message = format!("names {name}, since which nothing is new that may leave: there is nothing to add");
            return Err(Error::field("supplement_of", "not_empty", message));
        }
        let since = chosen.iter().filter_map(|id| known.get(id.as_str()).copied());
        Ok((chosen.to_vec(), since.collect()))
    }
}

/// The packet of this case that somebody names as the earlier one.
pub fn named(conn: &mut AnyConn, case: &str, id: &str) -> Result<Packet> {
    let unknown = || Error::field("supplement_of", "exists", "is no packet of this case: check the id");
    match store::packet(conn, id) {
        Ok(packet) if packet.case_id == case => Ok(packet),
        Err(e) if e.kind != Kind::NotFound => Err(e),
        _ => Err(unknown()),
    }
}

/// What is said of the earlier packet: its event, and what that attests.
fn earlier(conn: &mut AnyConn, packet: &Packet) -> Result<EarlierPacket> {
    let not_issued = || {
        let message = "names a packet that was not issued: name one that is ready";
        Error::field("supplement_of", "issued", message)
    };
    let issue = store::issued(conn, &packet.case_id, &packet.id)?.ok_or_else(not_issued)?;
    let stream = ledger::case_stream(&packet.case_id);
    let stored = ledger::read::of_stream(conn, &stream, issue.seq, 1)?
        .pop()
        .ok_or_else(not_issued)?;
    let event = EventRef::parse(&stored.body).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
    let attest: Attest = serde_json::from_slice(event.attest.unwrap_or_default())?;
    Ok(EarlierPacket {
        id: packet.id.clone(),
        name: packet.name.clone(),
        leaf: issue.leaf,
        manifest_sha256: attest.manifest_sha256,
        through: attest.through,
    })
}

/// The captures that a packet showed, and those that the packets showed to which it added.
fn shown_by(conn: &mut AnyConn, packet: &Packet) -> Result<HashSet<String>> {
    let mut shown = HashSet::new();
    let mut at = Some(packet.clone());
    for _ in 0..CHAIN {
        let Some(packet) = at.take() else { break };
        let request = packet.request()?;
        match request.captures {
            Some(captures) => shown.extend(captures),
            None => shown.extend(shown_without_names(conn, &packet)?),
        }
        at = match request.supplement_of {
            Some(earlier) => Some(store::packet(conn, &earlier.id)?),
            None => None,
        };
    }
    Ok(shown)
}

/// The captures that a packet showed which was asked for without naming any: those that were there when its build began, but
/// for what was kept from leaving then.
fn shown_without_names(conn: &mut AnyConn, packet: &Packet) -> Result<HashSet<String>> {
    let through = earlier(conn, packet)?.through;
    let freed = objects_after(
        conn,
        &packet.case_id,
        through,
        &["capture.accepted", "capture.ratified"],
    )?;
    let rows: Vec<String> = captures::table
        .filter(captures::case_id.eq(&packet.case_id))
        .filter(captures::seq.le(through as i64))
        .filter(captures::received_at.le(packet.started_at.unwrap_or_default()))
        .select(captures::id)
        .load(conn)?;
    Ok(rows.into_iter().filter(|id| !freed.contains(id)).collect())
}

/// The captures of a case of which something was recorded after this place of its stream.
fn changed_after(conn: &mut AnyConn, case: &str, through: u64) -> Result<HashSet<String>> {
    objects_after(conn, case, through, &CHANGES)
}

fn objects_after(conn: &mut AnyConn, case: &str, through: u64, actions: &[&str]) -> Result<HashSet<String>> {
    let found = events::table
        .filter(events::stream.eq(ledger::case_stream(case)))
        .filter(events::seq.gt(through as i64))
        .filter(events::action.eq_any(actions.to_vec()))
        .select(events::object);
    let ids: Vec<String> = found.load(conn)?;
    Ok(ids.into_iter().collect())
}
