//! What a packet is made of: names, layout, `packet.json`, `inventory.json`, manifests
//! (contract section 4, BagIt 1.0 RFC 8493).
//!
//! `packet.json` and `inventory.json` are JSON documents in a fixed arrangement of lines,
//! each value canonical, so that they are written and read a line at a time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::Digest;
use super::canon::{self, CanonError};
pub use super::certificates::*;
pub use super::duplicates::*;
pub use super::layout::*;
pub use super::manifest::{EvidenceHash, manifest, manifest_line};
pub use super::rows::*;

/// `bag-info.txt`: `Label: value` lines. Line breaks in a value become spaces.
pub fn bag_info(labels: &[(&str, &str)]) -> String {
    labels
        .iter()
        .map(|(label, value)| format!("{label}: {}\n", value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect()
}

/// Reads `bag-info.txt` as [`bag_info`] writes it.
pub fn parse_bag_info(text: &str) -> Option<Vec<(&str, &str)>> {
    text.strip_suffix('\n')?
        .split('\n')
        .map(|line| line.split_once(": "))
        .collect()
}

/// The first version of the papers whose issue attests the evidence hash.
pub const EVIDENCE_SINCE: u32 = 3;
/// The first version of the papers beside which [`VERIFY_PAGE`] lies.
pub const VERIFY_PAGE_SINCE: u32 = 3;
/// The label whose value is `<bytes>.<files>` of `data/`.
pub const OXUM: &str = "Payload-Oxum";
/// The label whose value is `urn:uuid:<packet id>`.
pub const IDENTIFIER: &str = "External-Identifier";

/// `attest` of `packet.issued` (contract section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attest {
    pub manifest_sha256: Digest,
    /// The evidence hash ([`EvidenceHash`]); packets whose papers are older than 3 have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_sha256: Option<Digest>,
    /// Digests of [`ATTESTED_TAGS`], by name.
    pub tags: BTreeMap<String, Digest>,
    /// `seq` of the cut, and its leaf.
    pub through: u64,
    pub head: Digest,
    /// Captures in the inventory.
    pub size: u64,
}

/// Line `packet` of `packet.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub id: String,
    /// Name of the top folder.
    pub name: String,
    pub purpose: String,
    pub recipient: Option<String>,
    pub requested_by: Requester,
    pub requested_at: String,
    pub cut: Cut,
    pub origin: String,
    pub product: String,
    pub demo: bool,
    /// Version of the words that follow from the records; packets of 0.1.0 name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub papers: Option<u32>,
    /// Version of the page `index.html`; packets of 0.1.0 name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
    /// The exhibit list from which it was asked, in its version then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhibit_list: Option<ListVersion>,
    /// The earlier packet to which a supplement adds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplement_of: Option<EarlierPacket>,
    /// The papers in PDF; none where the server makes none, or the papers are older than 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf: Option<PdfPapers>,
    /// True where standard duplicates stand beside what courts may not play.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<bool>,
    /// The output profiles beside the canonical layout, by their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiles: Option<Vec<String>>,
}

/// A packet of the same case that was issued before this one was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierPacket {
    pub id: String,
    /// Name of its top folder.
    pub name: String,
    /// Leaf of its `packet.issued`, and what that attests: the manifest, and `seq` of the cut.
    pub leaf: Digest,
    pub manifest_sha256: Digest,
    pub through: u64,
}

/// A version of an exhibit list. The list itself is a working paper that no packet shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListVersion {
    pub id: String,
    pub version: u64,
}

/// Volumes of each paper in PDF, and what laid them out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PdfPapers {
    /// Of `exhibits.pdf`.
    pub exhibits: u32,
    /// Of `report.pdf`.
    pub report: u32,
    /// `typst 0.15.1`.
    pub typesetter: String,
    /// Drafts of certificates, where they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates: Option<CertificatePapers>,
}

impl PdfPapers {
    /// The files.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        let volumes = |paper: &'static str, of: u32| (1..=of).map(move |volume| pdf_path(paper, volume, of));
        let certificates = self.certificates.iter().flat_map(CertificatePapers::paths);
        certificates
            .chain(volumes(PDF_PAPERS[0], self.exhibits))
            .chain(volumes(PDF_PAPERS[1], self.report))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    pub id: String,
    pub name: String,
}

/// The last event of the case stream that the packet shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    pub stream: String,
    pub seq: u64,
    pub leaf: Digest,
}

/// A row of `authorizations`; `events` are the leaves of all events about it, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PacketAuthorization {
    pub leaf: Digest,
    pub record: Value,
    pub events: Vec<Digest>,
}

/// A row of `exhibits`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exhibit {
    /// Counts from 1 without gaps.
    pub exhibit: u32,
    /// Its number for the court, with its part, such as `P-12-A`; only packets asked for with an exhibit list have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Its title, as the list gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it shows, as the list said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// In a supplement: `added`, or `changed` since the earlier packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Id of the capture.
    pub capture: String,
    pub item: u64,
    /// Leaf of its `capture.recorded`, and that event's record.
    pub leaf: Digest,
    pub record: Value,
    /// Its latest `capture.corrected`.
    pub current: Option<Shown>,
    /// Its latest `capture.examined`: what a program read in its files. Absent where there is none, or it is redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub examination: Option<Shown>,
    /// All events about it, in order.
    pub events: Vec<EventRow>,
    /// In the order of the record's files; those of a redacted one follow from its redactions.
    pub files: Vec<FileRow>,
    /// The redactions that stand in its place, as the request names them. Then `record` and `current` are null: what was
    /// recorded about it is withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redactions: Option<Vec<Shown>>,
    /// The standard duplicates of its files, in their order, and the files that want one and have none; there where the packet
    /// has duplicates and the exhibit is not redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Vec<DuplicateRow>>,
    /// What the packet's profiles cannot take of it; absent where they take all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfit: Option<Vec<ProfileWarning>>,
}

impl Exhibit {
    /// The duplicate of the file at this place, from 1, as it lies in the packet.
    pub fn duplicate(&self, of: usize) -> Option<&DuplicateRow> {
        self.duplicates.iter().flatten().find(|row| row.of as usize == of)
    }

    /// What is told of the capture: its record, or what its first redaction tells in the record's place.
    pub fn told(&self) -> &Value {
        match &self.redactions {
            Some(redactions) => redactions.first().map_or(&Value::Null, |first| &first.record["told"]),
            None => &self.record,
        }
    }

    /// The version of its record that counts: as it was corrected last, else what is told of it.
    pub fn now(&self) -> &Value {
        let current = self.current.as_ref();
        current.map_or_else(|| self.told(), |current| &current.record)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRow {
    pub leaf: Digest,
    pub seq: u64,
    pub action: String,
}

/// A row of `inventory.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InventoryRow {
    pub id: String,
    pub item: u64,
    pub kind: String,
    pub captured_at: Option<String>,
    pub status: String,
    pub why: Option<String>,
    /// What it is, as the schedule of the exhibit list describes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Why the exhibit list left it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded: Option<String>,
}

/// A line of `packet.json` or `inventory.json` that breaks the arrangement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("{0} was expected")]
    Expected(String),
    #[error(transparent)]
    Json(#[from] CanonError),
    /// Canonical JSON, but not these fields.
    #[error("wrong fields: {0}")]
    Fields(String),
}

/// A row's one line; a row that holds a number outside the dialect has none.
pub fn format_row<T: Serialize>(row: &T) -> Result<Vec<u8>, RowError> {
    let value = serde_json::to_value(row).map_err(|e| RowError::Fields(e.to_string()))?;
    canon::to_strict(&value).map_err(RowError::Json)
}

/// Reads exactly what [`format_row`] writes.
pub fn parse_row<T: Serialize + DeserializeOwned>(line: &[u8]) -> Result<T, RowError> {
    let value = canon::parse_strict(line).map_err(RowError::Json)?;
    let fields = |error: serde_json::Error| RowError::Fields(error.to_string());
    let row = T::deserialize(&value).map_err(fields)?;
    // A missing member reads like null; writing the row again tells them apart.
    if serde_json::to_value(&row).map_err(fields)? == value {
        Ok(row)
    } else {
        Err(RowError::Fields("one is missing or null".into()))
    }
}

/// A member of a document: one value on its line, or an array with a row a line.
pub type Section = (&'static str, bool);
/// `packet.json`; true marks arrays.
pub const PACKET_SECTIONS: &[Section] = &[
    ("packet", false),
    ("case", false),
    ("subjects", true),
    ("accounts", true),
    ("authorizations", true),
    ("exhibits", true),
];
/// `inventory.json`.
pub const INVENTORY_SECTIONS: &[Section] = &[("captures", true)];

/// Writes a document of sections, a value or row on each line. The caller adds the sections in their order; one of rows
/// may be empty. [`Writer::take`] gives out what has been written so far.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
    /// Whether the section begun has no row yet.
    first: bool,
}

impl Writer {
    /// Starts with `{"v":1,`.
    pub fn new() -> Self {
        Self {
            out: b"{\"v\":1".to_vec(),
            first: true,
        }
    }

    /// Adds a section of one value.
    pub fn value<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), RowError> {
        self.out.extend_from_slice(format!(",\n\"{name}\":").as_bytes());
        self.out.extend(format_row(value)?);
        Ok(())
    }

    /// Adds a section of rows.
    pub fn rows<T: Serialize>(&mut self, name: &str, rows: impl IntoIterator<Item = T>) -> Result<(), RowError> {
        self.begin(name);
        for row in rows {
            self.row(&row)?;
        }
        self.end();
        Ok(())
    }

    /// Begins a section of rows that come one by one.
    pub fn begin(&mut self, name: &str) {
        self.out.extend_from_slice(format!(",\n\"{name}\":[").as_bytes());
        self.first = true;
    }

    /// Adds a row to the section begun.
    pub fn row<T: Serialize>(&mut self, row: &T) -> Result<(), RowError> {
        self.out.extend_from_slice(if self.first { b"\n" } else { b",\n" });
        self.first = false;
        self.out.extend(format_row(row)?);
        Ok(())
    }

    /// Ends the section begun.
    pub fn end(&mut self) {
        self.out.extend_from_slice(b"\n]");
    }

    /// What has been written since the last time.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// The rest of the document.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(b"}\n");
        self.out
    }
}

/// Reads such a document a line at a time, holding it to its arrangement byte for byte.
#[derive(Debug)]
pub struct PaperReader {
    sections: &'static [Section],
    /// The section that comes next, or whose rows are read.
    section: usize,
    state: ReaderState,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum ReaderState {
    Start,
    Section,
    FirstRow,
    /// A row must come, because a comma stood before.
    Row,
    Close,
    Done,
}

impl PaperReader {
    /// Reads a document of these sections.
    pub fn new(sections: &'static [Section]) -> Self {
        Self {
            sections,
            section: 0,
            state: ReaderState::Start,
        }
    }

    /// Takes the next line without its LF; gives the section's name and bytes if it holds a value or row.
    pub fn line<'l>(&mut self, line: &'l [u8]) -> Result<Option<(&'static str, &'l [u8])>, RowError> {
        match self.state {
            ReaderState::Start if line == b"{\"v\":1," => self.state = ReaderState::Section,
            ReaderState::Section => return self.open(line),
            ReaderState::FirstRow | ReaderState::Close if line.first() == Some(&b']') => self.close(line)?,
            ReaderState::FirstRow | ReaderState::Row => return Ok(Some(self.row(line))),
            _ => return self.expected(),
        }
        Ok(None)
    }

    /// The document must be complete.
    pub fn end(&self) -> Result<(), RowError> {
        if self.state == ReaderState::Done {
            Ok(())
        } else {
            self.expected()
        }
    }

    fn open<'l>(&mut self, line: &'l [u8]) -> Result<Option<(&'static str, &'l [u8])>, RowError> {
        let (name, array) = self.sections[self.section];
        let rest = line.strip_prefix(format!("\"{name}\":").as_bytes());
        match (rest, array) {
            (Some(b"["), true) => {
                self.state = ReaderState::FirstRow;
                Ok(None)
            }
            (Some([value @ .., b',']), false) => {
                self.section += 1;
                Ok(Some((name, value)))
            }
            _ => self.expected(),
        }
    }

    fn row<'l>(&mut self, line: &'l [u8]) -> (&'static str, &'l [u8]) {
        let (row, more) = match line {
            [row @ .., b','] => (row, true),
            _ => (line, false),
        };
        self.state = if more { ReaderState::Row } else { ReaderState::Close };
        (self.sections[self.section].0, row)
    }

    fn close(&mut self, line: &[u8]) -> Result<(), RowError> {
        let last = self.section + 1 == self.sections.len();
        if line != if last { b"]}" } else { b"]," } {
            return self.expected();
        }
        self.section += 1;
        self.state = if last { ReaderState::Done } else { ReaderState::Section };
        Ok(())
    }

    fn expected<T>(&self) -> Result<T, RowError> {
        let what = match self.state {
            ReaderState::Start => "{\"v\":1,".into(),
            ReaderState::Done => "the end".into(),
            ReaderState::Section => format!("section {}", self.sections[self.section].0),
            _ => format!("a row or the end of {}", self.sections[self.section].0),
        };
        Err(RowError::Expected(what))
    }
}
