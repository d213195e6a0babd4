//! `packet.json`: that it says what the records say, and names every exhibit file once.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::custody::{ContentState, EventFact, files_digest, object_key};
use super::{Report, Verdict, Walk};
use crate::proof::packet::*;
use crate::proof::record;
use crate::proof::{Digest, packet};

/// What the lines of `packet.json` are held to, and what they have said so far.
struct ContentCheck<'c> {
    custody: &'c mut super::custody::CustodyFacts,
    issued: Option<&'c super::log::Issued>,
    /// Files under `data/exhibits/`, sorted, with size and digest.
    files: Vec<(String, u64, Option<Digest>)>,
    folder: Option<String>,
    named: usize,
    /// Files whose bytes are withheld.
    withheld: usize,
    seen: std::collections::HashSet<u128>,
}

impl Walk<'_> {
    /// Every record in `packet.json` is one of `records.jsonl`; exhibits, inventory and files agree.
    pub(super) fn packet(&mut self) {
        let mut custody = std::mem::take(&mut self.custody);
        let issued = self.issued.take();
        let entries = self.source.entries().iter().zip(&self.digests);
        let exhibits = entries.filter(|(entry, _)| entry.path.starts_with(EXHIBITS));
        let mut content = ContentCheck {
            files: exhibits
                .map(|(entry, digest)| (entry.path.clone(), entry.size, *digest))
                .collect(),
            folder: self.source.name().map(str::to_owned),
            custody: &mut custody,
            issued: issued.as_ref(),
            named: 0,
            withheld: 0,
            seen: Default::default(),
        };
        let mut reader = PaperReader::new(PACKET_SECTIONS);
        self.lines(PACKET, |report, number, line| {
            let read = reader
                .line(line)
                .and_then(|row| row.map_or(Ok(()), |(section, row)| content.row(report, section, row)));
            if let Err(error) = read {
                report.fail(PACKET, "packet.line", format!("line {number}: {error}"));
            }
        });
        self.report
            .require(reader.end().is_ok(), PACKET, "packet.line", "ends too early");
        let unnamed = content.files.len() - content.named.min(content.files.len());
        self.report.require(
            unnamed == 0,
            EXHIBITS,
            "exhibits.unnamed",
            &format!("{unnamed} files are named by no exhibit"),
        );
        if content.withheld > 0 {
            let message = format!("the bytes of {} files are withheld", content.withheld);
            self.report.say(Verdict::Absent, PACKET, "exhibits.withheld", message);
        }
        let unshown = custody
            .captures
            .values()
            .filter(|c| c.status == Some(0) && !c.exhibited)
            .count();
        self.report.require(
            unshown == 0,
            PACKET,
            "exhibits.missing",
            &format!("{unshown} included captures are no exhibit"),
        );
        (self.custody, self.issued) = (custody, issued);
    }
}

impl ContentCheck<'_> {
    fn row(&mut self, report: &mut Report, section: &str, row: &[u8]) -> Result<(), RowError> {
        match section {
            "packet" => self.head(report, parse_row(row)?),
            "case" => self
                .record::<Shown>(report, "case", row, |row| (row.leaf, &row.record))
                .map(drop)?,
            "subjects" => self
                .record::<Shown>(report, "subject", row, |row| (row.leaf, &row.record))
                .map(drop)?,
            "accounts" => self
                .record::<Shown>(report, "account", row, |row| (row.leaf, &row.record))
                .map(drop)?,
            "authorizations" => {
                let (row, object) =
                    self.record::<PacketAuthorization>(report, "authorization", row, |row| (row.leaf, &row.record))?;
                let same = self.custody.about(object).map(|fact| fact.leaf).eq(row.events);
                report.require(
                    same,
                    PACKET,
                    "packet.events",
                    "does not list all events about an authorization, in order",
                );
            }
            _ => self.exhibit(report, parse_row(row)?),
        }
        Ok(())
    }

    /// The head agrees with the issue, the folder, and whether this is a demonstration.
    fn head(&mut self, report: &mut Report, head: Head) {
        let name = self.folder.as_ref().is_none_or(|name| *name == head.name);
        report.require(name, PACKET, "packet.name", "names another top folder");
        report.require(
            head.demo == head.origin.starts_with(DEMO_ORIGIN),
            PACKET,
            "packet.demo",
            "marks a demonstration wrongly",
        );
        if let Some(issued) = self.issued {
            report.require(
                head.id == issued.packet,
                PACKET,
                "packet.id",
                "is another packet than the one issued",
            );
            let cut = Cut {
                stream: issued.stream.clone(),
                seq: issued.attest.through,
                leaf: issued.attest.head,
            };
            report.require(
                head.cut == cut,
                PACKET,
                "packet.cut",
                "has another cut than packet.issued attests",
            );
        }
        report.packet = Some(head);
    }

    /// A row with a record: bound by its leaf, about an object of this type, once in the packet.
    fn record<T: Serialize + DeserializeOwned>(
        &mut self,
        report: &mut Report,
        kind: &str,
        row: &[u8],
        parts: impl Fn(&T) -> (Digest, &Value),
    ) -> Result<(T, u128), RowError> {
        let row: T = packet::parse_row(row)?;
        let (leaf, record) = parts(&row);
        let object = object_key(kind, record["id"].as_str().unwrap_or_default());
        self.bound(report, kind, object, leaf, record);
        let case = self.issued.and_then(|issued| issued.stream.strip_prefix("case:"));
        let other = kind == "case" && case.is_some_and(|case| object != object_key("case", case));
        report.require(!other, PACKET, "packet.case", "is about another case than the chain");
        report.require(
            self.seen.insert(object),
            PACKET,
            "packet.twice",
            &format!("shows a {kind} twice"),
        );
        Ok((row, object))
    }

    /// The record is the one that `records.jsonl` shows for this leaf, and about this object.
    fn bound(&self, report: &mut Report, kind: &str, object: u128, leaf: Digest, record: &Value) -> Option<&EventFact> {
        let fact = self.custody.find(leaf).filter(|fact| fact.object == object);
        let Some(fact) = fact else {
            report.fail(
                PACKET,
                "packet.leaf",
                format!("a {kind} names an event that is not about it"),
            );
            return None;
        };
        let same = fact.state == ContentState::Shown && record::plain(record) == Ok(fact.record);
        report
            .require(
                same,
                PACKET,
                "packet.record",
                &format!("a {kind}'s record is not the one in records.jsonl"),
            )
            .then_some(fact)
    }

    fn exhibit(&mut self, report: &mut Report, exhibit: Exhibit) {
        let object = object_key("capture", &exhibit.capture);
        report.counts.exhibits += 1;
        let number = u64::from(exhibit.exhibit) == report.counts.exhibits;
        report.require(
            number,
            PACKET,
            "exhibits.number",
            "exhibits are not numbered 1, 2, 3 and so on",
        );
        let recorded = self
            .bound(report, "capture", object, exhibit.leaf, &exhibit.record)
            .map(|fact| fact.leaf);
        let included = self
            .custody
            .captures
            .get_mut(&object)
            .filter(|capture| capture.status == Some(0) && !capture.exhibited);
        let Some(capture) = included else {
            return report.fail(
                PACKET,
                "exhibits.status",
                format!(
                    "exhibit {} is not included by the inventory, or shown twice",
                    exhibit.exhibit
                ),
            );
        };
        capture.exhibited = true;
        let (attested, own) = (capture.files, self.custody.facts[capture.fact as usize].leaf);
        let sound = recorded.is_none_or(|leaf| leaf == own) && exhibit.record["item"].as_u64() == Some(exhibit.item);
        report.require(
            sound,
            PACKET,
            "exhibits.record",
            "an exhibit is not what its capture.recorded says",
        );
        self.history(report, object, &exhibit);
        let rows = serde_json::to_value(&exhibit.files).unwrap_or_default();
        report.require(
            files_digest(&rows) == attested,
            PACKET,
            "exhibits.files",
            "an exhibit lists other files than its event attests",
        );
        for (i, row) in exhibit.files.iter().enumerate() {
            self.file(report, &exhibit, i, row);
        }
    }

    /// Events and latest correction of an exhibit.
    fn history(&self, report: &mut Report, object: u128, exhibit: &Exhibit) {
        let row = |fact: &EventFact| EventRow {
            leaf: fact.leaf,
            seq: fact.seq,
            action: self.custody.action(fact).to_owned(),
        };
        let same = self.custody.about(object).map(row).eq(exhibit.events.iter().cloned());
        report.require(
            same,
            PACKET,
            "exhibits.events",
            "does not list all events about an exhibit, in order",
        );
        let latest = self
            .custody
            .about(object)
            .filter(|fact| self.custody.action(fact) == "capture.corrected")
            .last();
        let withheld = latest.filter(|fact| fact.state == ContentState::RecordWithheld);
        match (&exhibit.current, latest) {
            (None, None) => {}
            (None, Some(_)) if withheld.is_some() => {
                report.say(Verdict::Absent, PACKET, "exhibits.current", "a correction is withheld")
            }
            (Some(current), Some(latest)) if current.leaf == latest.leaf => {
                self.bound(report, "capture", object, current.leaf, &current.record);
            }
            _ => report.fail(
                PACKET,
                "exhibits.current",
                "does not show the latest correction of an exhibit",
            ),
        }
    }

    /// One file of an exhibit: as recorded, and there unless withheld.
    fn file(&mut self, report: &mut Report, exhibit: &Exhibit, index: usize, row: &FileRow) {
        let recorded = &exhibit.record["files"][index];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let same = row.name == text(&recorded["name"]) && row.media_type == text(&recorded["media_type"]);
        report.require(
            same,
            PACKET,
            "exhibits.files",
            "a file's name or media type is not the one recorded",
        );
        let as_recorded =
            row.withheld.as_ref().unwrap_or(&Value::Null) == &recorded["withheld"] || recorded["withheld"].is_null();
        let Some(path) = &row.path else {
            report.require(
                row.withheld.is_some() && as_recorded,
                PACKET,
                "exhibits.files",
                "a file without a path is not marked withheld as recorded",
            );
            self.withheld += 1;
            return;
        };
        let shown = row.withheld.is_none() && as_recorded;
        report.require(shown, path, "exhibits.files", "a withheld file has a path");
        if !report.require(
            is_exhibit_path(path, exhibit.exhibit, index + 1, &row.role),
            path,
            "exhibits.path",
            "is not named by exhibit, number and role",
        ) {
            return;
        }
        let found = self
            .files
            .binary_search_by(|file| file.0.as_str().cmp(path))
            .map(|i| &self.files[i]);
        let Ok((_, size, digest)) = found else {
            return report.fail(path, "exhibits.file", "is named by packet.json and missing");
        };
        let same = *size == row.size && *digest == Some(row.sha256);
        report.require(
            same,
            path,
            "exhibits.file",
            "its bytes are not those that were recorded",
        );
        self.named += 1;
    }
}
