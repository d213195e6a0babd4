//! Custody: the case's events up to the cut and their records, written line by line and indexed on the way.

use std::collections::HashMap;
use std::io::Write;

use serde::Deserialize;

use super::cut::{CaseCut, Disposition, Status};
use super::store::{self, PAGE};
use super::work::Work;
use super::zip::Bag;
use crate::error::{Error, Result};
use crate::ledger;
use crate::ledger::read::{Record, StoredEvent};
use crate::proof::event::EventRef;
use crate::proof::id::Digest;
use crate::proof::packet::{EVENTS, OTHER_PACKETS, RECORDS, WORKING_PAPERS};
use crate::proof::record::RecordLine;

/// Records in memory at once.
const SOME: usize = 500;

/// What is kept of an event: its leaf, its action, and whether its record is shown.
struct Kept {
    leaf: Digest,
    action: u16,
    class: Option<Status>,
    /// Whether it is about the way of a packet, which its record names.
    way: bool,
}

/// As much of the record of a packet's way as says whose it is.
#[derive(Deserialize)]
struct PacketNamed {
    packet_id: String,
}

/// One event as an index entry.
#[derive(Debug, Clone, Copy)]
pub struct EventEntry<'c> {
    /// Its place in the case's stream.
    pub seq: u32,
    /// Its leaf.
    pub leaf: Digest,
    /// What happened.
    pub action: &'c str,
}

/// The custody of a case up to the cut.
pub struct Custody {
    /// The cut.
    pub cut: CaseCut,
    kept: Vec<Kept>,
    actions: Vec<String>,
    /// Events about an included capture, an authorization, a subject, an account or the case, by its id.
    about: HashMap<String, Vec<u32>>,
}

impl Custody {
    /// Writes `events.jsonl` and `records.jsonl`.
    pub fn write(work: &Work<'_>, cut: CaseCut, bag: &mut Bag<'_>) -> Result<Self> {
        let mut custody = Self {
            cut,
            kept: Vec::new(),
            actions: Vec::new(),
            about: HashMap::new(),
        };
        let lines = u64::try_from(custody.cut.seq + 1).map_err(Error::internal)?;
        work.progress.begin("custody", 2 * lines)?;
        bag.draft(EVENTS, |out| custody.events(work, out))?;
        bag.draft(RECORDS, |out| custody.records(work, out))?;
        Ok(custody)
    }

    fn events(&mut self, work: &Work<'_>, out: &mut dyn Write) -> Result<()> {
        each_event(work, &self.cut.stream.clone(), 0, self.cut.seq, |event| {
            out.write_all(&event.body)?;
            out.write_all(b"\n")?;
            self.keep(&event)?;
            work.progress.advance(1)
        })?;
        match self.kept.last() {
            Some(head) if head.leaf == self.cut.leaf => Ok(()),
            _ => Err(Error::internal("the case's stream has a gap")),
        }
    }

    fn keep(&mut self, stored: &StoredEvent) -> Result<()> {
        let event =
            EventRef::parse(&stored.body).map_err(|e| Error::internal(format!("stored event {}: {e}", stored.seq)))?;
        let class = match &*event.object_type {
            "capture" => Some(self.disposition(&event.object_id)?.status).filter(|s| *s != Status::Included),
            "derivative" => Some(Status::NotSelected).filter(|_| !self.cut.derivatives.contains(&*event.object_id)),
            kind if WORKING_PAPERS.contains(&kind) => Some(Status::Withheld),
            "packet" => Some(Status::OtherPacket).filter(|_| !self.is_ours(&event.object_id)),
            _ => None,
        };
        let indexed = matches!(
            &*event.object_type,
            "capture" | "authorization" | "subject" | "account" | "case"
        );
        if indexed && class.is_none_or(|class| class == Status::Redacted) {
            let seq = u32::try_from(stored.seq).map_err(Error::internal)?;
            self.about.entry(event.object_id.to_string()).or_default().push(seq);
        }
        let action = self.action_index(&event.action)?;
        self.kept.push(Kept {
            leaf: store::digest(&stored.leaf)?,
            action,
            class,
            way: &*event.object_type != "packet" && OTHER_PACKETS.contains(&&*event.object_type),
        });
        Ok(())
    }

    /// Whether this packet shows what is recorded of that one.
    fn is_ours(&self, packet: &str) -> bool {
        self.cut.lineage.as_ref().is_none_or(|ours| ours.contains(packet))
    }

    fn action_index(&mut self, action: &str) -> Result<u16> {
        let found = self
            .actions
            .iter()
            .position(|a| a == action)
            .unwrap_or(self.actions.len());
        if found == self.actions.len() {
            self.actions.push(action.to_owned());
        }
        u16::try_from(found).map_err(Error::internal)
    }

    fn records(&self, work: &Work<'_>, out: &mut dyn Write) -> Result<()> {
        for start in (0..self.kept.len()).step_by(SOME) {
            let end = (start + SOME).min(self.kept.len());
            let shown = (start..end).filter(|i| self.kept[*i].class.is_none());
            let seqs: Vec<i64> = shown.map(|i| i as i64).collect();
            let records = work.read(|conn| store::records(conn, &self.cut.stream, &seqs))?;
            for index in start..end {
                self.record(index, &records, out)?;
            }
            work.progress.advance((end - start) as u64)?;
        }
        Ok(())
    }

    fn record(&self, index: usize, records: &HashMap<Digest, Record>, out: &mut dyn Write) -> Result<()> {
        let kept = &self.kept[index];
        let stored = records.get(&kept.leaf);
        let class = match stored {
            Some((_, body)) if kept.way => self.way(body)?,
            _ => kept.class,
        };
        let line = match (class, stored) {
            (None, Some((salt, body))) => {
                let salt = salt.as_slice().try_into();
                RecordLine::Shown {
                    leaf: kept.leaf,
                    record: body.as_bytes(),
                    salt: salt.map_err(|_| Error::internal("a stored salt is damaged"))?,
                }
            }
            (class, _) => RecordLine::Withheld {
                leaf: kept.leaf,
                class: class.map_or("purged", Status::as_str).into(),
            },
        };
        out.write_all(&line.format())?;
        Ok(out.write_all(b"\n")?)
    }

    /// Under which class the record of a packet's way is withheld; none where it is shown.
    fn way(&self, body: &str) -> Result<Option<Status>> {
        let PacketNamed { packet_id } = serde_json::from_str(body)?;
        Ok(Some(Status::OtherPacket).filter(|_| !self.is_ours(&packet_id)))
    }

    /// What becomes of a capture.
    pub fn disposition(&self, capture: &str) -> Result<&Disposition> {
        self.cut
            .dispositions
            .get(capture)
            .ok_or_else(|| Error::internal(format!("events about a capture that is not there: {capture}")))
    }

    /// All events about a thing, in order.
    pub fn about(&self, id: &str) -> impl Iterator<Item = EventEntry<'_>> {
        self.about
            .get(id)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter_map(|seq| self.entry(*seq))
    }

    /// Where the events about these things stand in the case's stream.
    pub fn seqs_about<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Vec<i64> {
        ids.flat_map(|id| self.about(id)).map(|e| i64::from(e.seq)).collect()
    }

    fn entry(&self, seq: u32) -> Option<EventEntry<'_>> {
        let kept = self.kept.get(seq as usize)?;
        Some(EventEntry {
            seq,
            leaf: kept.leaf,
            action: self.actions.get(usize::from(kept.action))?,
        })
    }

    /// The event that recorded the version of a thing that was in force at the cut. `row` is the leaf in the thing's row,
    /// which may already hold a later version.
    pub fn version(&self, noun: &str, id: &str, row: &Digest) -> Option<EventEntry<'_>> {
        let ours = |e: &EventEntry<'_>| e.action.split('.').next() == Some(noun);
        let mut last = None;
        for entry in self.about(id) {
            if entry.leaf == *row {
                return Some(entry);
            }
            last = Some(entry).filter(ours).or(last);
        }
        last
    }
}

/// Runs `f` over the events of a stream, from one to another, a page in memory at a time.
pub fn each_event(
    work: &Work<'_>,
    stream: &str,
    mut from: i64,
    to: i64,
    mut f: impl FnMut(StoredEvent) -> Result<()>,
) -> Result<()> {
    while from <= to {
        let limit = PAGE.min(to - from + 1);
        let page = work.read(|conn| ledger::read::of_stream(conn, stream, from, limit))?;
        if page.is_empty() {
            return Err(Error::internal(format!("{stream} ends before event {to}")));
        }
        for event in page {
            from = event.seq + 1;
            f(event)?;
        }
    }
    Ok(())
}
