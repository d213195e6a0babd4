//! Layout, digests, manifests: that the packet holds exactly the files it says.

use super::Walk;
use crate::proof::packet::{self, *};

/// The files that are streamed for their content, and hashed by that one read.
const STREAMED: [&str; 6] = [EVENTS, RECORDS, PACKET, INVENTORY, MANIFEST, TAGMANIFEST];

impl Walk<'_> {
    /// Every required file is there; files outside the layout are not.
    pub(super) fn layout(&mut self) {
        for path in REQUIRED
            .into_iter()
            .filter(|path| self.index(path).is_none())
            .collect::<Vec<_>>()
        {
            self.report.fail(path, "layout.missing", "is required and missing");
        }
        for entry in self.source.entries() {
            let path = entry.path.as_str();
            let known = REQUIRED.contains(&path) || path.starts_with(ANCHORS);
            let free = path.starts_with("data/") && !path.starts_with("data/custody/");
            if !is_path(path) {
                self.report
                    .fail(path, "layout.path", "is a name that some system would read differently");
            } else if path == "fetch.txt" {
                self.report.fail(
                    path,
                    "layout.fetch",
                    "a packet holds all of its files; fetch.txt is not allowed",
                );
            } else if !known && !free {
                self.report
                    .fail(path, "layout.unexpected", "belongs to no part of a packet");
            }
        }
    }

    /// Hashes every file that is not streamed later.
    pub(super) fn hash_files(&mut self) {
        let streamed = |path: &str| STREAMED.contains(&path);
        let which: Vec<usize> = (0..self.digests.len())
            .filter(|i| !streamed(&self.source.entries()[*i].path))
            .collect();
        let digests = self.source.digests(&which);
        for (index, digest) in which.into_iter().zip(digests) {
            self.digests[index] = digest;
            if digest.is_some() {
                self.count(index);
            }
        }
    }

    /// Holds the payload manifest, or the tag manifest, to the files and their digests. The tag manifest is
    /// the only file that no manifest lists.
    pub(super) fn manifest(&mut self, path: &'static str) {
        let payload = path == MANIFEST;
        let mut listed: Vec<(usize, bool)> = Vec::new();
        let mut last = String::new();
        let entries: Vec<(String, Option<crate::proof::Digest>)> = self
            .source
            .entries()
            .iter()
            .zip(&self.digests)
            .map(|(entry, digest)| (entry.path.clone(), *digest))
            .collect();
        self.lines(path, |report, number, line| {
            let Some((name, digest)) = packet::manifest_line(line).filter(|(name, _)| *name > last.as_str()) else {
                return report.fail(
                    path,
                    "manifest.canonical",
                    format!("line {number} is not canonical or not in order"),
                );
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
            self.report.require(
                *same,
                &entries[*index].0,
                "manifest.digest",
                "its bytes are not those that the manifest lists",
            );
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
            self.report.require(
                bytes == BAGIT_TXT.as_bytes(),
                BAGIT,
                "bag.bagit",
                "is not exactly BagIt 1.0's two lines",
            );
        }
        let Some(bytes) = self.small(BAG_INFO) else { return };
        let text = String::from_utf8_lossy(&bytes);
        let Some(labels) = parse_bag_info(&text) else {
            return self
                .report
                .fail(BAG_INFO, "bag.info", "is not made of `Label: value` lines");
        };
        let payload = self
            .source
            .entries()
            .iter()
            .filter(|entry| entry.path.starts_with("data/"));
        let (bytes, files) = payload.fold((0u64, 0u64), |(bytes, files), entry| {
            (bytes.saturating_add(entry.size), files + 1)
        });
        let id = self
            .issued
            .as_ref()
            .map(|issued| format!("urn:uuid:{}", issued.packet))
            .unwrap_or_default();
        for (label, value) in [(OXUM, format!("{bytes}.{files}")), (IDENTIFIER, id)] {
            let mut found = labels.iter().filter(|pair| pair.0 == label);
            let same = found.next().is_some_and(|pair| pair.1 == value) && found.next().is_none();
            self.report
                .require(same, BAG_INFO, "bag.info", &format!("{label} is not {value}"));
        }
    }
}
