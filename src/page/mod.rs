//! The packet as others read it: `data/index.html` for people, `data/case-uco.jsonld` and `data/ro-crate-metadata.json` for
//! programs. They are made from the packet's own documents and from nothing else, so that the verifier makes the same ones
//! again and compares them byte for byte (contract section 4).
//!
//! `index.html` needs no script and fetches nothing; where a section is long, it has pages of its own, which the index lists.
//! All are written piece by piece. Of an event of an exhibit or an
//! authorization some two hundred bytes are in memory, of everything else less.
#![forbid(unsafe_code)]

pub mod acted;
pub mod actor;
pub mod beside;
mod case_uco;
pub mod copies;
pub mod documents;
mod examined;
mod exception_row;
pub mod exceptions;
mod graph;
pub mod handed;
pub mod impeachment;
mod paging;
pub(crate) mod records;
mod ro_crate;
mod rows;
pub mod rulings;
mod sections;
pub mod story;
mod trail;
pub mod views;
pub mod withheld;
pub mod words;

use std::io;

pub use documents::Documents;
pub use examined::{EXAMINED, ExaminedView, PERCEPTUAL_HASH, examined, examined_with};

use crate::proof::packet::{CASE_UCO, INDEX, RO_CRATE, RowError};

/// Version of the pages' making. Whoever changes what one says or how it looks raises it. The first had `index.html` alone.
const PAGES: u32 = 3;

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

/// Takes a packet's pages one after the other.
pub trait PageSink {
    /// Begins the page of this path below the packet's top folder. The one before it has ended.
    fn begin(&mut self, path: &str) -> io::Result<()>;
    /// Its next bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// Whether a page may have this path below the packet's top folder.
pub fn is_page(path: &str) -> bool {
    [CASE_UCO, INDEX, RO_CRATE].contains(&path) || paging::is_part(path)
}

/// Writes all pages of the packet with these documents.
///
/// # Errors
/// A document cannot be read, or says what no page can show; or a page's bytes could not be written.
pub fn write(documents: &mut dyn Documents, sink: &mut dyn PageSink) -> Result<(), PageError> {
    let story = story::PacketStory::read(documents)?;
    let mut out = PageWriter {
        sink,
        paths: Vec::new(),
    };
    sections::write(&story, documents, &mut out)?;
    out.begin(CASE_UCO)?;
    case_uco::write(&story, documents, &mut out)?;
    out.begin(RO_CRATE)?;
    // Of itself the crate says nothing.
    out.paths.retain(|path| path != RO_CRATE);
    let mut pages = std::mem::take(&mut out.paths);
    pages.sort_unstable();
    ro_crate::write((&story, &pages), documents, &mut out)
}

/// The pages while they are written.
struct PageWriter<'s> {
    sink: &'s mut dyn PageSink,
    /// Those begun.
    paths: Vec<String>,
}

impl PageWriter<'_> {
    fn begin(&mut self, path: &str) -> io::Result<()> {
        self.paths.push(path.to_owned());
        self.sink.begin(path)
    }
}

impl io::Write for PageWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
