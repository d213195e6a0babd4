//! Which captures go into the packet, where their files lie in it, and the errors for files that are damaged.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::redactions;
use super::store::{self, ListedCapture};
use super::work::Work;
use crate::captures::{FileEntry, derivatives};
use crate::error::{Error, Kind, Result};
use crate::proof::id::Digest;
use crate::proof::packet::{DuplicateRow, FileRow, Shown, exhibit_path};
use crate::verify::endings::ending;
use crate::verify::redacted::file_rows;

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
    /// The version of the packet's papers.
    pub papers: Option<u32>,
    /// The redactions that stand in its place, as the request names them.
    pub redactions: Option<Vec<Shown>>,
    /// The standard duplicates of its files, where the packet has them and it is not redacted.
    pub duplicates: Option<Vec<DuplicateRow>>,
}

impl Pick {
    /// One whose number among the exhibits is not known yet.
    fn of(row: ListedCapture, papers: Option<u32>) -> Result<Self> {
        Ok(Self {
            exhibit: 0,
            seq: row.seq,
            leaf: store::digest(&row.leaf)?,
            id: row.id,
            item: row.item,
            papers,
            redactions: None,
            duplicates: None,
        })
    }

    /// Ids of the derivatives that stand in its place or beside its files.
    pub fn derivatives(&self) -> impl Iterator<Item = String> {
        let beside = self.duplicates.iter().flatten().filter_map(|row| row.made.as_ref());
        let shown = self.redactions.iter().flatten().chain(beside);
        shown.filter_map(|one| one.record["id"].as_str().map(str::to_owned))
    }
}

/// The captures to include: those named, in the order in which they were named; or every one that was logged or reviewed
/// when the build began, in the order of the items.
pub fn select(work: &Work<'_>) -> Result<Vec<Pick>> {
    let named = work.request.captures.as_ref();
    let places: Option<HashMap<&str, usize>> = named.map(|ids| ids.iter().map(String::as_str).zip(0..).collect());
    let mut picks: Vec<Pick> = Vec::new();
    work.captures(|page| {
        for row in page {
            let wanted = places
                .as_ref()
                .map_or(row.received_at <= work.started_at, |p| p.contains_key(row.id.as_str()));
            let may_leave = store::capture_state(&row.state)?.may_leave();
            if wanted && !may_leave && places.is_some() {
                return Err(no_longer_may_leave(&row));
            }
            if wanted && may_leave {
                picks.push(Pick::of(row, work.request.papers())?);
            }
        }
        Ok(())
    })?;
    if let Some(places) = places {
        picks.sort_by_key(|pick| places.get(pick.id.as_str()).copied());
    }
    for (pick, exhibit) in picks.iter_mut().zip(1..) {
        pick.exhibit = exhibit;
    }
    put_redactions(work, &mut picks)?;
    Ok(picks)
}

/// Puts the redactions that the request names to their captures.
fn put_redactions(work: &Work<'_>, picks: &mut [Pick]) -> Result<()> {
    let Some(asked) = &work.request.redactions else {
        return Ok(());
    };
    let ids: Vec<String> = asked.iter().flat_map(|row| row.derivatives.iter().cloned()).collect();
    let rows = work.read(|conn| derivatives::store::records(conn, &work.packet.case_id, &ids))?;
    let mut records: HashMap<String, (Value, Digest)> = rows.into_iter().collect();
    for row in asked {
        let pick = picks.iter_mut().find(|pick| pick.id == row.capture);
        let pick = pick.ok_or_else(|| Error::conflict("a capture that is redacted does not go into the packet"))?;
        let shown = row.derivatives.iter().map(|id| {
            let (record, leaf) = records.remove(id)?;
            Some(Shown { leaf, record })
        });
        let shown: Option<Vec<Shown>> = shown.collect();
        pick.redactions = Some(shown.ok_or_else(|| Error::internal("a redaction is gone that a request names"))?);
    }
    let redacted: HashSet<&str> = asked.iter().map(|row| row.capture.as_str()).collect();
    let whole: Vec<&String> = picks
        .iter()
        .map(|pick| &pick.id)
        .filter(|id| !redacted.contains(id.as_str()))
        .collect();
    match work.read(|conn| redactions::shown_elsewhere(conn, &redacted, &whole))? {
        Some(message) => Err(Error::conflict(format!("The redactions: {message}"))),
        None => Ok(()),
    }
}

/// One that was named is never left out in silence.
fn no_longer_may_leave(row: &ListedCapture) -> Error {
    Error::conflict(format!(
        "item {} is {} since the packet was asked for; ask again without it",
        row.item, row.state
    ))
}

/// The bytes that the exhibits' files will take.
pub fn total(work: &Work<'_>, picks: &[Pick]) -> Result<u64> {
    let (redacted, whole): (Vec<&Pick>, Vec<&Pick>) = picks.iter().partition(|pick| pick.redactions.is_some());
    let ids: Vec<String> = whole.into_iter().map(|p| p.id.clone()).collect();
    let copies = redacted.into_iter().flat_map(|pick| pick.redactions.iter().flatten());
    let copies: u64 = copies.filter_map(|one| one.record["file"]["size"].as_u64()).sum();
    let beside = picks.iter().flat_map(|pick| pick.duplicates.iter().flatten());
    let beside: u64 = beside.filter_map(|row| row.file.as_ref().map(|file| file.size)).sum();
    let once = work
        .read(|conn| store::bytes_of(conn, &ids))?
        .saturating_add(copies)
        .saturating_add(beside);
    // Each profile holds most of them once more.
    let times = 1 + work.request.profiles().len() as u64;
    Ok(once.saturating_mul(times))
}

/// The rows of an exhibit's files, in the order of the record.
pub(super) fn files(pick: &Pick, recorded: &[FileEntry]) -> Result<Vec<FileRow>> {
    let row = |(i, file): (usize, &FileEntry)| {
        let role = file.role.as_str();
        let ending = ending(
            pick.papers,
            file.media_type.as_deref().unwrap_or_default(),
            file.name.as_deref(),
        );
        let path = exhibit_path(pick.exhibit, i + 1, role, ending);
        Ok(FileRow {
            path: file.withheld.is_none().then_some(path),
            sha256: file.sha256,
            size: file.size,
            role: role.to_owned(),
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            withheld: file.withheld.as_ref().map(serde_json::to_value).transpose()?,
        })
    };
    let rows: Vec<FileRow> = recorded.iter().enumerate().map(row).collect::<Result<_>>()?;
    Ok(match &pick.redactions {
        Some(redactions) => file_rows((pick.exhibit, pick.papers), &rows, redactions),
        None => rows,
    })
}

pub(super) fn no_record(pick: &Pick) -> Error {
    damage(format!("the record of item {} is missing from the database", pick.item))
}

pub(super) fn unreadable(pick: &Pick, file: &FileRow, e: &Error) -> Error {
    damaged(pick, file, &format!("it cannot be read ({e})"))
}

/// The file's bytes are as recorded, but its row in the database is not. The evidence is whole; no packet is made of it
/// until somebody knows why the row changed.
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

/// Evidence has changed. No packet is made of it, and the error says exactly where.
fn damage(what: String) -> Error {
    let detail = format!(
        "evidence is damaged: {what}. No packet is made of damaged evidence: run `casetrail audit`, and put the file back from a backup"
    );
    Error::new(Kind::Conflict, "evidence-damaged", detail)
}
