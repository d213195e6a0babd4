//! `packet.json`: that it says what the records say, and names every exhibit file once.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::custody::{ContentState, CustodyFacts, files_digest, object_key, row_digest};
use super::endings::ending;
use super::log::Issued;
use super::papers::{self, PAPERS};
use super::profiles::ProfileFolders;
use super::redacted::{file_rows, recipe_fits};
use super::{Report, Verdict, Walk, rule};
use crate::proof::packet::*;
use crate::proof::{Digest, record, time};

/// The status of an exhibit, and of a redacted one.
const EXHIBITED: [&str; 2] = [STATUSES[0], REDACTED];

/// What the lines of `packet.json` are held to, and what they have said so far.
pub(super) struct ContentCheck<'c> {
    pub custody: &'c mut CustodyFacts,
    issued: Option<&'c Issued>,
    /// Files under `data/exhibits/`, sorted, with size and digest.
    pub files: Vec<(String, u64, Option<Digest>)>,
    /// Those of them that an exhibit names, by their places.
    pub named: HashSet<usize>,
    folder: Option<String>,
    /// Files whose bytes are withheld.
    withheld: usize,
    /// Digests of those that redacted exhibits withhold.
    hidden: HashSet<Digest>,
    /// Of each section the number of rows, and the id in the last one.
    rows: HashMap<String, (usize, String)>,
    /// The item of the last exhibit.
    last: u64,
    disordered: bool,
    /// What lies beside the originals.
    pub beside: BesideCheck,
}

/// What was found so far of what lies beside the originals.
#[derive(Default)]
pub(super) struct BesideCheck {
    /// What the profiles that the head names hold.
    pub folders: ProfileFolders,
    /// The duplicates that exhibits list, by their keys.
    pub listed: HashSet<u128>,
}

impl Walk<'_> {
    /// `packet.json` says what the records say, of all they tell of, in its one order; it names every exhibit file.
    pub(super) fn packet(&mut self) {
        let entries = self.files.source.entries().iter().zip(&self.files.digests);
        let exhibits = entries.filter(|(entry, _)| entry.path.starts_with(EXHIBITS) && !is_litter(&entry.path));
        let mut content = ContentCheck {
            files: exhibits
                .map(|(entry, digest)| (entry.path.clone(), entry.size, *digest))
                .collect(),
            named: HashSet::new(),
            folder: self.files.source.name().map(str::to_owned),
            custody: &mut self.custody,
            issued: self.issued.as_ref(),
            withheld: 0,
            hidden: HashSet::new(),
            rows: HashMap::new(),
            last: 0,
            disordered: false,
            beside: BesideCheck::default(),
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
        if self.files.index(PACKET).is_none() {
            return;
        }
        content.end(&mut self.report);
        let folders = content.beside.folders;
        // What exhibits say wrongly, their copies would say again.
        if self.report.failed() == 0 {
            self.profiles(&folders);
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

    /// The head agrees with the issue, the request, the folder, and whether this is a demonstration.
    fn head(&mut self, report: &mut Report, head: Head) {
        let name = self.folder.as_ref().is_none_or(|name| *name == head.name);
        report.require(name, PACKET, rule::FOLDER);
        report.require(head.demo == is_demo(&head.origin), PACKET, rule::DEMO);
        report.require(is_product(&head.product), PACKET, rule::PRODUCT);
        if let Some(issued) = self.issued {
            report.require(head.id == issued.event.object.id, PACKET, rule::ID);
            let cut = Cut {
                stream: issued.event.stream.clone(),
                seq: issued.attest.through,
                leaf: issued.attest.head,
            };
            report.require(head.cut == cut, PACKET, rule::PACKET_CUT);
        }
        self.asked(report, &head);
        self.supplement(report, &head);
        self.beside.folders = ProfileFolders::new(head.profiles.as_deref().unwrap_or_default());
        report.packet = Some(head);
    }

    /// The head repeats the record of the request, and is named after it.
    fn asked(&self, report: &mut Report, head: &Head) {
        let Some(request) = &self.custody.request else { return };
        let said = json!({
            "id": head.id,
            "case_id": head.cut.stream.strip_prefix("case:"),
            "purpose": head.purpose,
            "recipient": head.recipient,
            "requested_at": head.requested_at,
            "requested_by": head.requested_by,
            "exhibit_list": head.exhibit_list,
            "supplement_of": head.supplement_of,
            "duplicates": head.duplicates,
            "profiles": head.profiles,
            "certificates": head.pdf.as_ref().and_then(|pdf| pdf.certificates.as_ref()).map(CertificatePapers::asked),
        });
        for (field, said) in said.as_object().into_iter().flatten() {
            if request.record[field] != *said {
                let message = format!("{field} is not what the request says");
                report.fail(PACKET, "packet.request", message);
            }
        }
        let at = request.record["requested_at"].as_str().and_then(time::parse_at);
        let name = at.map(|at| papers::top_folder(&request.number, at));
        report.require(name.as_ref() == Some(&head.name), PACKET, rule::NAME);
        report.require(head.pages.is_some() == request.papers().is_some(), PACKET, rule::PAGES);
        match (head.papers, request.papers()) {
            (Some(said), Some(bound)) if said != bound => report.broken(PACKET, rule::PAPERS),
            (Some(said), Some(_)) if said > PAPERS => report.tell(Verdict::NotChecked, PACKET, rule::LATER_PAPERS),
            (Some(_), Some(_)) => {}
            (None, None) => report.tell(Verdict::NotChecked, PACKET, rule::EARLIER_PAPERS),
            _ => report.broken(PACKET, rule::PAPERS),
        }
    }

    fn shown(&mut self, report: &mut Report, kind: &str, row: Shown) {
        self.record(report, kind, row.leaf, &row.record);
    }

    /// A record is bound by its leaf, is the last version of an object of this type, and stands after the object with
    /// the id before it. Gives the object's key.
    fn record(&mut self, report: &mut Report, kind: &str, leaf: Digest, record: &Value) -> u128 {
        let id = record["id"].as_str().unwrap_or_default();
        let object = object_key(kind, id);
        self.bound(report, kind, object, leaf, record);
        let latest = self.custody.latest(kind, object);
        if latest.is_some_and(|latest| latest.leaf != leaf) && self.custody.find(leaf).is_some() {
            let message = format!("shows a {kind} in another version than its last");
            report.fail(PACKET, "packet.version", message);
        }
        let case = self.issued.and_then(|issued| issued.event.stream.strip_prefix("case:"));
        let other = kind == "case" && case.is_some_and(|case| id != case);
        report.require(!other, PACKET, rule::CASE);
        let (count, last) = self.rows.entry(kind.to_owned()).or_default();
        *count += 1;
        if id <= last.as_str() {
            let message = format!("shows a {kind} twice, or not in the order of the ids");
            report.fail(PACKET, "packet.order", message);
        }
        id.clone_into(last);
        object
    }

    /// Whether the record is the one that `records.jsonl` shows for this leaf, and about this object.
    pub(super) fn bound(&self, report: &mut Report, kind: &str, object: u128, leaf: Digest, record: &Value) -> bool {
        let fact = self.custody.find(leaf).filter(|fact| fact.object == object);
        if fact.is_some_and(|fact| fact.state == ContentState::Broken) {
            return false;
        }
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
        self.order(report, &exhibit);
        self.words(report, &exhibit);
        self.since(report, &exhibit);
        let redacted = exhibit.redactions.is_some();
        let bound = !redacted && self.bound(report, "capture", object, exhibit.leaf, &exhibit.record);
        let included = self.custody.captures.get_mut(&object);
        let shown = included.filter(|capture| capture.status() == Some(EXHIBITED[usize::from(redacted)]));
        let Some(capture) = shown.filter(|capture| !capture.exhibited) else {
            let number = exhibit.exhibit;
            let message = format!("exhibit {number} is not included by the inventory, or shown twice");
            return report.fail(PACKET, "exhibits.status", message);
        };
        capture.exhibited = true;
        let (attested, own) = (capture.files, self.custody.facts[capture.fact as usize].leaf);
        let row = capture.row;
        if let Some(redactions) = &exhibit.redactions {
            let sound = exhibit.leaf == own && exhibit.item == capture.item;
            report.require(sound, PACKET, rule::RECORDING);
            self.redacted(report, (&exhibit, redactions), (attested, row));
            return self.beside(report, &exhibit, row);
        }
        let sound = (!bound || exhibit.leaf == own) && exhibit.record["item"].as_u64() == Some(exhibit.item);
        report.require(sound, PACKET, rule::RECORDING);
        self.history(report, object, &exhibit);
        let rows = serde_json::to_value(&exhibit.files).unwrap_or_default();
        report.require(files_digest(&rows) == attested, PACKET, rule::FILES);
        for (i, row) in exhibit.files.iter().enumerate() {
            self.file(report, &exhibit, i, row);
        }
        self.beside(report, &exhibit, row);
    }

    /// Exhibits stand in the order in which the request names them, else in that of their items.
    fn order(&mut self, report: &mut Report, exhibit: &Exhibit) {
        let named = self
            .custody
            .request
            .as_ref()
            .and_then(|request| request.captures.as_ref());
        let place = report.counts.exhibits as usize - 1;
        let ordered = match named {
            Some(ids) => ids.get(place) == Some(&exhibit.capture),
            None => exhibit.item > self.last,
        };
        self.last = exhibit.item;
        if !ordered && !self.disordered {
            self.disordered = true;
            report.broken(PACKET, rule::EXHIBIT_ORDER);
        }
    }

    /// The earlier packet is one that the case's events issued so before the request.
    fn supplement(&self, report: &mut Report, head: &Head) {
        let Some(earlier) = &head.supplement_of else { return };
        let issue = self.custody.issues.get(&earlier.leaf);
        let asked = self.custody.request.as_ref().map_or(u64::MAX, |request| request.seq);
        let same = issue.is_some_and(|issue| {
            issue.packet == object_key("packet", &earlier.id)
                && (issue.through, issue.manifest_sha256) == (earlier.through, earlier.manifest_sha256)
                && issue.seq < asked
        });
        report.require(same, PACKET, rule::SUPPLEMENT);
    }

    /// In a supplement each exhibit is marked as the request says; one that changed has an event that changed it.
    fn since(&self, report: &mut Report, exhibit: &Exhibit) {
        let Some(request) = &self.custody.request else { return };
        let place = report.counts.exhibits as usize - 1;
        let asked = request.record["since"][place].as_str();
        let through = report
            .packet
            .as_ref()
            .and_then(|head| Some(head.supplement_of.as_ref()?.through));
        let mut about = self.custody.about(object_key("capture", &exhibit.capture));
        let told = match (exhibit.since.as_deref(), through) {
            (None, None) | (Some("added"), Some(_)) => true,
            (Some("changed"), Some(through)) => {
                about.any(|fact| fact.seq > through && CHANGES.contains(&&*fact.action))
            }
            _ => false,
        };
        report.require(told && asked == exhibit.since.as_deref(), PACKET, rule::SINCE);
    }

    /// Number, title and description for the court are those that the request gives the exhibit at this place.
    fn words(&self, report: &mut Report, exhibit: &Exhibit) {
        let Some(request) = &self.custody.request else { return };
        let asked = request.exhibit(report.counts.exhibits as usize - 1);
        let same = |field: &str, said: &Option<String>| asked[field].as_str() == said.as_deref();
        let told = same("number", &exhibit.number)
            && same("title", &exhibit.title)
            && same("description", &exhibit.description);
        report.require(told, PACKET, rule::EXHIBIT_WORDS);
    }

    /// Events of an exhibit.
    fn events(&self, report: &mut Report, object: u128, exhibit: &Exhibit) {
        let about = self.custody.about(object);
        let listed = exhibit
            .events
            .iter()
            .map(|row| (row.leaf, row.seq, row.action.as_str()));
        let same = about.map(|fact| (fact.leaf, fact.seq, &*fact.action)).eq(listed);
        report.require(same, PACKET, rule::EXHIBIT_EVENTS);
    }

    /// Events, latest correction and latest examination of an exhibit.
    fn history(&self, report: &mut Report, object: u128, exhibit: &Exhibit) {
        self.events(report, object, exhibit);
        let about = self.custody.about(object);
        let latest = about.filter(|fact| &*fact.action == "capture.corrected").last();
        match (&exhibit.current, latest) {
            (None, None) => {}
            (Some(current), Some(latest)) if current.leaf == latest.leaf => {
                self.bound(report, "capture", object, current.leaf, &current.record);
            }
            _ => report.broken(PACKET, rule::CURRENT),
        }
        let about = self.custody.about(object);
        let latest = about.filter(|fact| &*fact.action == EXAMINED).last();
        match (&exhibit.examination, latest) {
            (None, None) => {}
            (Some(shown), Some(latest)) if shown.leaf == latest.leaf => {
                self.bound(report, "capture", object, shown.leaf, &shown.record);
            }
            _ => report.broken(PACKET, rule::EXAMINATION),
        }
    }

    /// A redacted exhibit: its own record is withheld, and what stands in its place follows from the redactions that the
    /// request names.
    fn redacted(
        &mut self,
        report: &mut Report,
        (exhibit, redactions): (&Exhibit, &[Shown]),
        (attested, row): (Option<Digest>, Option<Digest>),
    ) {
        let object = object_key("capture", &exhibit.capture);
        let empty = exhibit.record.is_null() && exhibit.current.is_none() && exhibit.examination.is_none();
        report.require(empty, PACKET, rule::REDACTED_RECORD);
        self.events(report, object, exhibit);
        let request = self.custody.request.as_ref();
        let named = request.and_then(|request| request.redactions.get(&exhibit.capture));
        let ids = redactions
            .iter()
            .map(|redaction| redaction.record["id"].as_str().unwrap_or_default());
        let mut same = named.is_some_and(|named| named.iter().map(String::as_str).eq(ids));
        for Shown { leaf, record } in redactions {
            let derivative = object_key("derivative", record["id"].as_str().unwrap_or_default());
            self.bound(report, "derivative", derivative, *leaf, record);
            same &= self
                .custody
                .derivatives
                .get(&derivative)
                .is_some_and(|made| made.capture == object && !made.duplicate);
            let told = &record["capture"];
            let told = row_digest(&told["item"], &told["kind"], &told["captured_at"]);
            let kind = record["told"]["kind"] == record["capture"]["kind"];
            report.require(kind && row.is_none_or(|row| row == told), PACKET, rule::REDACTED_ROW);
            report.require(recipe_fits(record), PACKET, rule::RECIPE);
        }
        report.require(same, PACKET, rule::REDACTIONS);
        let copies = redactions
            .iter()
            .filter(|redaction| !redaction.record["file"].is_null())
            .count();
        let own = exhibit.files.split_at(exhibit.files.len().saturating_sub(copies)).0;
        let rows = serde_json::to_value(own).unwrap_or_default();
        report.require(files_digest(&rows) == attested, PACKET, rule::FILES);
        let papers = report.packet.as_ref().and_then(|head| head.papers);
        let follow = file_rows((exhibit.exhibit, papers), own, redactions);
        let paths: HashSet<&str> = follow.iter().filter_map(|row| row.path.as_deref()).collect();
        let follow_once = follow.len() == own.len() + copies && paths.len() == copies;
        let same = report.require(follow_once && follow == exhibit.files, PACKET, rule::REDACTED_FILES);
        self.hidden.extend(own.iter().map(|row| row.sha256));
        self.withheld += own.len();
        for row in exhibit.files.iter().filter(|_| same) {
            if let Some(path) = &row.path {
                self.stored(report, path, row);
            }
        }
    }

    /// One file of an exhibit: as recorded, and there unless withheld when it was recorded.
    fn file(&mut self, report: &mut Report, exhibit: &Exhibit, index: usize, row: &FileRow) {
        let recorded = &exhibit.record["files"][index];
        let same = row.name.as_deref() == recorded["name"].as_str()
            && row.media_type.as_deref() == recorded["media_type"].as_str();
        report.require(same, PACKET, rule::FILE_NAME);
        let withheld = row.withheld.as_ref().unwrap_or(&Value::Null);
        let as_recorded = *withheld == recorded["withheld"];
        let Some(path) = &row.path else {
            report.require(!withheld.is_null() && as_recorded, PACKET, rule::NOT_WITHHELD);
            self.withheld += 1;
            return;
        };
        report.require(withheld.is_null() && as_recorded, path, rule::WITHHELD);
        let papers = report.packet.as_ref().and_then(|head| head.papers);
        let ending = match path.split_once('.') {
            // A later release may know other types.
            Some((_, ending)) if papers.is_some_and(|version| version > PAPERS) => ending,
            _ => ending(
                papers,
                row.media_type.as_deref().unwrap_or_default(),
                row.name.as_deref(),
            ),
        };
        let named = *path == exhibit_path(exhibit.exhibit, index + 1, &row.role, ending);
        if !report.require(named, path, rule::EXHIBIT_PATH) {
            let found = self.files.binary_search_by(|file| file.0.as_str().cmp(path));
            self.named.extend(found.iter());
            return;
        }
        self.stored(report, path, row);
    }

    /// The file at this path is there, and is the one that its row says.
    pub(super) fn stored(&mut self, report: &mut Report, path: &str, row: &FileRow) {
        let found = self.files.binary_search_by(|file| file.0.as_str().cmp(path));
        self.named.extend(found.iter());
        let Ok(found) = found else {
            return report.broken(path, rule::FILE_MISSING);
        };
        let (_, size, digest) = &self.files[found];
        let same = *size == row.size && *digest == Some(row.sha256);
        report.require(same, path, rule::FILE_BYTES);
    }

    /// Nothing is left out, and no file is there that nothing names.
    fn end(&self, report: &mut Report) {
        self.all_listed(report);
        for (place, (path, ..)) in self.files.iter().enumerate() {
            if !self.named.contains(&place) {
                report.broken(path, rule::UNNAMED);
            }
        }
        for kind in ["case", "subject", "account", "authorization"] {
            let (shown, told) = (self.rows.get(kind).map_or(0, |rows| rows.0), self.custody.objects(kind));
            if shown < told && self.issued.is_some() {
                let message = format!("leaves out {} of {told}: {kind}", told - shown);
                report.fail(PACKET, "packet.missing", message);
            }
        }
        let leaks = self
            .files
            .iter()
            .filter(|(.., digest)| digest.is_some_and(|digest| self.hidden.contains(&digest)));
        for (path, ..) in leaks {
            report.broken(path, rule::REDACTED_BYTES);
        }
        if self.withheld > 0 {
            let message = format!("the bytes of {} files are withheld", self.withheld);
            report.say(Verdict::Absent, PACKET, "exhibits.withheld", message);
        }
        let captures = self.custody.captures.values();
        let unshown = captures
            .filter(|c| c.status().is_some_and(is_exhibit) && !c.exhibited)
            .count();
        if !self.hidden.is_empty() {
            report.tell(Verdict::NotChecked, PACKET, rule::TOLD);
        }
        if unshown > 0 {
            let message = format!("{unshown} included captures are no exhibit");
            report.fail(PACKET, "exhibits.missing", message);
        }
        let named = self
            .custody
            .request
            .as_ref()
            .and_then(|request| request.captures.as_ref());
        let shown = report.counts.exhibits as usize;
        if named.is_some_and(|ids| ids.len() > shown) && !self.disordered && unshown == 0 {
            report.broken(PACKET, rule::EXHIBIT_ORDER);
        }
    }
}

/// `casetrail` and a version.
fn is_product(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    text.strip_prefix("casetrail ")
        .is_some_and(|version| (1..=40).contains(&version.len()) && version.bytes().all(plain))
}
