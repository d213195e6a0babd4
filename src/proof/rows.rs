//! Rows that several documents and records of a packet share.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Digest;

/// A record with the leaf of the event that made it: the case, a subject, an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    pub leaf: Digest,
    pub record: Value,
}

/// A file of an exhibit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRow {
    /// None when the bytes are withheld.
    pub path: Option<String>,
    pub sha256: Digest,
    pub size: u64,
    pub role: String,
    pub name: Option<String>,
    pub media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Value>,
}
