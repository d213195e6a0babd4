//! Standard duplicates of a packet's exhibits: those that were made before are taken, the others are made and recorded before
//! the cut, so that the packet shows their records. A file that gives none, or a program that is not installed, fails no
//! packet: the packet says why.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use super::model::JOB;
use super::pick::{Pick, no_record};
use super::store;
use super::work::Work;
use crate::captures::derivatives::duplicate::{self, MadeDuplicate};
use crate::captures::derivatives::store as derivatives;
use crate::captures::{Derivative, FileEntry};
use crate::error::{Error, Kind, Result};
use crate::http;
use crate::ledger;
use crate::pictures::Unmade;
use crate::proof::id::Digest;
use crate::proof::packet::{DuplicateRow, Shown, StandardFormat};
use crate::verify::duplicates::{DuplicateNeed, duplicate_file, need};

/// Captures whose records are in memory at once.
const SOME: usize = 200;
/// What is said of a file that is not converted.
const UNMAKABLE: &str = "files of this type are not converted; a program made for them shows the original";

/// As much of a capture's record as duplicates need.
#[derive(Deserialize)]
struct FilesOfRecord {
    files: Vec<FileEntry>,
}

/// A duplicate that is recorded: the derivative, its record word for word, and the leaf of its event.
type Known = (Derivative, Value, Digest);

/// Puts the duplicates of its files to each exhibit, where the request asks for them.
pub fn put(state: &http::State, work: &Work<'_>, picks: &mut [Pick]) -> Result<()> {
    if work.request.duplicates != Some(true) {
        return Ok(());
    }
    work.progress.begin("duplicates", picks.len() as u64)?;
    let stream = ledger::case_stream(&work.packet.case_id);
    let mut made = Maker {
        state,
        work,
        profiles: work.request.profiles(),
        of_file: HashMap::new(),
    };
    for some in picks.chunks_mut(SOME) {
        let seqs: Vec<i64> = some.iter().map(|pick| pick.seq).collect();
        let ids: Vec<String> = some.iter().map(|pick| pick.id.clone()).collect();
        let records: HashMap<Digest, FilesOfRecord> = work.read(|conn| store::parsed(conn, &stream, &seqs))?;
        let known = work.read(|conn| derivatives::duplicates(conn, &ids))?;
        for pick in some {
            let recorded = records.get(&pick.leaf).ok_or_else(|| no_record(pick))?;
            if pick.redactions.is_none() {
                pick.duplicates = Some(made.rows(pick, &recorded.files, &known)?);
            }
            work.progress.advance(1)?;
        }
    }
    Ok(())
}

struct Maker<'a> {
    state: &'a http::State,
    work: &'a Work<'a>,
    profiles: Vec<String>,
    /// Duplicates that this packet met, by the file and the format: the same file in another capture has the same.
    of_file: HashMap<(Digest, StandardFormat), std::result::Result<MadeDuplicate, String>>,
}

impl Maker<'_> {
    fn rows(&mut self, pick: &Pick, files: &[FileEntry], known: &[Known]) -> Result<Vec<DuplicateRow>> {
        let mut rows = Vec::new();
        for (of, file) in (1..).zip(files).filter(|(_, file)| file.withheld.is_none()) {
            let lacking = |why: String| DuplicateRow {
                of,
                file: None,
                made: None,
                lacks: Some(why),
            };
            match self.need(file)? {
                DuplicateNeed::None => {}
                DuplicateNeed::Unmakable => rows.push(lacking(UNMAKABLE.to_owned())),
                DuplicateNeed::Made(format) => match self.recorded(pick, (file, format), known)? {
                    Ok((record, leaf)) => {
                        let row = duplicate_file((pick.exhibit, of as usize), &record["file"]);
                        let row = row.ok_or_else(|| Error::internal("a recorded duplicate is none"))?;
                        rows.push(DuplicateRow {
                            of,
                            file: Some(row),
                            made: Some(Shown { leaf, record }),
                            lacks: None,
                        });
                    }
                    Err(why) => rows.push(lacking(why)),
                },
            }
        }
        Ok(rows)
    }

    /// What a file wants beside it; an MP4 wants another where courts do not play its codecs.
    fn need(&self, file: &FileEntry) -> Result<DuplicateNeed> {
        let media_type = file.media_type.as_deref().unwrap_or_default();
        let format = StandardFormat::Mp4;
        Ok(match need(media_type, &self.profiles) {
            DuplicateNeed::None
                if media_type == format.media_type() && duplicate::holds_other_codec(self.work.blobs, file)? =>
            {
                DuplicateNeed::Made(format)
            }
            other => other,
        })
    }

    /// The duplicate of a file as it was recorded for this capture; made and recorded where it was not, or why it is none.
    fn recorded(
        &mut self,
        pick: &Pick,
        (file, format): (&FileEntry, StandardFormat),
        known: &[Known],
    ) -> Result<std::result::Result<(Value, Digest), String>> {
        let own = known.iter().find(|(made, ..)| {
            let of = made.file.as_ref();
            made.capture.id == pick.id
                && of.is_some_and(|of| of.parent == file.sha256 && of.media_type == format.media_type())
        });
        if let Some((made, record, leaf)) = own
            && self.is_kept(made)?
        {
            return Ok(Ok((record.clone(), *leaf)));
        }
        let made = match self.of_file.get(&(file.sha256, format)) {
            Some(made) => made.clone(),
            None => {
                let made = self.make(file, format)?;
                self.of_file.insert((file.sha256, format), made.clone());
                made
            }
        };
        match made {
            Ok(made) => self.record(pick, made).map(Ok),
            Err(why) => Ok(Err(why)),
        }
    }

    /// Whether the bytes of a duplicate have their row.
    fn is_kept(&self, made: &Derivative) -> Result<bool> {
        let Some(file) = &made.file else { return Ok(false) };
        let sums = self.work.read(|conn| store::checksums(conn, &[file.sha256]))?;
        Ok(sums.contains_key(&file.sha256))
    }

    fn make(&self, file: &FileEntry, format: StandardFormat) -> Result<std::result::Result<MadeDuplicate, String>> {
        let go_on = || self.work.progress.check();
        match duplicate::make(self.state, file, format, &go_on) {
            Ok(Ok(made)) => Ok(Ok(made)),
            Ok(Err(Unmade::Failed(why))) => Ok(Err(format!("it could not be made: {why}"))),
            Ok(Err(Unmade::Lacks(helper))) => Ok(Err(format!(
                "it could not be made: {helper}, which does it, is not installed on the agency's server"
            ))),
            Err(e) => {
                // A job that has to stop stops; damaged evidence and a full disk are said by the copying that follows.
                self.work.progress.check()?;
                if e.kind == Kind::Conflict {
                    return Err(e);
                }
                tracing::warn!(error = %e, sha256 = %file.sha256, "no standard duplicate could be made; the packet says so");
                Ok(Err("it could not be made on the agency's server".to_owned()))
            }
        }
    }

    /// Records a duplicate, unless this builder lost its lease.
    fn record(&self, pick: &Pick, made: MadeDuplicate) -> Result<(Value, Digest)> {
        let (case, capture) = (self.work.packet.case_id.clone(), pick.id.clone());
        let (progress, asked_by) = (self.work.progress.clone(), self.work.request.requested_by.clone());
        let recorded = self.state.gate.housekeep_blocking(ledger::job(JOB), move |tx| {
            progress.hold(tx)?;
            duplicate::record(tx, (&case, &capture), &made, &asked_by)
        });
        let (derivative, leaf) = recorded?;
        Ok((serde_json::to_value(&derivative)?, leaf))
    }
}
