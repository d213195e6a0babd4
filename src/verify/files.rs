//! Layout, digests, manifests: that the packet holds exactly the files it says.

use super::{PacketFiles, Report, Walk, rule};
use crate::proof::Digest;
use crate::proof::packet::{self, *};

/// The files that are streamed for their content, and hashed by that one read.
const STREAMED: [&str; 6] = [EVENTS, RECORDS, PACKET, INVENTORY, MANIFEST, TAGMANIFEST];

impl PacketFiles<'_> {
    /// Hashes every file that is not streamed later.
    pub(super) fn hash_all(&mut self, report: &mut Report) {
        let streamed = |path: &str| STREAMED.contains(&path);
        let which: Vec<usize> = (0..self.digests.len())
            .filter(|i| !streamed(&self.source.entries()[*i].path))
            .collect();
        let digests = self.source.digests(&which);
        for (index, digest) in which.into_iter().zip(digests) {
            self.keep(index, digest, report);
        }
    }
}

impl Walk<'_> {
    /// Every required file is there; files outside the layout are not.
    pub(super) fn layout(&mut self) {
        for path in REQUIRED.into_iter().filter(|path| self.files.index(path).is_none()) {
            self.report.broken(path, rule::MISSING);
        }
        for entry in self.files.source.entries() {
            let path = entry.path.as_str();
            let known = REQUIRED.contains(&path) || path.starts_with(ANCHORS);
            let free = path.starts_with("data/") && !path.starts_with("data/custody/");
            if !is_path(path) {
                self.report.broken(path, rule::PATH);
            } else if path == "fetch.txt" {
                self.report.broken(path, rule::FETCH);
            } else if !known && !free {
                self.report.broken(path, rule::UNEXPECTED);
            }
        }
    }

    /// Holds the payload manifest, or the tag manifest, to the files and their digests. The tag manifest is
    /// the only file that no manifest lists.
    pub(super) fn manifest(&mut self, path: &'static str) {
        let payload = path == MANIFEST;
        let mut listed: Vec<(usize, bool)> = Vec::new();
        let mut last = String::new();
        let entries = self.files.source.entries().iter().zip(&self.files.digests);
        let entries: Vec<(String, Option<Digest>)> = entries.map(|(e, digest)| (e.path.clone(), *digest)).collect();
        self.files.lines(path, &mut self.report, |report, number, line| {
            let Some((name, digest)) = packet::manifest_line(line).filter(|(name, _)| *name > last.as_str()) else {
                let message = format!("line {number} is not canonical or not in order");
                return report.fail(path, "manifest.canonical", message);
            };
            last = name.to_owned();
            match entries.binary_search_by(|entry| entry.0.as_str().cmp(name)) {
                _ if name.starts_with("data/") != payload || name == TAGMANIFEST => {
                    report.fail(name, "manifest.scope", format!("does not belong in {path}"));
                }
                Err(_) => report.fail(name, "manifest.missing", format!("is listed in {path} and missing")),
                Ok(index) => listed.push((index, entries[index].1 == Some(digest))),
            }
        });
        for (index, same) in &listed {
            self.report.require(*same, &entries[*index].0, rule::MANIFEST_DIGEST);
        }
        let mut listed = listed.into_iter().map(|(index, _)| index).peekable();
        for (index, (name, _)) in entries.iter().enumerate() {
            let covered = name.starts_with("data/") == payload && name != TAGMANIFEST;
            if listed.next_if_eq(&index).is_none() && covered {
                self.report
                    .fail(name, "manifest.unlisted", format!("is not listed in {path}"));
            }
        }
    }

    /// `bagit.txt` is BagIt 1.0's two lines; `bag-info.txt` counts the payload and names the packet.
    pub(super) fn bag(&mut self) {
        if let Some(bytes) = self.small(BAGIT) {
            self.report.require(bytes == BAGIT_TXT.as_bytes(), BAGIT, rule::BAGIT);
        }
        let Some(bytes) = self.small(BAG_INFO) else { return };
        let text = String::from_utf8_lossy(&bytes);
        let Some(labels) = parse_bag_info(&text) else {
            return self.report.broken(BAG_INFO, rule::BAG_INFO);
        };
        let entries = self.files.source.entries().iter();
        let (bytes, files) = entries
            .filter(|entry| entry.path.starts_with("data/"))
            .fold((0u64, 0u64), |(bytes, files), entry| {
                (bytes.saturating_add(entry.size), files + 1)
            });
        let id = self
            .issued
            .as_ref()
            .map(|issued| format!("urn:uuid:{}", issued.event.object.id));
        for (label, value) in [(OXUM, format!("{bytes}.{files}")), (IDENTIFIER, id.unwrap_or_default())] {
            let mut found = labels.iter().filter(|pair| pair.0 == label);
            let same = found.next().is_some_and(|pair| pair.1 == value) && found.next().is_none();
            if !same {
                self.report
                    .fail(BAG_INFO, "bag.info", format!("{label} is not {value}"));
            }
        }
    }
}
