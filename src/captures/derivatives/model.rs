//! A derivative as it is recorded.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::captures::model::{CaptureKind, FileEntry, FileRole, Tool};
use crate::clock::Timestamp;
use crate::identity::Person;
use crate::pictures::{FilmRange, PixelBox, SanitizedCounts};
use crate::proof::id::Digest;
use crate::proof::packet::DUPLICATE;
use crate::words;

/// What stands in the place of a range, however long it is: four full blocks.
pub const BLOT: &str = "████";

words! {
    /// How a derivative was made.
    DerivativeKind {
        /// Parts of it were blotted out.
        Redaction = "redaction",
        /// The same in a format that courts play.
        Duplicate = "duplicate",
        /// What lets somebody into an account, and listed names, were taken out of a web archive.
        Sanitized = "sanitized",
    }
}

words! {
    /// What of a capture's record a redaction tells beside what it always tells.
    Tellable {
        /// Address as seen, and after redirects.
        Address = "address",
        /// The account.
        Account = "account",
        /// The time of posting, and the time as it was shown.
        Posted = "posted",
        /// The text, with its ranges blotted out.
        Text = "text",
    }
}

/// A part of a text, in characters (code points) from its beginning: the first, and the one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRange {
    pub from: u64,
    pub to: u64,
}

/// How a redaction was made: whoever has the parent can make it again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Pixels of the upright picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<PixelSize>,
    /// Pixels of each page of a document, as it was drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PixelSize>,
    /// At how many pixels an inch the pages were drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpi: Option<u32>,
    /// The boxes that were filled, in the pixels of the picture or of their page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boxes: Vec<PixelBox>,
    /// How long a film lasts, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When it is black or silent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<FilmRange>,
    /// What was taken out of a web archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sanitized: Option<SanitizedRecipe>,
    /// How many parts of the text were blotted out. Where they stood says the text itself, and how long they were nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blots: Option<usize>,
    /// The programs that made a standard duplicate, in the order in which they worked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<RecipeProgram>,
}

/// A program that had a part in making a derivative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipeProgram {
    pub name: String,
    /// As it says itself.
    pub version: String,
    /// How it was told to work.
    pub settings: String,
}

/// What was taken out of a web archive. The names that were listed are recorded nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SanitizedRecipe {
    /// How many names were listed.
    pub listed: usize,
    #[serde(flatten)]
    pub counts: SanitizedCounts,
}

/// The size of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PixelSize {
    pub width: u32,
    pub height: u32,
}

impl PixelSize {
    /// Of width and height.
    pub fn of((width, height): (u32, u32)) -> Self {
        Self { width, height }
    }
}

/// The file of a derivative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DerivedFile {
    pub sha256: Digest,
    pub size: u64,
    pub media_type: String,
    /// Digest of the capture's file from which it was made.
    pub parent: Digest,
}

impl DerivedFile {
    /// The same as captures have their files.
    pub fn entry(&self) -> FileEntry {
        FileEntry {
            sha256: self.sha256,
            size: self.size,
            role: FileRole::Derivative,
            name: None,
            media_type: Some(self.media_type.clone()),
            declared_type: None,
            withheld: None,
        }
    }
}

/// What a packet's inventory tells of the capture, as it was recorded at first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DerivedFrom {
    pub id: String,
    pub item: i64,
    pub kind: CaptureKind,
    pub captured_at: Timestamp,
    /// The version of its record from which `told` was taken.
    pub version: i64,
}

/// A derivative: the record of `derivative.made`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivative {
    pub id: String,
    pub case_id: String,
    pub capture: DerivedFrom,
    pub kind: DerivativeKind,
    /// None where only a text was redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<DerivedFile>,
    pub recipe: Recipe,
    pub tool: Tool,
    pub reason: String,
    pub made_by: Person,
    pub made_at: Timestamp,
    /// What a packet tells of the capture's record in its place; nothing beside a duplicate, whose original is shown.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub told: Map<String, Value>,
}

impl Derivative {
    /// What the leaf shows for ever: the capture, the digests of parent and file, and that it is a duplicate, where it is one.
    pub fn attested(&self) -> Map<String, Value> {
        let mut attest = Map::from_iter([("capture".to_owned(), Value::String(self.capture.id.clone()))]);
        if let Some(file) = &self.file {
            let file = serde_json::json!({"parent": file.parent, "sha256": file.sha256, "size": file.size});
            attest.insert("file".to_owned(), file);
        }
        if self.kind == DerivativeKind::Duplicate {
            attest.insert("kind".to_owned(), Value::String(DUPLICATE.to_owned()));
        }
        attest
    }
}
