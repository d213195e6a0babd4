//! The documents from which a page is made, read a line at a time.

use std::io;

use super::PageError;
use crate::proof::lines::Lines;
use crate::proof::packet::{PaperReader, RowError, Section};

/// Where a packet's documents are read: events, records, `packet.json` and `inventory.json`.
pub trait Documents {
    /// Streams the document of this path from its start.
    fn read(&mut self, path: &'static str, sink: &mut dyn FnMut(&[u8])) -> io::Result<()>;
}

/// Runs `each` over a document's lines.
pub fn lines(
    documents: &mut dyn Documents,
    path: &'static str,
    mut each: impl FnMut(&[u8]) -> Result<(), PageError>,
) -> Result<(), PageError> {
    let (mut lines, mut failed) = (Lines::default(), None);
    documents.read(path, &mut |chunk| {
        lines.feed(chunk, &mut |_, line| {
            if failed.is_none() {
                failed = each(line).err();
            }
        });
    })?;
    failed.map_or(Ok(()), Err)
}

/// Runs `each` over the values and rows of a document of sections.
pub fn rows(
    documents: &mut dyn Documents,
    (path, sections): (&'static str, &'static [Section]),
    mut each: impl FnMut(&'static str, &[u8]) -> Result<(), PageError>,
) -> Result<(), PageError> {
    let mut reader = PaperReader::new(sections);
    lines(documents, path, |line| {
        match reader.line(line).map_err(|error| PageError::Row(path, error))? {
            Some((section, row)) => each(section, row),
            None => Ok(()),
        }
    })
}

/// A row's fields. The verifier holds rows to their exact form; here those that the page shows count.
pub fn fields<'r, T: serde::Deserialize<'r>>(path: &'static str, row: &'r [u8]) -> Result<T, PageError> {
    let broken = |error: serde_json::Error| PageError::Row(path, RowError::Fields(error.to_string()));
    serde_json::from_slice(row).map_err(broken)
}
