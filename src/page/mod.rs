//! The packet as others read it: `data/index.html` for people, `data/case-uco.jsonld` and `data/ro-crate-metadata.json` for
//! programs. They are made from the packet's own documents and from nothing else, so that the verifier makes the same ones
//! again and compares them byte for byte (contract section 4).
//!
//! The page is one file, no script, nothing fetched. All are written piece by piece. Of an event of an exhibit or an
//! authorization some two hundred bytes are in memory, of everything else less.
#![forbid(unsafe_code)]

mod case_uco;
mod documents;
mod graph;
mod ro_crate;
mod sections;
mod story;
mod views;
pub mod words;

use std::io;

pub use documents::Documents;

use crate::proof::packet::{CASE_UCO, INDEX, RO_CRATE, RowError};

/// Version of the pages' making. Whoever changes what one says or how it looks raises it. The first had `index.html` alone.
const PAGES: u32 = 2;
/// The pages of this version, bytewise sorted.
pub const PATHS: [&str; 3] = [CASE_UCO, INDEX, RO_CRATE];

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

/// The pages of one packet, about to be written.
pub struct Pages<'d> {
    documents: &'d mut dyn Documents,
    story: story::PacketStory,
}

impl<'d> Pages<'d> {
    /// Reads a packet's documents once. Each page reads them again.
    ///
    /// # Errors
    /// A document cannot be read, or says what no page can show.
    pub fn of(documents: &'d mut dyn Documents) -> Result<Self, PageError> {
        let story = story::PacketStory::read(documents)?;
        Ok(Self { documents, story })
    }

    /// Writes one of [`PATHS`].
    ///
    /// # Errors
    /// As of [`Pages::of`]; or the page's bytes could not be written.
    pub fn write(&mut self, path: &str, out: &mut dyn io::Write) -> Result<(), PageError> {
        let (story, documents) = (&self.story, &mut *self.documents);
        match path {
            INDEX => sections::write(story, documents, out),
            CASE_UCO => case_uco::write(story, documents, out),
            RO_CRATE => ro_crate::write(story, documents, out),
            other => Err(PageError::Unclear(format!("{other} is no page"))),
        }
    }
}
