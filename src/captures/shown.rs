//! A capture as its readers see it.
//!
//! The record is not taken apart: its values are copied as they stand, so that a page of a long case costs little more
//! than reading it.

use std::collections::BTreeMap;

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::store::{CaptureRow, EntryRow};
use crate::error::{Error, Result};
use crate::ledger;
use crate::proof::id::Digest;

/// What a record says of the capture itself, shown under the same names.
const ORDINARY: &[&str] = &[
    "platform",
    "url",
    "final_url",
    "account",
    "visibility",
    "access_means",
    "text",
    "platform_time_text",
    "posted_at",
    "posted_at_basis",
    "method",
    "tool",
    "level",
    "device",
    "note",
];

/// A capture, with what was said about it.
pub struct Shown<'a> {
    row: &'a CaptureRow,
    record: BTreeMap<&'a str, &'a RawValue>,
    leaf: Digest,
    content: Content<'a>,
}

enum Content<'a> {
    /// All of it, with notes, reviews and decisions.
    Open(Vec<(&'a str, &'a RawValue)>),
    /// Digests and why: what those see who may read the case but not decide about a held capture.
    Withheld { files: Value, basis: Value },
}

impl<'a> Shown<'a> {
    /// All of a capture; `said` holds what was said about it and nothing else.
    pub fn open(row: &'a CaptureRow, said: &'a [EntryRow]) -> Result<Self> {
        let said = said
            .iter()
            .map(|e| Ok((e.kind.as_str(), serde_json::from_str(&e.body)?)))
            .collect::<Result<_>>()?;
        Self::new(row, Content::Open(said))
    }

    /// A closed capture to those who may not read it.
    pub fn withheld(row: &'a CaptureRow) -> Result<Self> {
        let record: Value = serde_json::from_str(&row.body)?;
        let (files, basis) = (record["files"].as_array(), &record["basis"]);
        let digest = |f: &Value| json!({"sha256": f["sha256"], "size": f["size"], "role": f["role"]});
        let content = Content::Withheld {
            files: files.into_iter().flatten().map(digest).collect(),
            basis: json!({"kind": basis["kind"], "id": basis["id"], "reason": null}),
        };
        Self::new(row, content)
    }

    fn new(row: &'a CaptureRow, content: Content<'a>) -> Result<Self> {
        Ok(Self {
            row,
            record: serde_json::from_str(&row.body)?,
            leaf: Digest::from_slice(&row.leaf).ok_or_else(|| Error::internal("a stored leaf is damaged"))?,
            content,
        })
    }

    /// As the answer of a write.
    pub fn value(&self) -> Result<Value> {
        Ok(serde_json::to_value(self)?)
    }

    /// As an item of a page.
    pub fn raw(&self) -> Result<Box<RawValue>> {
        Ok(serde_json::value::to_raw_value(self)?)
    }

    fn of_record(&self, name: &str) -> Option<&'a RawValue> {
        self.record.get(name).copied()
    }
}

/// What is shown of a capture that was just recorded.
pub enum Answer {
    /// Made of its row, all of it or what is shown of a closed one.
    Made {
        /// The capture.
        row: Box<CaptureRow>,
        /// Whether it is closed to its readers.
        withheld: bool,
    },
    /// As it was told before, to a retry.
    Told(Box<RawValue>),
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let shown = match self {
            Self::Told(before) => return before.serialize(serializer),
            Self::Made { row, withheld: true } => Shown::withheld(row),
            Self::Made { row, withheld: false } => Shown::open(row, &[]),
        };
        shown.map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Answer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Self::Told)
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let row = self.row;
        let mut out = serializer.serialize_map(None)?;
        out.serialize_entry("id", &row.id)?;
        out.serialize_entry("item", &row.item)?;
        out.serialize_entry("case_id", &row.case_id)?;
        out.serialize_entry("state", &row.state)?;
        out.serialize_entry("kind", &row.kind)?;
        for name in ["captured_at", "received_at", "coverage", "flags"] {
            out.serialize_entry(name, &self.of_record(name))?;
        }
        out.serialize_entry("version", &row.version)?;
        let event = json!({"stream": ledger::case_stream(&row.case_id), "seq": row.seq, "leaf": self.leaf});
        out.serialize_entry("event", &event)?;
        match &self.content {
            Content::Open(said) => {
                for name in ORDINARY {
                    out.serialize_entry(name, &self.of_record(name))?;
                }
                out.serialize_entry("captured_by", &self.of_record("capturer"))?;
                out.serialize_entry("files", &self.of_record("files"))?;
                out.serialize_entry("basis", &self.of_record("basis"))?;
                out.serialize_entry("withheld", &())?;
                let of = |kind| said.iter().filter(move |(k, _)| *k == kind).map(|(_, body)| *body);
                out.serialize_entry("notes", &of("note").collect::<Vec<_>>())?;
                out.serialize_entry("reviews", &of("review").collect::<Vec<_>>())?;
                out.serialize_entry("decision", &of("decision").next_back())?;
            }
            Content::Withheld { files, basis } => {
                out.serialize_entry("files", files)?;
                out.serialize_entry("basis", basis)?;
                let ask = json!({"class": row.state, "ask": "a supervisor of the case's unit who does not work on it"});
                out.serialize_entry("withheld", &ask)?;
            }
        }
        out.end()
    }
}
