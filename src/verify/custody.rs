//! Events, inventory, records: one unbroken chain, every capture listed, every record the one bound.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use serde_json::{Value, json};

use super::rule::{self, Rule};
use super::{Report, Verdict, Walk};
use crate::proof::chain::Chain;
use crate::proof::event::{self, EventRef};
use crate::proof::packet::*;
use crate::proof::record::{self, RecordLine, WithheldEvent};
use crate::proof::{Digest, canon};

/// What is kept of an event: a hundred bytes, whatever its length.
pub(super) struct EventFact {
    pub leaf: Digest,
    /// The event's salted hash until its record is read, then the hash of the record alone.
    pub record: Digest,
    /// Which object it is about, by [`object_key`].
    pub object: u128,
    pub action: Rc<str>,
    pub seq: u64,
    /// About a capture, so that its record follows the inventory.
    about_capture: bool,
    pub state: ContentState,
}

/// What the packet shows of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentState {
    Unread,
    Shown,
    RecordWithheld,
    EventWithheld,
}

/// What is kept of a capture.
#[derive(Default)]
pub(super) struct CaptureFacts {
    /// Index of its `capture.recorded`.
    pub fact: u32,
    /// Hash of the attested `[{role,sha256,size}]`.
    pub files: Option<Digest>,
    /// Hash of `[item, kind, captured_at]` as the inventory has them.
    row: Option<Digest>,
    /// Index into [`STATUSES`]; none until the inventory lists it.
    pub status: Option<u8>,
    pub exhibited: bool,
}

/// Everything that the events said.
#[derive(Default)]
pub(super) struct CustodyFacts {
    pub facts: Vec<EventFact>,
    pub captures: HashMap<u128, CaptureFacts>,
    /// Every action that an event names, once.
    actions: HashSet<Rc<str>>,
    /// Facts sorted by leaf.
    by_leaf: Vec<u32>,
    /// Facts sorted by object, then order.
    by_object: Vec<u32>,
    /// `event <class>` and `record <class>`, each with how many.
    withheld: BTreeMap<String, u64>,
}

impl CustodyFacts {
    pub fn find(&self, leaf: Digest) -> Option<&EventFact> {
        let found = self
            .by_leaf
            .binary_search_by(|i| self.facts[*i as usize].leaf.cmp(&leaf))
            .ok()?;
        Some(&self.facts[self.by_leaf[found] as usize])
    }

    /// All events about an object, in order.
    pub fn about(&self, object: u128) -> impl Iterator<Item = &EventFact> {
        let start = self
            .by_object
            .partition_point(|i| self.facts[*i as usize].object < object);
        self.by_object[start..]
            .iter()
            .map(|i| &self.facts[*i as usize])
            .take_while(move |fact| fact.object == object)
    }

    fn index(&mut self) {
        let facts = &self.facts;
        self.by_leaf = (0..facts.len() as u32).collect();
        self.by_leaf.sort_unstable_by_key(|i| facts[*i as usize].leaf);
        self.by_object = (0..facts.len() as u32).collect();
        self.by_object.sort_by_key(|i| facts[*i as usize].object);
    }

    fn intern(&mut self, action: &str) -> Rc<str> {
        if let Some(known) = self.actions.get(action) {
            return known.clone();
        }
        let action = Rc::<str>::from(action);
        self.actions.insert(action.clone());
        action
    }

    /// One line of `events.jsonl`.
    fn event(&mut self, report: &mut Report, chain: &mut Chain, number: u64, line: &[u8]) {
        let mut fail = |rule, message: String| report.fail(EVENTS, rule, format!("line {number} {message}"));
        if line.starts_with(b"{\"leaf\"") {
            return match WithheldEvent::parse(line) {
                Ok(event) if WITHHELD.contains(&event.class.as_str()) => {
                    if let Err(error) = chain.push_withheld(event.seq, event.leaf) {
                        fail("events.chain", error.to_string());
                    }
                    *self.withheld.entry(format!("event {}", event.class)).or_default() += 1;
                    report.counts.events_withheld += 1;
                    let (action, state) = (self.intern(""), ContentState::EventWithheld);
                    self.facts.push(EventFact {
                        leaf: event.leaf,
                        record: event.leaf,
                        object: 0,
                        action,
                        seq: event.seq,
                        about_capture: false,
                        state,
                    });
                }
                _ => fail("events.line", "is no withheld event of a known class".into()),
            };
        }
        let event = match EventRef::parse(line) {
            Ok(event) => event,
            Err(error) => return fail("events.line", format!("is no event: {error}")),
        };
        let leaf = event::leaf(line);
        if let Err(error) = chain.push(&event, leaf) {
            fail("events.chain", error.to_string());
        }
        let object = object_key(&event.object_type, &event.object_id);
        let about_capture = event.object_type == "capture";
        if event.action == "capture.recorded" {
            let capture = CaptureFacts {
                fact: self.facts.len() as u32,
                files: attested_files(&event),
                ..Default::default()
            };
            if !about_capture || self.captures.insert(object, capture).is_some() {
                fail(
                    "events.capture",
                    "records a capture a second time, or no capture".into(),
                );
            }
        }
        let action = self.intern(&event.action);
        self.facts.push(EventFact {
            leaf,
            record: event.record,
            object,
            action,
            seq: event.seq,
            about_capture,
            state: ContentState::Unread,
        });
        report.counts.events += 1;
    }

    /// One row of `inventory.json`.
    fn list(&mut self, row: &InventoryRow) -> Result<(), Rule> {
        let capture = self.captures.get_mut(&object_key("capture", &row.id));
        let capture = capture.ok_or(rule::LISTED_UNKNOWN)?;
        let status = STATUSES.iter().position(|status| *status == row.status);
        let status = status.ok_or(rule::LISTED_STATUS)?;
        if capture.status.is_some() {
            return Err(rule::LISTED_TWICE);
        }
        capture.status = Some(status as u8);
        capture.row = Some(row_digest(&json!(row.item), &json!(row.kind), &json!(row.captured_at)));
        Ok(())
    }

    /// One line of `records.jsonl`, which belongs to the next event shown.
    fn record(&mut self, report: &mut Report, next: &mut usize, case: &str, number: u64, line: &[u8]) {
        let mut fail = |rule, message: &str| report.fail(RECORDS, rule, format!("line {number} {message}"));
        while self
            .facts
            .get(*next)
            .is_some_and(|fact| fact.state == ContentState::EventWithheld)
        {
            *next += 1;
        }
        let found = match RecordLine::parse(line) {
            Ok(found) => found,
            Err(error) => return fail("records.line", &format!("is no record: {error}")),
        };
        let (RecordLine::Shown { leaf, .. } | RecordLine::Withheld { leaf, .. }) = &found;
        if self.facts.get(*next).is_none_or(|fact| fact.leaf != *leaf) {
            return fail("records.order", "does not belong to the next event shown");
        }
        let index = *next;
        *next += 1;
        let allowed = match &found {
            RecordLine::Withheld { class, .. } => self.may_show(index, Some(class)),
            RecordLine::Shown { record, salt, .. }
                if record::hash_canonical(record, salt) != self.facts[index].record =>
            {
                return fail("records.hash", "is not the record that its event bound");
            }
            RecordLine::Shown { .. } => self.may_show(index, None),
        };
        if let Err(message) = allowed {
            fail("records.status", message);
        }
        match found {
            RecordLine::Shown { record, .. } => {
                if let Err(message) = self.shown(index, record, case) {
                    fail("records.capture", message);
                }
                let fact = &mut self.facts[index];
                (fact.record, fact.state) = (Digest::of(record), ContentState::Shown);
                report.counts.records += 1;
            }
            RecordLine::Withheld { class, .. } => {
                self.facts[index].state = ContentState::RecordWithheld;
                *self.withheld.entry(format!("record {class}")).or_default() += 1;
                report.counts.records_withheld += 1;
            }
        }
    }

    /// Whether the inventory's status lets this record be shown, or withheld under this class.
    fn may_show(&self, index: usize, class: Option<&str>) -> Result<(), &'static str> {
        if class.is_some_and(|class| !WITHHELD.contains(&class)) {
            return Err("is withheld under no known class");
        }
        let object = self.facts[index].object;
        if !self.facts[index].about_capture {
            return Ok(());
        }
        let Some(capture) = self.captures.get(&object) else {
            return Err("is about a capture that no event recorded");
        };
        let status = capture.status.map_or("", |status| STATUSES[usize::from(status)]);
        match (status, class) {
            ("included", None) => Ok(()),
            ("included", Some(_)) if capture.fact as usize == index => {
                Err("withholds the record of an included capture")
            }
            (_, Some("withheld" | "purged")) => Ok(()),
            (_, None) => Err("shows a record of a capture that is not included"),
            (status, Some(class)) if status == class => Ok(()),
            _ => Err("withholds a record under another class than the inventory's status"),
        }
    }

    /// A capture's own record agrees with its event, the case and the inventory.
    fn shown(&self, index: usize, record: &[u8], case: &str) -> Result<(), &'static str> {
        let fact = &self.facts[index];
        let Some(capture) = self
            .captures
            .get(&fact.object)
            .filter(|capture| capture.fact as usize == index)
        else {
            return Ok(());
        };
        let record = canon::parse_strict(record).map_err(|_| "is not canonical")?;
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

impl Walk<'_> {
    /// `events.jsonl` from seq 0 to the cut, `between.jsonl` from there to the issue.
    pub(super) fn events(&mut self) {
        let stream = self.issued.as_ref().map_or("", |issued| &issued.event.stream);
        let mut chain = Chain::new(stream);
        self.files.lines(EVENTS, &mut self.report, |report, number, line| {
            self.custody.event(report, &mut chain, number, line)
        });
        self.custody.index();
        let Some(issued) = &self.issued else {
            return self.report.tell(Verdict::NotChecked, EVENTS, rule::CUT_NOT_CHECKED);
        };
        let cut = (chain.next_seq().wrapping_sub(1), chain.head());
        let same = cut == (issued.attest.through, Some(issued.attest.head));
        self.report.require(same, EVENTS, rule::CUT);
        self.files.lines(BETWEEN, &mut self.report, |report, number, line| {
            let pushed = EventRef::parse(line).map_err(|e| e.to_string());
            let pushed = pushed.and_then(|event| chain.push(&event, event::leaf(line)).map_err(|e| e.to_string()));
            if let Err(message) = pushed {
                let message = format!("line {number} does not continue the chain: {message}");
                report.fail(BETWEEN, "events.between", message);
            }
            report.counts.events += 1;
        });
        let event = &issued.event;
        let follows =
            event.seq == chain.next_seq() && event.prev == chain.head() && chain.at().is_none_or(|at| at <= event.at);
        self.report.require(follows, ISSUED, rule::ISSUE_FOLLOWS);
        self.say_withheld(EVENTS, "event ");
    }

    /// Each row is a capture that an event recorded; each such capture has one row.
    pub(super) fn inventory(&mut self) {
        let mut reader = PaperReader::new(INVENTORY_SECTIONS);
        let mut rows = 0;
        self.files.lines(INVENTORY, &mut self.report, |report, number, line| {
            let row = reader
                .line(line)
                .and_then(|row| row.map(|(_, row)| parse_row::<InventoryRow>(row)).transpose());
            let row = match row {
                Ok(Some(row)) => row,
                Ok(None) => return,
                Err(error) => return report.fail(INVENTORY, "inventory.line", format!("line {number}: {error}")),
            };
            rows += 1;
            if let Err(rule) = self.custody.list(&row) {
                report.fail(INVENTORY, rule.name, format!("line {number} {}", rule.says));
            }
        });
        self.report
            .require(reader.end().is_ok(), INVENTORY, rule::INVENTORY_END);
        let captures = self.custody.captures.values();
        let hidden = captures.filter(|capture| capture.status.is_none()).count();
        if hidden > 0 {
            let message = format!("leaves out {hidden} captures that events recorded");
            self.report.fail(INVENTORY, "inventory.hidden", message);
        }
        let attested = self.issued.as_ref().is_none_or(|issued| issued.attest.size == rows);
        self.report.require(attested, INVENTORY, rule::INVENTORY_SIZE);
        self.report.counts.captures = rows;
    }

    /// One line for each event shown, in its order, bound by its hash, and withheld where it has to be.
    pub(super) fn records(&mut self) {
        let stream = self.issued.as_ref().map_or("", |issued| &issued.event.stream);
        let case = stream.strip_prefix("case:").unwrap_or_default();
        let mut next = 0;
        self.files.lines(RECORDS, &mut self.report, |report, number, line| {
            self.custody.record(report, &mut next, case, number, line)
        });
        let facts = self.custody.facts.iter().skip(next);
        let missing = facts.filter(|fact| fact.state == ContentState::Unread).count();
        if missing > 0 {
            let message = format!("lacks the lines of {missing} events");
            self.report.fail(RECORDS, "records.missing", message);
        }
        self.say_withheld(RECORDS, "record ");
    }

    fn say_withheld(&mut self, file: &str, what: &str) {
        let classes = self.custody.withheld.iter();
        for (class, count) in classes.filter(|(class, _)| class.starts_with(what)) {
            self.report
                .say(Verdict::Absent, file, "withheld", format!("{count} withheld: {class}"));
        }
    }
}

/// A short name for an object: the first half of SHA-256(type LF id).
pub(super) fn object_key(kind: &str, id: &str) -> u128 {
    let digest = Digest::of_parts(&[kind.as_bytes(), b"\n", id.as_bytes()]);
    digest.0[..16].iter().fold(0, |n, b| n << 8 | u128::from(*b))
}

/// Hash of a list of files reduced to role, digest and size; none if it is not such a list.
pub(super) fn files_digest(files: &Value) -> Option<Digest> {
    let reduced = |file: &Value| json!({"role": file["role"], "sha256": file["sha256"], "size": file["size"]});
    record::plain(&Value::Array(files.as_array()?.iter().map(reduced).collect())).ok()
}

fn attested_files(event: &EventRef) -> Option<Digest> {
    let attest = event.attest.map(canon::parse_strict).transpose().ok()?;
    match attest.as_ref().map(|attest| &attest["files"]) {
        None | Some(Value::Null) => files_digest(&json!([])),
        Some(files) => files_digest(files).filter(|digest| record::plain(files).ok() == Some(*digest)),
    }
}

fn row_digest(item: &Value, kind: &Value, captured_at: &Value) -> Digest {
    Digest::of(&canon::to_strict(&json!([item, kind, captured_at])).unwrap_or_default())
}
