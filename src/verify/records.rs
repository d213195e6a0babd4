//! Records: every one shown is the one its event bound, and what is withheld is what may be.

use serde_json::{Value, json};

use super::asked::AskedPacket;
use super::custody::{CaptureFacts, ContentState, CustodyFacts, FactKind, files_digest, object_key, row_digest};
use super::{Report, Verdict, Walk};
use crate::proof::packet::*;
use crate::proof::record::{self, RecordLine};
use crate::proof::{Digest, canon};

impl CustodyFacts {
    /// One line of `records.jsonl`, which belongs to the next event shown.
    fn record(&mut self, report: &mut Report, next: &mut usize, case: &str, (number, line): (u64, &[u8])) {
        let mut fail = |rule, message: &str| report.fail(RECORDS, rule, format!("line {number} {message}"));
        let hidden = |at: usize| {
            self.facts
                .get(at)
                .is_some_and(|f| f.state == ContentState::EventWithheld)
        };
        while hidden(*next) {
            *next += 1;
        }
        let found = match RecordLine::parse(line) {
            Ok(found) => found,
            Err(error) => {
                self.spoil(*next);
                *next += 1;
                return fail("records.line", &format!("is no record: {error}"));
            }
        };
        let (RecordLine::Shown { leaf, .. } | RecordLine::Withheld { leaf, .. }) = &found;
        if self.facts.get(*next).is_none_or(|fact| fact.leaf != *leaf) {
            fail("records.order", "does not belong to the next event shown");
            // Goes on from where the line belongs, so that one that is missing is one finding.
            match self.place(*leaf) {
                Some(place) if place >= *next => {
                    (*next..place).for_each(|skipped| self.spoil(skipped));
                    *next = place;
                }
                _ => return,
            }
        }
        let index = *next;
        *next += 1;
        match found {
            RecordLine::Shown { record, salt, .. } => {
                if record::hash_canonical(record, &salt) != self.facts[index].record {
                    self.spoil(index);
                    return fail("records.hash", "is not the record that its event bound");
                }
                if let Err(message) = self.may_show(index) {
                    fail("records.status", message);
                }
                if let Err(message) = self.shown(index, record, case) {
                    let derived = self.facts[index].kind == FactKind::Derivative;
                    fail(
                        if derived {
                            "records.derivative"
                        } else {
                            "records.capture"
                        },
                        message,
                    );
                }
                let fact = &mut self.facts[index];
                (fact.record, fact.state) = (Digest::of(record), ContentState::Shown);
                report.counts.records += 1;
            }
            RecordLine::Withheld { class, .. } => {
                if let Err(message) = self.may_withhold(index, &class) {
                    fail("records.status", message);
                }
                self.facts[index].state = ContentState::RecordWithheld;
                *self.withheld.entry(class).or_default() += 1;
                report.counts.records_withheld += 1;
            }
        }
    }

    fn spoil(&mut self, index: usize) {
        if let Some(fact) = self
            .facts
            .get_mut(index)
            .filter(|fact| fact.state == ContentState::Unread)
        {
            fact.state = ContentState::Broken;
        }
    }

    /// The inventory's status of the capture that an event is about: `Ok(None)` for other objects, and for a capture
    /// that the inventory leaves out, which is said there.
    fn status(&self, index: usize) -> Result<Option<&'static str>, &'static str> {
        let fact = &self.facts[index];
        if fact.kind != FactKind::Capture {
            return Ok(None);
        }
        let capture = self.captures.get(&fact.object);
        let capture = capture.ok_or("is about a capture that no event recorded")?;
        Ok(capture.status())
    }

    fn may_show(&self, index: usize) -> Result<(), &'static str> {
        if self.facts[index].kind == FactKind::WorkingPaper {
            return Err("shows a working paper, which no packet shows");
        }
        match self.status(index)? {
            None | Some("included") => Ok(()),
            Some(_) => Err("shows a record of a capture that is not included"),
        }
    }

    /// Only working papers are withheld, what tells of other packets, and records of captures that are not included, under the status that the inventory
    /// gives them.
    fn may_withhold(&self, index: usize, class: &str) -> Result<(), &'static str> {
        if self.facts[index].kind == FactKind::WorkingPaper {
            return match class {
                WORKING_PAPER => Ok(()),
                _ => Err("withholds a working paper under another class than `withheld`"),
            };
        }
        // Of which packet it is follows once the request is read.
        if self.facts[index].kind == FactKind::Packet {
            return match class {
                OTHER_PACKET => Ok(()),
                _ => Err("withholds a record of a packet under another class than `other_packet`"),
            };
        }
        // Whether the request names it is asked once that is read.
        if self.facts[index].kind == FactKind::Derivative {
            return match class {
                NOT_SELECTED => Ok(()),
                _ => Err("withholds a derivative under another class than `not_selected`"),
            };
        }
        match self.status(index)? {
            None if self.facts[index].kind == FactKind::Capture => Ok(()),
            None => Err("withholds a record that is not about a capture"),
            Some("included") => Err("withholds a record of an included capture"),
            Some(status) if status == class => Ok(()),
            Some(_) => Err("withholds a record under another class than the inventory's status"),
        }
    }

    /// What a record that is shown tells: the case's number, the request, and of a capture that it agrees with its
    /// event, the case and the inventory.
    fn shown(&mut self, index: usize, record: &[u8], case: &str) -> Result<(), &'static str> {
        let fact = &self.facts[index];
        let own = |capture: &&mut CaptureFacts| capture.fact as usize == index;
        let capture = self.captures.get_mut(&fact.object).filter(own);
        let numbered = fact.kind == FactKind::Case && fact.action.starts_with("case.");
        let asked = self.requests.contains(&index);
        let made = self
            .derivatives
            .get(&fact.object)
            .filter(|made| made.fact as usize == index);
        let way = fact.kind == FactKind::Packet;
        if capture.is_none() && !numbered && !way && made.is_none() {
            return Ok(());
        }
        let record = canon::parse_strict(record).map_err(|_| "is not canonical")?;
        let named = |place: &str| Some(object_key("packet", record.pointer(place)?.as_str()?));
        if way && let Some(packet) = named("/packet_id") {
            self.ways.insert(index, packet);
        }
        if let (true, Some(earlier)) = (&*fact.action == "packet.requested", named("/supplement_of/id")) {
            self.supplements.insert(fact.object, earlier);
        }
        if numbered {
            record["number"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut self.number);
        }
        if asked {
            self.request = Some(AskedPacket::new(fact.seq, &self.number, record));
            return Ok(());
        }
        if let Some(made) = made {
            let own = |field: &Value, kind: &str| field.as_str().map(|id| object_key(kind, id));
            let same = own(&record["id"], "derivative") == Some(fact.object)
                && own(&record["capture"]["id"], "capture") == Some(made.capture)
                && record["case_id"].as_str() == Some(case)
                && attested_file(&record["file"]) == made.file
                && (record["kind"] == DUPLICATE) == made.duplicate;
            return same
                .then_some(())
                .ok_or("names another derivative, kind, capture, parent or file than its event attests");
        }
        let Some(capture) = capture else { return Ok(()) };
        capture.logged = record["state"] == "logged";
        if record["id"].as_str().map(|id| object_key("capture", id)) != Some(fact.object)
            || record["case_id"].as_str() != Some(case)
        {
            return Err("names another capture or case than its event");
        }
        if files_digest(&record["files"]).is_none_or(|files| Some(files) != capture.files) {
            return Err("lists other files than its event attests");
        }
        let row = row_digest(&record["item"], &record["kind"], &record["captured_at"]);
        if capture.row.is_some_and(|listed| listed != row) {
            return Err("has another item, kind or time than the inventory");
        }
        Ok(())
    }
}

/// As much of a derivative's file as its event attests.
fn attested_file(file: &Value) -> Value {
    match file.is_null() {
        true => Value::Null,
        false => json!({"parent": file["parent"], "sha256": file["sha256"], "size": file["size"]}),
    }
}

impl Walk<'_> {
    /// One line for each event shown, in its order, bound by its hash, and withheld where it has to be.
    pub(super) fn records(&mut self) {
        let stream = self.issued.as_ref().map_or("", |issued| &issued.event.stream);
        let case = stream.strip_prefix("case:").unwrap_or_default();
        let mut next = 0;
        self.files.lines(RECORDS, &mut self.report, |report, number, line| {
            self.custody.record(report, &mut next, case, (number, line))
        });
        let facts = self.custody.facts.iter().skip(next);
        let missing = facts.filter(|fact| fact.state == ContentState::Unread).count();
        if missing > 0 {
            let message = format!("lacks the lines of {missing} events");
            self.report.fail(RECORDS, "records.missing", message);
        }
        for (class, count) in &self.custody.withheld {
            let message = format!("{count} withheld: record {class}");
            self.report.say(Verdict::Absent, RECORDS, "withheld", message);
        }
    }
}
