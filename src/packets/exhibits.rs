//! Exhibits: what was recorded about each up to the cut, read a page at a time.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::custody::{Custody, EventEntry};
use super::pick::{Pick, files, no_record};
use super::store;
use super::work::Work;
use crate::captures::FileEntry;
use crate::error::Result;
use crate::proof::id::Digest;
use crate::proof::packet::{EXAMINED, EventRow, FileRow, Shown};

/// Captures whose records are in memory at once.
const SOME: usize = 200;

/// One exhibit with everything that was recorded about it up to the cut.
pub struct Loaded<'p> {
    /// Which.
    pub pick: &'p Pick,
    /// The record of `capture.recorded`; null where redactions stand in its place.
    pub record: Value,
    /// All events about it, in order, with their records; that of `capture.recorded` is `record`.
    pub events: Vec<(EventEntry<'p>, Option<Value>)>,
    /// Its files.
    pub files: Vec<FileRow>,
}

impl Loaded<'_> {
    /// Its latest correction.
    pub fn current(&self) -> Option<Shown> {
        self.latest("capture.corrected")
    }

    /// Its latest examination.
    pub fn examination(&self) -> Option<Shown> {
        self.latest(EXAMINED)
    }

    fn latest(&self, action: &str) -> Option<Shown> {
        let last = self.events.iter().rfind(|(e, _)| e.action == action)?;
        last.1.clone().map(|record| Shown {
            leaf: last.0.leaf,
            record,
        })
    }

    /// Its events as rows of `packet.json`.
    pub fn rows(&self) -> Vec<EventRow> {
        self.events
            .iter()
            .map(|(e, _)| EventRow {
                leaf: e.leaf,
                seq: u64::from(e.seq),
                action: e.action.to_owned(),
            })
            .collect()
    }
}

/// Runs `f` over these exhibits, some of them in memory at a time.
pub fn each<'p>(
    work: &Work<'_>,
    custody: &'p Custody,
    picks: &'p [Pick],
    mut f: impl FnMut(Loaded<'p>) -> Result<()>,
) -> Result<()> {
    for some in picks.chunks(SOME) {
        let seqs = custody.seqs_about(some.iter().map(|p| p.id.as_str()));
        let mut records = work.read(|conn| store::parsed(conn, &custody.cut.stream, &seqs))?;
        for pick in some {
            f(load(custody, pick, &mut records)?)?;
        }
        work.progress.advance(some.len() as u64)?;
    }
    Ok(())
}

fn load<'p>(custody: &'p Custody, pick: &'p Pick, records: &mut HashMap<Digest, Value>) -> Result<Loaded<'p>> {
    // Records can be large: this one is moved, and its event goes without.
    let mut record = records.remove(&pick.leaf).ok_or_else(|| no_record(pick))?;
    let recorded: Vec<FileEntry> = Deserialize::deserialize(&record["files"])?;
    let shown = pick.redactions.is_none();
    let about = custody.about(&pick.id);
    let events = about.map(|e| (e, records.remove(&e.leaf).filter(|_| shown))).collect();
    if !shown {
        record = Value::Null;
    }
    Ok(Loaded {
        pick,
        files: files(pick, &recorded)?,
        record,
        events,
    })
}
