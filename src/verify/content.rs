//! `packet.json`: that it says what the records say, and names every exhibit file once.

use std::collections::HashSet;

use serde_json::Value;

use super::custody::{ContentState, CustodyFacts, files_digest, object_key};
use super::log::Issued;
use super::{Report, Verdict, Walk, rule};
use crate::proof::packet::*;
use crate::proof::{Digest, record};

/// What the lines of `packet.json` are held to, and what they have said so far.
struct ContentCheck<'c> {
    custody: &'c mut CustodyFacts,
    issued: Option<&'c Issued>,
    /// Files under `data/exhibits/`, sorted, with size and digest.
    files: Vec<(String, u64, Option<Digest>)>,
    folder: Option<String>,
    named: usize,
    /// Files whose bytes are withheld.
    withheld: usize,
    seen: HashSet<u128>,
}

impl Walk<'_> {
    /// Every record in `packet.json` is one of `records.jsonl`; exhibits, inventory and files agree.
    pub(super) fn packet(&mut self) {
        let entries = self.files.source.entries().iter().zip(&self.files.digests);
        let exhibits = entries.filter(|(entry, _)| entry.path.starts_with(EXHIBITS));
        let mut content = ContentCheck {
            files: exhibits
                .map(|(entry, digest)| (entry.path.clone(), entry.size, *digest))
                .collect(),
            folder: self.files.source.name().map(str::to_owned),
            custody: &mut self.custody,
            issued: self.issued.as_ref(),
            named: 0,
            withheld: 0,
            seen: HashSet::new(),
        };
        let mut reader = PaperReader::new(PACKET_SECTIONS);
        self.files.lines(PACKET, &mut self.report, |report, number, line| {
            let read = reader
                .line(line)
                .and_then(|row| row.map_or(Ok(()), |(section, row)| content.row(report, section, row)));
            if let Err(error) = read {
                report.fail(PACKET, "packet.line", format!("line {number}: {error}"));
            }
        });
        self.report.require(reader.end().is_ok(), PACKET, rule::PACKET_END);
        let unnamed = content.files.len().saturating_sub(content.named);
        if unnamed > 0 {
            let message = format!("{unnamed} files are named by no exhibit");
            self.report.fail(EXHIBITS, "exhibits.unnamed", message);
        }
        if content.withheld > 0 {
            let message = format!("the bytes of {} files are withheld", content.withheld);
            self.report.say(Verdict::Absent, PACKET, "exhibits.withheld", message);
        }
        let captures = self.custody.captures.values();
        let unshown = captures.filter(|c| c.status == Some(0) && !c.exhibited).count();
        if unshown > 0 {
            let message = format!("{unshown} included captures are no exhibit");
            self.report.fail(PACKET, "exhibits.missing", message);
        }
    }
}

impl ContentCheck<'_> {
    fn row(&mut self, report: &mut Report, section: &str, row: &[u8]) -> Result<(), RowError> {
        match section {
            "packet" => self.head(report, parse_row(row)?),
            "case" => self.shown(report, "case", parse_row(row)?),
            "subjects" => self.shown(report, "subject", parse_row(row)?),
            "accounts" => self.shown(report, "account", parse_row(row)?),
            "authorizations" => {
                let row: PacketAuthorization = parse_row(row)?;
                let object = self.record(report, "authorization", row.leaf, &row.record);
                let same = self.custody.about(object).map(|fact| fact.leaf).eq(row.events);
                report.require(same, PACKET, rule::AUTHORIZATION_EVENTS);
            }
            _ => self.exhibit(report, parse_row(row)?),
        }
        Ok(())
    }

    /// The head agrees with the issue, the folder, and whether this is a demonstration.
    fn head(&mut self, report: &mut Report, head: Head) {
        let name = self.folder.as_ref().is_none_or(|name| *name == head.name);
        report.require(name, PACKET, rule::FOLDER);
        let demo = head.origin.starts_with(DEMO_ORIGIN);
        report.require(head.demo == demo, PACKET, rule::DEMO);
        if let Some(issued) = self.issued {
            report.require(head.id == issued.event.object.id, PACKET, rule::ID);
            let cut = Cut {
                stream: issued.event.stream.clone(),
                seq: issued.attest.through,
                leaf: issued.attest.head,
            };
            report.require(head.cut == cut, PACKET, rule::PACKET_CUT);
        }
        report.packet = Some(head);
    }

    fn shown(&mut self, report: &mut Report, kind: &str, row: Shown) {
        self.record(report, kind, row.leaf, &row.record);
    }

    /// A record is bound by its leaf, about an object of this type, and once in the packet. Gives the object's key.
    fn record(&mut self, report: &mut Report, kind: &str, leaf: Digest, record: &Value) -> u128 {
        let object = object_key(kind, record["id"].as_str().unwrap_or_default());
        self.bound(report, kind, object, leaf, record);
        let case = self.issued.and_then(|issued| issued.event.stream.strip_prefix("case:"));
        let other = kind == "case" && case.is_some_and(|case| object != object_key("case", case));
        report.require(!other, PACKET, rule::CASE);
        if !self.seen.insert(object) {
            report.fail(PACKET, "packet.twice", format!("shows a {kind} twice"));
        }
        object
    }

    /// Whether the record is the one that `records.jsonl` shows for this leaf, and about this object.
    fn bound(&self, report: &mut Report, kind: &str, object: u128, leaf: Digest, record: &Value) -> bool {
        let fact = self.custody.find(leaf).filter(|fact| fact.object == object);
        let Some(fact) = fact else {
            let message = format!("a {kind} names an event that is not about it");
            report.fail(PACKET, "packet.leaf", message);
            return false;
        };
        let same = fact.state == ContentState::Shown && record::plain(record) == Ok(fact.record);
        if !same {
            let message = format!("a {kind}'s record is not the one in records.jsonl");
            report.fail(PACKET, "packet.record", message);
        }
        same
    }

    fn exhibit(&mut self, report: &mut Report, exhibit: Exhibit) {
        let object = object_key("capture", &exhibit.capture);
        report.counts.exhibits += 1;
        let number = u64::from(exhibit.exhibit) == report.counts.exhibits;
        report.require(number, PACKET, rule::NUMBER);
        let bound = self.bound(report, "capture", object, exhibit.leaf, &exhibit.record);
        let included = self.custody.captures.get_mut(&object);
        let Some(capture) = included.filter(|capture| capture.status == Some(0) && !capture.exhibited) else {
            let number = exhibit.exhibit;
            let message = format!("exhibit {number} is not included by the inventory, or shown twice");
            return report.fail(PACKET, "exhibits.status", message);
        };
        capture.exhibited = true;
        let (attested, own) = (capture.files, self.custody.facts[capture.fact as usize].leaf);
        let sound = (!bound || exhibit.leaf == own) && exhibit.record["item"].as_u64() == Some(exhibit.item);
        report.require(sound, PACKET, rule::RECORDING);
        self.history(report, object, &exhibit);
        let rows = serde_json::to_value(&exhibit.files).unwrap_or_default();
        report.require(files_digest(&rows) == attested, PACKET, rule::FILES);
        for (i, row) in exhibit.files.iter().enumerate() {
            self.file(report, &exhibit, i, row);
        }
    }

    /// Events and latest correction of an exhibit.
    fn history(&self, report: &mut Report, object: u128, exhibit: &Exhibit) {
        let about = self.custody.about(object);
        let listed = exhibit
            .events
            .iter()
            .map(|row| (row.leaf, row.seq, row.action.as_str()));
        let same = about.map(|fact| (fact.leaf, fact.seq, &*fact.action)).eq(listed);
        report.require(same, PACKET, rule::EXHIBIT_EVENTS);
        let about = self.custody.about(object);
        let latest = about.filter(|fact| &*fact.action == "capture.corrected").last();
        match (&exhibit.current, latest) {
            (None, None) => {}
            (None, Some(latest)) if latest.state == ContentState::RecordWithheld => {
                report.tell(Verdict::Absent, PACKET, rule::CORRECTION_WITHHELD);
            }
            (Some(current), Some(latest)) if current.leaf == latest.leaf => {
                self.bound(report, "capture", object, current.leaf, &current.record);
            }
            _ => report.broken(PACKET, rule::CURRENT),
        }
    }

    /// One file of an exhibit: as recorded, and there unless withheld.
    fn file(&mut self, report: &mut Report, exhibit: &Exhibit, index: usize, row: &FileRow) {
        let recorded = &exhibit.record["files"][index];
        let same = row.name.as_deref() == recorded["name"].as_str()
            && row.media_type.as_deref() == recorded["media_type"].as_str();
        report.require(same, PACKET, rule::FILE_NAME);
        let as_recorded =
            row.withheld.as_ref().unwrap_or(&Value::Null) == &recorded["withheld"] || recorded["withheld"].is_null();
        let Some(path) = &row.path else {
            let withheld = row.withheld.is_some() && as_recorded;
            report.require(withheld, PACKET, rule::NOT_WITHHELD);
            self.withheld += 1;
            return;
        };
        let shown = row.withheld.is_none() && as_recorded;
        report.require(shown, path, rule::WITHHELD);
        let named = is_exhibit_path(path, exhibit.exhibit, index + 1, &row.role);
        if !report.require(named, path, rule::EXHIBIT_PATH) {
            return;
        }
        let Ok(found) = self.files.binary_search_by(|file| file.0.as_str().cmp(path)) else {
            return report.broken(path, rule::FILE_MISSING);
        };
        let (_, size, digest) = &self.files[found];
        let same = *size == row.size && *digest == Some(row.sha256);
        report.require(same, path, rule::FILE_BYTES);
        self.named += 1;
    }
}
