//! The pages: made again from the packet's documents, and compared.

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest as _, Sha256};

use super::{PAGE_RULE, PacketFiles, Verdict, Walk, rule};
use crate::page::{self, Documents, PageSink};
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
        let mut made = MadePages::default();
        if let Err(error) = page::write(&mut self.files, &mut made) {
            let message = format!("cannot be made again, and so shows something else: {error}");
            return self.report.fail(INDEX, PAGE_RULE, message);
        }
        let made = made.end();
        let entries = self.files.source.entries().iter().zip(&self.files.digests);
        let pages = entries.filter(|(entry, _)| page::is_page(&entry.path));
        let found: BTreeMap<String, Option<Digest>> =
            pages.map(|(entry, digest)| (entry.path.clone(), *digest)).collect();
        let before = self.report.failed();
        for (path, digest) in &made {
            match found.get(path) {
                Some(found) => drop(self.report.require(*found == Some(*digest), path, rule::OTHER_PAGE)),
                None => self.report.broken(path, rule::PAGE_MISSING),
            }
        }
        for path in found.keys().filter(|path| !made.contains_key(*path)) {
            self.report.broken(path, rule::NO_PAGE);
        }
        if self.report.failed() == before {
            self.report.tell(Verdict::Passed, INDEX, rule::PAGE);
        }
    }
}

/// The digests of the pages made.
#[derive(Default)]
struct MadePages {
    done: BTreeMap<String, Digest>,
    open: Option<(String, Sha256)>,
}

impl MadePages {
    fn end(mut self) -> BTreeMap<String, Digest> {
        self.close();
        self.done
    }

    fn close(&mut self) {
        let closed = self.open.take();
        self.done
            .extend(closed.map(|(path, hash)| (path, Digest(hash.finalize().into()))));
    }
}

impl PageSink for MadePages {
    fn begin(&mut self, path: &str) -> io::Result<()> {
        self.close();
        self.open = Some((path.to_owned(), Sha256::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (_, hash) = self.open.as_mut().ok_or(io::ErrorKind::InvalidInput)?;
        hash.update(bytes);
        Ok(())
    }
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
