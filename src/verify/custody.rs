//! Events: one unbroken chain, and what it says of every object and capture.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use serde_json::{Value, json};

use super::asked::AskedPacket;
use super::{Report, Verdict, Walk, rule};
use crate::proof::chain::{Chain, ChainError};
use crate::proof::event::{self, EventRef};
use crate::proof::packet::*;
use crate::proof::record::{self, WithheldEvent};
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
    pub kind: FactKind,
    pub state: ContentState,
}

/// What kind of object an event is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FactKind {
    Case,
    Subject,
    Account,
    Authorization,
    Capture,
    /// What was made from a capture.
    Derivative,
    /// Its record is withheld in every packet.
    WorkingPaper,
    /// A packet, or its way to a recipient.
    Packet,
    Other,
}

impl FactKind {
    /// By the word in events.
    pub fn of(word: &str) -> Self {
        match word {
            "case" => Self::Case,
            "subject" => Self::Subject,
            "account" => Self::Account,
            "authorization" => Self::Authorization,
            "capture" => Self::Capture,
            "derivative" => Self::Derivative,
            _ if WORKING_PAPERS.contains(&word) => Self::WorkingPaper,
            _ if OTHER_PACKETS.contains(&word) => Self::Packet,
            _ => Self::Other,
        }
    }
}

/// What the packet shows of an event.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentState {
    Unread,
    Shown,
    /// Its line is there and wrong, which is said once.
    Broken,
    RecordWithheld,
    EventWithheld,
}

/// Where a capture may stand by the last decision about it, as bits: no decision yet.
pub(super) const UNDECIDED: u8 = 1;
/// It may leave.
pub(super) const LEAVES: u8 = 2;
/// It is kept from use.
pub(super) const QUARANTINED: u8 = 4;

/// What is kept of a capture.
#[derive(Default)]
pub(super) struct CaptureFacts {
    /// Index of its `capture.recorded`.
    pub fact: u32,
    /// Its number in the case: captures are counted as they are recorded.
    pub item: u64,
    /// Hash of the attested `[{role,sha256,size}]`.
    pub files: Option<Digest>,
    /// Hash of `[item, kind, captured_at]` as the inventory has them.
    pub row: Option<Digest>,
    /// Index into [`STATUSES`]; none until the inventory lists it.
    pub status: Option<u8>,
    /// Place among the reasons of the papers, from 1; 0 for none, `u8::MAX` for another.
    pub reason: u8,
    pub exhibited: bool,
    /// Hash of what the inventory says of it in the words of an exhibit list; none where it says nothing.
    pub words: Option<Digest>,
    /// Where it stood at the cut, and everywhere it stood until the issue.
    pub standings: u8,
    /// `seq` of its `capture.recorded`.
    pub seq: u64,
    /// `seq` of the last event after which it could leave where it could not before.
    pub freed: u64,
    /// Whether its record says that it was logged, and not held.
    pub logged: bool,
}

impl CaptureFacts {
    /// Its status in the inventory.
    pub fn status(&self) -> Option<&'static str> {
        self.status.map(|status| STATUSES[usize::from(status)])
    }

    /// Where an event about it lets it stand; 0 where it decides nothing.
    fn decided(&mut self, action: &str, seq: u64) -> u8 {
        if matches!(action, "capture.accepted" | "capture.ratified") {
            self.freed = seq;
        }
        match action {
            "capture.accepted" | "capture.ratified" | "capture.confirmed" | "capture.reviewed" => LEAVES,
            "capture.quarantined" | "capture.repudiated" => QUARANTINED,
            _ => 0,
        }
    }
}

/// What the event of a derivative attests.
pub(super) struct DerivativeFacts {
    /// Index of its `derivative.made`.
    pub fact: u32,
    /// The capture from which it was made, by [`object_key`].
    pub capture: u128,
    /// Its file as the event attests it: `{parent, sha256, size}`, or null.
    pub file: Value,
    /// Whether it is a standard duplicate.
    pub duplicate: bool,
}

impl DerivativeFacts {
    fn attested(event: &EventRef, fact: usize) -> Option<Self> {
        let attest = canon::parse_strict(event.attest?).ok()?;
        let file = attest["file"].clone();
        let digest = |name: &str| file[name].as_str().and_then(|text| text.parse::<Digest>().ok());
        let sound = file.is_null() || (digest("parent").is_some() && digest("sha256").is_some());
        let capture = attest["capture"].as_str()?;
        Some(Self {
            fact: fact as u32,
            capture: object_key("capture", capture),
            file,
            duplicate: attest["kind"] == DUPLICATE,
        })
        .filter(|_| sound)
    }
}

/// What the event that issued an earlier packet says.
pub(super) struct EarlierIssue {
    /// The packet's key.
    pub packet: u128,
    pub seq: u64,
    pub through: u64,
    pub manifest_sha256: Digest,
}

impl EarlierIssue {
    /// None where the event attests no such thing.
    fn of(event: &EventRef) -> Option<Self> {
        let attest = canon::parse_strict(event.attest?).ok()?;
        Some(Self {
            packet: object_key(&event.object_type, &event.object_id),
            seq: event.seq,
            through: attest["through"].as_u64()?,
            manifest_sha256: serde_json::from_value(attest["manifest_sha256"].clone()).ok()?,
        })
    }
}

/// Everything that the events said.
#[derive(Default)]
pub(super) struct CustodyFacts {
    pub facts: Vec<EventFact>,
    pub captures: HashMap<u128, CaptureFacts>,
    pub derivatives: HashMap<u128, DerivativeFacts>,
    /// The packet's own key, and where its request stands.
    pub packet: Option<u128>,
    pub requests: Vec<usize>,
    /// The packets of the case that were issued up to the cut, by the leaves of their events.
    pub issues: HashMap<Digest, EarlierIssue>,
    /// Of records shown about the way of a packet, by their facts: the packet's key.
    pub ways: HashMap<usize, u128>,
    /// Of each packet whose request is shown: the one that it supplements.
    pub supplements: HashMap<u128, u128>,
    /// What the request says, once its record is read.
    pub request: Option<AskedPacket>,
    /// The case's number in the last record read.
    pub number: String,
    /// Every action that an event names, once.
    actions: HashSet<Rc<str>>,
    /// Facts sorted by leaf.
    by_leaf: Vec<u32>,
    /// Facts sorted by object, then order.
    by_object: Vec<u32>,
    /// Whether an event belongs to another stream.
    elsewhere: bool,
    /// Actions after the cut, each with how many.
    later: BTreeMap<String, u64>,
    /// Classes of withheld records, each with how many.
    pub withheld: BTreeMap<String, u64>,
}

impl CustodyFacts {
    pub fn find(&self, leaf: Digest) -> Option<&EventFact> {
        self.place(leaf).map(|at| &self.facts[at])
    }

    /// Where an event stands in the list.
    pub fn place(&self, leaf: Digest) -> Option<usize> {
        let found = self
            .by_leaf
            .binary_search_by(|i| self.facts[*i as usize].leaf.cmp(&leaf))
            .ok()?;
        Some(self.by_leaf[found] as usize)
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

    /// The event that made the last version of an object of this kind.
    pub fn latest(&self, kind: &str, object: u128) -> Option<&EventFact> {
        self.about(object).filter(|fact| makes_version(fact, kind)).last()
    }

    /// How many objects of this kind have a version.
    pub fn objects(&self, kind: &str) -> usize {
        let facts = self.by_object.iter().map(|i| &self.facts[*i as usize]);
        let made = facts.filter(|fact| fact.kind == FactKind::of(kind) && makes_version(fact, kind));
        let (mut last, mut count) = (None, 0);
        for fact in made {
            count += usize::from(last != Some(fact.object));
            last = Some(fact.object);
        }
        count
    }

    /// This packet and those that it supplements, whose records it shows.
    fn lineage(&self) -> HashSet<u128> {
        let mut lineage = HashSet::new();
        let mut next = self.packet;
        while let Some(packet) = next.filter(|packet| lineage.insert(*packet)) {
            next = self.supplements.get(&packet).copied();
        }
        lineage
    }

    /// Whether of packets and their ways those records are shown that this packet shows: of its lineage, or, where its
    /// papers are older, of all.
    pub fn packets_shown(&self, papers: Option<u32>) -> bool {
        let (lineage, all) = (self.lineage(), papers < Some(EVIDENCE_SINCE));
        let facts = self.facts.iter().enumerate();
        let mut about = facts.filter(|(_, fact)| fact.kind == FactKind::Packet);
        about.all(|(place, fact)| {
            let of = self.ways.get(&place).unwrap_or(&fact.object);
            match fact.state {
                ContentState::Shown => all || lineage.contains(of),
                ContentState::RecordWithheld => !all && !lineage.contains(of),
                // A line that is broken or missing is told where it is read.
                _ => true,
            }
        })
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
        if let Ok(event) = WithheldEvent::parse(line) {
            if let Err(error) = chain.push_withheld(event.seq, event.leaf) {
                fail("events.chain", error.to_string());
            }
            fail("events.withheld", rule::EVENT_WITHHELD.says.into());
            report.counts.events_withheld += 1;
            return self.hidden(&event);
        }
        let event = match EventRef::parse(line) {
            Ok(event) => event,
            Err(error) => return fail("events.line", format!("is no event: {error}")),
        };
        let leaf = event::leaf(line);
        match chain.push(&event, leaf) {
            // A stream that is another is so in every line.
            Err(ChainError::Stream) if std::mem::replace(&mut self.elsewhere, true) => {}
            Err(error) => fail("events.chain", error.to_string()),
            Ok(()) => {}
        }
        let object = object_key(&event.object_type, &event.object_id);
        let kind = FactKind::of(&event.object_type);
        if event.action == "capture.recorded" {
            let item = self.captures.len() as u64 + 1;
            let capture = CaptureFacts {
                fact: self.facts.len() as u32,
                item,
                files: attested_files(&event),
                standings: UNDECIDED,
                seq: event.seq,
                freed: event.seq,
                ..Default::default()
            };
            if kind != FactKind::Capture || self.captures.insert(object, capture).is_some() {
                fail("events.capture", rule::RECORDED_TWICE.says.into());
            }
        } else if let Some(capture) = self.captures.get_mut(&object) {
            let standing = capture.decided(&event.action, event.seq);
            capture.standings = if standing == 0 { capture.standings } else { standing };
        }
        if event.action == "derivative.made" {
            let made = DerivativeFacts::attested(&event, self.facts.len()).filter(|_| kind == FactKind::Derivative);
            if made.is_none_or(|made| self.derivatives.insert(object, made).is_some()) {
                fail("events.derivative", rule::DERIVATIVE_ATTEST.says.into());
            }
        }
        if event.action == "packet.requested" && self.packet == Some(object) {
            self.requests.push(self.facts.len());
        }
        if event.action == "packet.issued" {
            self.issues.extend(EarlierIssue::of(&event).map(|issue| (leaf, issue)));
        }
        let action = self.intern(&event.action);
        self.facts.push(EventFact {
            leaf,
            record: event.record,
            object,
            action,
            seq: event.seq,
            kind,
            state: ContentState::Unread,
        });
        report.counts.events += 1;
    }

    fn hidden(&mut self, event: &WithheldEvent) {
        let action = self.intern("");
        self.facts.push(EventFact {
            leaf: event.leaf,
            record: event.leaf,
            object: 0,
            action,
            seq: event.seq,
            kind: FactKind::Other,
            state: ContentState::EventWithheld,
        });
    }

    /// An event between the cut and the issue. What it decides may be what the inventory says already.
    fn after_cut(&mut self, event: &EventRef) {
        *self.later.entry(event.action.to_string()).or_default() += 1;
        let object = object_key(&event.object_type, &event.object_id);
        if let Some(capture) = self.captures.get_mut(&object) {
            capture.standings |= capture.decided(&event.action, event.seq);
        }
    }
}

/// Whether an event makes a version of the object of this kind that it is about.
fn makes_version(fact: &EventFact, kind: &str) -> bool {
    fact.action.strip_prefix(kind).is_some_and(|verb| verb.starts_with('.'))
}

impl Walk<'_> {
    /// `events.jsonl` from seq 0 to the cut, `between.jsonl` from there to the issue.
    pub(super) fn events(&mut self) {
        let stream = self.issued.as_ref().map_or("", |issued| &issued.event.stream);
        self.custody.packet = self
            .issued
            .as_ref()
            .map(|issued| object_key("packet", &issued.event.object.id));
        let mut chain = Chain::new(stream);
        self.files.lines(EVENTS, &mut self.report, |report, number, line| {
            self.custody.event(report, &mut chain, number, line)
        });
        self.custody.index();
        let Some(issued) = &self.issued else { return };
        let cut = (chain.next_seq().wrapping_sub(1), chain.head());
        let same = cut == (issued.attest.through, Some(issued.attest.head));
        self.report.require(same, EVENTS, rule::CUT);
        let mut broken = false;
        self.files.lines(BETWEEN, &mut self.report, |report, number, line| {
            report.counts.events += 1;
            let continued = EventRef::parse(line).map_err(|e| e.to_string()).and_then(|event| {
                self.custody.after_cut(&event);
                chain.push(&event, event::leaf(line)).map_err(|e| e.to_string())
            });
            if let Err(message) = continued {
                broken = true;
                let message = format!("line {number} does not continue the chain: {message}");
                report.fail(BETWEEN, "events.between", message);
            }
        });
        let event = &issued.event;
        let follows =
            event.seq == chain.next_seq() && event.prev == chain.head() && chain.at().is_none_or(|at| at <= event.at);
        self.report
            .require(follows || broken || !same, ISSUED, rule::ISSUE_FOLLOWS);
        self.say_later();
    }

    /// What came after the cut has its events here, and neither its records nor its captures.
    fn say_later(&mut self) {
        if self.custody.later.is_empty() {
            return;
        }
        let told: Vec<String> = self
            .custody
            .later
            .iter()
            .map(|(action, n)| format!("{n} {action}"))
            .collect();
        let message = format!(
            "came after the cut, and nothing else in the packet shows it: {}",
            told.join(", ")
        );
        self.report
            .say(Verdict::NotChecked, BETWEEN, "events.after_cut", message);
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

/// Hash of what the inventory repeats of a capture's record.
pub(super) fn row_digest(item: &Value, kind: &Value, captured_at: &Value) -> Digest {
    Digest::of(&canon::to_strict(&json!([item, kind, captured_at])).unwrap_or_default())
}
