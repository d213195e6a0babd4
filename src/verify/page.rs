//! The pages: made again from the packet's documents, and compared.

use std::io;

use sha2::{Digest as _, Sha256};

use super::{PAGE_RULE, PacketFiles, Verdict, Walk, rule};
use crate::page::{self, Documents, Pages};
use crate::proof::Digest;
use crate::proof::packet::INDEX;

impl Walk<'_> {
    /// Pages of this verifier's own version are made again; of others nothing is said.
    pub(super) fn page(&mut self) {
        let Some(head) = &self.report.packet else {
            return self.report.tell(Verdict::NotChecked, INDEX, rule::PAGE_NOT_CHECKED);
        };
        let ours = page::version();
        match head.pages.clone() {
            None => return self.report.tell(Verdict::NotChecked, INDEX, rule::EARLIER_PAGE),
            Some(theirs) if theirs != ours => {
                let message = format!(
                    "is of version {theirs}, and this verifier makes {ours}: what it shows is not checked; --render DIR writes this verifier's own page"
                );
                return self.report.say(Verdict::NotChecked, INDEX, PAGE_RULE, message);
            }
            Some(_) => {}
        }
        let mut found = Vec::new();
        for path in page::PATHS {
            match self.files.digest(path) {
                Some(digest) => found.push((path, digest)),
                None => self.report.broken(path, rule::PAGE_MISSING),
            }
        }
        match other_pages(&mut self.files, &found) {
            Ok(others) if others.is_empty() && found.len() == page::PATHS.len() => {
                self.report.tell(Verdict::Passed, INDEX, rule::PAGE);
            }
            Ok(others) => others
                .into_iter()
                .for_each(|path| self.report.broken(path, rule::OTHER_PAGE)),
            Err(error) => {
                let message = format!("cannot be made again, and so shows something else: {error}");
                self.report.fail(INDEX, PAGE_RULE, message);
            }
        }
    }
}

/// Those of the pages found that are not the ones made from the documents.
fn other_pages(
    documents: &mut dyn Documents,
    found: &[(&'static str, Digest)],
) -> Result<Vec<&'static str>, page::PageError> {
    let mut pages = Pages::of(documents)?;
    let mut others = Vec::new();
    for (path, digest) in found {
        let mut made = PageHash(Sha256::new());
        pages.write(path, &mut made)?;
        if Digest(made.0.finalize().into()) != *digest {
            others.push(*path);
        }
    }
    Ok(others)
}

impl Documents for PacketFiles<'_> {
    fn read(&mut self, path: &'static str, sink: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let index = self.index(path).ok_or(io::ErrorKind::NotFound)?;
        match self.source.read(index, sink) {
            Some(_) => Ok(()),
            None => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// Hashes what is written.
struct PageHash(Sha256);

impl io::Write for PageHash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
