//! `data/index.html`: the packet as a person reads it. It is made from the packet's own documents and from nothing else,
//! so that the verifier makes the same page again and compares it byte for byte (contract section 4).
//!
//! One file, no script, nothing fetched; written piece by piece. Of an event of an exhibit or an authorization some two
//! hundred bytes are in memory, of everything else less.
#![forbid(unsafe_code)]

pub mod documents;
mod sections;
pub mod story;
pub mod views;
pub mod words;

use std::io;

pub use documents::Documents;

use crate::proof::packet::RowError;

/// Version of the page's making. Whoever changes what a page says or how it looks raises it.
const PAGES: u32 = 2;

/// The version of the pages that this program makes, as packets name it. Local times rest on the tables of time zones,
/// which change with governments.
pub fn version() -> String {
    format!("{PAGES} (time zones {})", chrono_tz::IANA_TZDB_VERSION)
}

/// Why no page can be made.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The page's bytes could not be written, or a document not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A document breaks its arrangement.
    #[error("{0}: {1}")]
    Row(&'static str, RowError),
    /// A document says what no page can show.
    #[error("{0}")]
    Unclear(String),
    /// A template failed.
    #[error("the page's template: {0}")]
    Template(#[from] askama::Error),
}

/// Writes the page of the packet with these documents.
pub fn write(documents: &mut dyn Documents, out: &mut dyn io::Write) -> Result<(), PageError> {
    let story = story::PacketStory::read(documents)?;
    sections::write(&story, documents, out)
}
