//! Layout, digests, manifests: that the packet holds exactly the files it says.

use super::papers::{self, BagLabels, PAPERS};
use super::{PacketFiles, Report, Verdict, Walk, rule};
use crate::page;
use crate::proof::packet::{self, *};
use crate::proof::{Digest, time};

/// The files that are streamed for their content, and hashed by that one read.
const STREAMED: [&str; 6] = [EVENTS, RECORDS, PACKET, INVENTORY, MANIFEST, TAGMANIFEST];

/// The files that are read whole.
const SMALL: [&str; 8] = [
    BAGIT,
    BAG_INFO,
    HOW_TO,
    ISSUED,
    ISSUED_PROOF,
    CHECKPOINT,
    LOG_VKEY,
    LOG_PEM,
];

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
    /// Every required file is there, and none that the layout does not name; hashes them all on the way.
    pub(super) fn layout(&mut self) {
        for path in REQUIRED.into_iter().filter(|path| self.files.index(path).is_none()) {
            self.report.broken(path, rule::MISSING);
        }
        for entry in self.files.source.entries() {
            let path = entry.path.as_str();
            if is_litter(path) {
                self.report.broken(path, rule::LITTER);
            } else if !is_path(path) {
                self.report.broken(path, rule::PATH);
            } else if path == "fetch.txt" {
                self.report.broken(path, rule::FETCH);
            } else if SMALL.contains(&path) && entry.size > MAX_LINE as u64 {
                self.report.broken(path, rule::SIZE);
            } else if !(REQUIRED.contains(&path)
                || page::is_page(path)
                || is_pdf_path(path)
                || path == VERIFY_PAGE
                || path.starts_with(EXHIBITS)
                || path.starts_with(PROFILES))
            {
                self.report.broken(path, rule::UNEXPECTED);
            }
        }
        self.files.hash_all(&mut self.report);
    }

    /// Holds the payload manifest, or the tag manifest, to the files and their digests. The tag manifest is
    /// the only file that no manifest lists.
    pub(super) fn manifest(&mut self, path: &'static str) {
        if self.files.index(path).is_none() {
            return;
        }
        let payload = path == MANIFEST;
        let mut listed: Vec<(usize, bool)> = Vec::new();
        let (mut last, mut unread) = (String::new(), false);
        let mut evidence = EvidenceHash::default();
        let entries = self.files.source.entries().iter().zip(&self.files.digests);
        let entries: Vec<(String, Option<Digest>)> = entries.map(|(e, digest)| (e.path.clone(), *digest)).collect();
        self.files.lines(path, &mut self.report, |report, number, line| {
            let Some((name, digest)) = packet::manifest_line(line).filter(|(name, _)| *name > last.as_str()) else {
                unread = true;
                let message = format!("line {number} is not canonical or not in order");
                return report.fail(path, "manifest.canonical", message);
            };
            last = name.to_owned();
            evidence.add(name, digest);
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
        if unread {
            return;
        }
        if payload {
            self.evidence = Some(evidence.finish());
        }
        let mut listed = listed.into_iter().map(|(index, _)| index).peekable();
        for (index, (name, _)) in entries.iter().enumerate() {
            let covered = name.starts_with("data/") == payload && name != TAGMANIFEST && !is_litter(name);
            if listed.next_if_eq(&index).is_none() && covered {
                self.report
                    .fail(name, "manifest.unlisted", format!("is not listed in {path}"));
            }
        }
    }

    /// `bagit.txt` is BagIt 1.0's two lines; `bag-info.txt` and `HOW-TO-VERIFY.txt` are what follows from the records.
    pub(super) fn bag(&mut self) {
        if let Some(bytes) = self.small(BAGIT) {
            self.report.require(bytes == BAGIT_TXT.as_bytes(), BAGIT, rule::BAGIT);
        }
        let (info, how_to) = (self.small(BAG_INFO), self.small(HOW_TO));
        if let Some(bytes) = info {
            self.labels(&String::from_utf8_lossy(&bytes));
        }
        let Some(head) = &self.report.packet else {
            return self.report.tell(Verdict::NotChecked, HOW_TO, rule::HOW_TO_NOT_CHECKED);
        };
        // Words of another version of the papers are named where the head is read.
        let same = how_to.is_none_or(|text| text == papers::how_to(head.papers, &head.name, &head.origin).into_bytes());
        let ours = head.papers.is_some_and(|version| (1..=PAPERS).contains(&version));
        self.report.require(same || !ours, HOW_TO, rule::HOW_TO_WORDS);
    }

    /// `bag-info.txt` is made again, with what nothing in the packet binds taken from it, and compared whole.
    fn labels(&mut self, text: &str) {
        let Some(labels) = parse_bag_info(text) else {
            return self.report.broken(BAG_INFO, rule::BAG_INFO);
        };
        let found = |label: &str| labels.iter().find(|pair| pair.0 == label).map_or("", |pair| pair.1);
        let entries = self.files.source.entries().iter();
        let (bytes, files) = entries
            .filter(|entry| entry.path.starts_with("data/") && !is_litter(&entry.path))
            .fold((0u64, 0u64), |(bytes, files), entry| {
                (bytes.saturating_add(entry.size), files + 1)
            });
        let (Some(head), Some(request)) = (&self.report.packet, &self.custody.request) else {
            return self.report.tell(Verdict::NotChecked, BAG_INFO, rule::BAG_NOT_CHECKED);
        };
        let day = found(papers::DAY);
        let expected = papers::bag_info(BagLabels {
            organization: request.organization().unwrap_or(found(papers::ORGANIZATION)),
            number: &self.custody.number,
            day,
            oxum: &format!("{bytes}.{files}"),
            head,
        });
        let issued = self.issued.as_ref().map(|issued| time::format_at(issued.event.at));
        let days = head.requested_at.get(..10)..=issued.as_deref().and_then(|at| at.get(..10));
        self.report.require(days.contains(&Some(day)), BAG_INFO, rule::BAG_DAY);
        if expected != text {
            let mut pairs = expected
                .lines()
                .zip(text.lines().map(Some).chain(std::iter::repeat(None)));
            let other = pairs.find(|(expected, found)| Some(*expected) != *found);
            let line = other.map_or("a further line", |(expected, _)| expected);
            let message = format!("is not what the records say; expected: {line}");
            self.report.fail(BAG_INFO, "bag.info", message);
        }
    }
}
