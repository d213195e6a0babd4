//! Exhibits: which captures go into the packet, their files copied and hashed again, their records read a page at a
//! time.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::custody::{Custody, Entry};
use super::model::extension;
use super::read_ahead;
use super::store::{self, Listed};
use super::work::Work;
use super::zip::Bag;
use crate::error::{Error, Kind, Result};
use crate::proof::id::Digest;
use crate::proof::packet::{EventRow, FileRow, Shown, exhibit_path};

/// Captures whose records are in memory at once.
const SOME: usize = 200;

/// A capture that goes into the packet.
#[derive(Debug, Clone)]
pub struct Pick {
    /// Its number among the exhibits, from 1.
    pub exhibit: u32,
    /// The capture.
    pub id: String,
    /// Its number in the case.
    pub item: i64,
    /// Where `capture.recorded` stands in the case's stream.
    pub seq: i64,
    /// Its leaf.
    pub leaf: Digest,
}

/// The captures to include, in the order of their items: those named, or every one that was logged or reviewed when
/// the build began.
pub fn select(work: &Work<'_>) -> Result<Vec<Pick>> {
    let named: Option<HashSet<&str>> = work.record["captures"]
        .as_array()
        .map(|ids| ids.iter().filter_map(Value::as_str).collect());
    let mut picks: Vec<Pick> = Vec::new();
    let mut after = -1;
    loop {
        let page = work
            .db
            .read_blocking(|conn| store::captures_after(conn, &work.packet.case_id, after))?;
        let Some(last) = page.last() else { return Ok(picks) };
        after = last.item;
        for row in page {
            let wanted = named
                .as_ref()
                .map_or(row.received_at <= work.started_at, |n| n.contains(row.id.as_str()));
            if wanted && may_leave(&row, named.is_some())? {
                let exhibit = u32::try_from(picks.len() + 1).map_err(Error::internal)?;
                picks.push(Pick {
                    exhibit,
                    seq: row.seq,
                    leaf: store::digest(&row.leaf)?,
                    id: row.id,
                    item: row.item,
                });
            }
        }
    }
}

/// Whether a capture's state lets it leave. One that was named is never left out in silence.
fn may_leave(row: &Listed, named: bool) -> Result<bool> {
    match row.state.as_str() {
        "logged" | "reviewed" => Ok(true),
        state if named => {
            let why = format!(
                "item {} is {state} since the packet was asked for; ask again without it",
                row.item
            );
            Err(Error::conflict(why))
        }
        _ => Ok(false),
    }
}

/// Copies every exhibit's files in, in the ZIP's order, each hashed again and held to what was recorded.
pub fn copy(work: &Work<'_>, picks: &[Pick], bag: &mut Bag) -> Result<Copied> {
    let mut order: Vec<&Pick> = picks.iter().collect();
    // The ZIP is ordered bytewise, where exhibit 1000 comes before 101.
    order.sort_by_cached_key(|p| format!("{:03}/", p.exhibit));
    read_ahead::copy(work, &order, bag)
}

/// What was copied.
#[derive(Debug, Clone, Copy, Default)]
pub struct Copied {
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// The bytes that the exhibits' files will take.
pub fn total(work: &Work<'_>, picks: &[Pick]) -> Result<u64> {
    let mut total = 0;
    for some in picks.chunks(SOME) {
        let ids: Vec<String> = some.iter().map(|p| p.id.clone()).collect();
        total += work.db.read_blocking(|conn| store::bytes_of(conn, &ids))?;
    }
    Ok(total)
}

/// The rows of an exhibit's files, in the order of the record.
pub(super) fn files(pick: &Pick, recorded: &[Value]) -> Result<Vec<FileRow>> {
    recorded
        .iter()
        .enumerate()
        .map(|(i, file)| file_row(pick, i, file))
        .collect()
}

fn file_row(pick: &Pick, index: usize, file: &Value) -> Result<FileRow> {
    let broken = || {
        Error::internal(format!(
            "the record of item {} lists a file without role, size or SHA-256",
            pick.item
        ))
    };
    let text = |name: &str| file[name].as_str().map(str::to_owned);
    let role = text("role").ok_or_else(broken)?;
    let media_type = text("media_type");
    let withheld = Some(file["withheld"].clone()).filter(|w| !w.is_null());
    let path = exhibit_path(
        pick.exhibit,
        index + 1,
        &role,
        extension(media_type.as_deref().unwrap_or_default()),
    );
    Ok(FileRow {
        path: withheld.is_none().then_some(path),
        sha256: file["sha256"]
            .as_str()
            .and_then(|s| s.parse().ok())
            .ok_or_else(broken)?,
        size: file["size"].as_u64().ok_or_else(broken)?,
        role,
        name: text("name"),
        media_type,
        withheld,
    })
}

/// One exhibit with everything that was recorded about it up to the cut.
pub struct Loaded<'p> {
    /// Which.
    pub pick: &'p Pick,
    /// The record of `capture.recorded`.
    pub record: Value,
    /// All events about it, in order, with their records; that of `capture.recorded` is `record`.
    pub events: Vec<(Entry<'p>, Option<Value>)>,
    /// Its files.
    pub files: Vec<FileRow>,
}

impl Loaded<'_> {
    /// Its latest correction.
    pub fn current(&self) -> Option<Shown> {
        let last = self.events.iter().rfind(|(e, _)| e.action == "capture.corrected")?;
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
    picks: impl Iterator<Item = &'p Pick>,
    mut f: impl FnMut(Loaded<'p>) -> Result<()>,
) -> Result<()> {
    let mut picks = picks.peekable();
    while picks.peek().is_some() {
        let some: Vec<&Pick> = picks.by_ref().take(SOME).collect();
        let seqs: Vec<i64> = some
            .iter()
            .flat_map(|p| custody.about(&p.id))
            .map(|e| i64::from(e.seq))
            .collect();
        let mut records = work
            .db
            .read_blocking(|conn| store::parsed(conn, &custody.cut.stream, &seqs))?;
        for pick in some {
            f(load(custody, pick, &mut records)?)?;
        }
        work.progress.check()?;
    }
    Ok(())
}

fn load<'p>(custody: &'p Custody, pick: &'p Pick, records: &mut HashMap<Digest, Value>) -> Result<Loaded<'p>> {
    // Records can be large: this one is moved, and its event goes without.
    let record = records.remove(&pick.leaf).ok_or_else(|| no_record(pick))?;
    let recorded = record["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let events = custody.about(&pick.id).map(|e| (e, records.remove(&e.leaf))).collect();
    Ok(Loaded {
        pick,
        files: files(pick, recorded)?,
        record,
        events,
    })
}

pub(super) fn no_record(pick: &Pick) -> Error {
    damage(format!("the record of item {} is missing from the database", pick.item))
}

pub(super) fn unreadable(pick: &Pick, file: &FileRow, e: &Error) -> Error {
    damaged(pick, file, &format!("it cannot be read ({e})"))
}

/// The file's bytes are as recorded, and the database's row beside them is not. The evidence is whole; a packet is not
/// made of it until it is known why its row changed.
pub(super) fn wrong_row(pick: &Pick, file: &FileRow) -> Error {
    let detail = format!(
        "the row of a file in the database is wrong: item {}, file {}, has the recorded SHA-256 {}, and its CRC-32 is missing or another than the database keeps. The evidence is not damaged: run `casetrail audit`, which names the row, and put the row back from a backup",
        pick.item, file.role, file.sha256
    );
    Error::new(Kind::Conflict, "file-row", detail)
}

pub(super) fn damaged(pick: &Pick, file: &FileRow, how: &str) -> Error {
    let name = file.name.as_deref().unwrap_or("no name");
    damage(format!(
        "item {}, file {} ({name:?}), recorded with SHA-256 {}: {how}",
        pick.item, file.role, file.sha256
    ))
}

/// Evidence is not what it was: no packet is made of it, and everybody is told exactly where.
fn damage(what: String) -> Error {
    let detail = format!(
        "evidence is damaged: {what}. No packet is made of damaged evidence: run `casetrail audit`, and put the file back from a backup"
    );
    Error::new(Kind::Conflict, "evidence-damaged", detail)
}
