//! What a page needs of the whole packet before its first line is written: names, numbers, and what happened to each
//! exhibit and authorization.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use serde::Deserialize;
use serde_json::Value;

use super::acted::ActorTallies;
use super::actor::EventActor;
use super::copies::CopyMade;
use super::documents::{self, Documents, fields};
use super::handed::EarlierDisclosure;
use super::impeachment::ImpeachmentTold;
use super::paging::Paging;
use super::withheld::{CoverageRow, IncludedAlias, RecordAbout, WithheldAliases, WithheldRecords};
use super::{PageError, rulings, words};
use crate::clock::{self, Micros};
use crate::proof::Digest;
use crate::proof::event::{self, EventRef};
use crate::proof::packet::{
    EVENTS, Head, INVENTORY, INVENTORY_SECTIONS, PACKET, PACKET_SECTIONS, RECORDS, Shown, is_exhibit,
};
use crate::proof::record::{RecordLine, WithheldEvent};
use crate::text::{Fact, Zone, count, label};

/// A capture's place in the inventory.
pub struct CapturePlace {
    pub item: u64,
    pub status: Rc<str>,
    /// Its exhibit's number.
    pub exhibit: Option<u32>,
}

/// What happened to an exhibit or an authorization.
pub struct TrailEvent {
    pub seq: u64,
    pub at: Micros,
    pub actor: EventActor,
    pub action: Rc<str>,
    pub leaf: Digest,
    /// What its record says in words; the rest stands in `records.jsonl`.
    pub details: Vec<Fact>,
}

/// How a review ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewEnd {
    Accurate,
    Returned,
    /// Its record is withheld, or says another word.
    NotShown,
}

impl ReviewEnd {
    /// As a mark on an exhibit.
    pub fn says(self) -> &'static str {
        match self {
            Self::Accurate => "Reviewed: accurate",
            Self::Returned => "Reviewed: returned",
            Self::NotShown => "Reviewed, outcome not shown",
        }
    }
}

impl TrailEvent {
    /// How it ended, where it is a review.
    pub fn review(&self) -> Option<ReviewEnd> {
        if &*self.action != "capture.reviewed" {
            return None;
        }
        let outcome = self.details.iter().find(|fact| fact.label == "Outcome");
        Some(match outcome.map(|fact| fact.value.as_str()) {
            Some("accurate") => ReviewEnd::Accurate,
            Some("returned") => ReviewEnd::Returned,
            _ => ReviewEnd::NotShown,
        })
    }
}

/// The packet as a whole.
pub struct PacketStory {
    pub head: Head,
    /// The case's record.
    pub case: Value,
    pub zone: Zone,
    pub captures: HashMap<String, CapturePlace>,
    /// Numbers of exhibits for the court, by capture.
    pub numbers: HashMap<String, String>,
    /// Captures by their status.
    pub statuses: HashMap<Rc<str>, u64>,
    /// Numbers of authorizations, by id.
    pub authorizations: HashMap<String, String>,
    /// What authorizations were approved against.
    pub against: Vec<ApprovedAgainst>,
    /// Who acted, by the events that are shown.
    pub acted: ActorTallies,
    /// People as the records shown name them, by their ids.
    pub names: HashMap<String, String>,
    /// What happened to each exhibit and authorization, by its id.
    pub trails: HashMap<String, Vec<TrailEvent>>,
    /// Events of the custody.
    pub events: u64,
    /// Records shown.
    pub records: u64,
    /// Records withheld, by what they are about.
    pub withheld: WithheldRecords,
    /// How often an alias stands behind what is shown.
    pub aliases: WithheldAliases,
    /// Aliases that a supervisor included in what leaves.
    pub included: Vec<IncludedAlias>,
    /// Flags on what may impeach a witness, by the capture that each is about and by their ids; under an
    /// empty one those that are about none.
    pub impeachment: BTreeMap<String, BTreeMap<String, ImpeachmentTold>>,
    /// Copies made of each exhibit's capture, by its id, in order.
    pub copies: HashMap<String, Vec<CopyMade>>,
    /// The captures from which derivatives were made, by the derivatives' ids.
    pub copied: HashMap<String, String>,
    /// Names of subjects and handles of accounts, by their ids.
    pub things: HashMap<String, String>,
    /// To whom the packets went that the records shown tell of.
    pub handed: Vec<EarlierDisclosure>,
    /// Files of exhibits and their bytes.
    pub files: (u64, u64),
}

/// As much of an exhibit as the page needs before it is shown.
#[derive(Deserialize)]
struct ExhibitFiles {
    exhibit: u32,
    number: Option<String>,
    capture: String,
    files: Vec<FileSize>,
    /// None where a redacted copy stands in its place.
    #[serde(default)]
    record: Option<ExhibitCoverage>,
}

/// As much of an exhibit's record as tells whether an alias stands behind it.
#[derive(Deserialize)]
struct ExhibitCoverage {
    #[serde(default)]
    coverage: Vec<CoverageRow>,
}

/// A file of an exhibit; one without a path is withheld.
#[derive(Deserialize)]
struct FileSize {
    path: Option<String>,
    size: u64,
}

/// As much of a row of the inventory.
#[derive(Deserialize)]
struct PlaceRow {
    id: String,
    item: u64,
    status: String,
}

impl PacketStory {
    /// Reads all documents once.
    pub fn read(documents: &mut dyn Documents) -> Result<Self, PageError> {
        let mut first = FirstLook::default();
        documents::rows(documents, (PACKET, PACKET_SECTIONS), |section, row| {
            first.row(section, row)
        })?;
        let missing = |what: &str| PageError::Unclear(format!("{PACKET} has no {what}"));
        let case = first.case.take().ok_or_else(|| missing("case"))?.record;
        let mut story = Self {
            head: first.head.take().ok_or_else(|| missing("head"))?,
            zone: Zone::named(case["time_zone"].as_str()),
            case,
            captures: HashMap::new(),
            numbers: std::mem::take(&mut first.numbers),
            statuses: HashMap::new(),
            authorizations: std::mem::take(&mut first.authorizations),
            against: std::mem::take(&mut first.against),
            acted: ActorTallies::default(),
            names: HashMap::new(),
            trails: HashMap::new(),
            events: 0,
            records: 0,
            withheld: WithheldRecords::default(),
            aliases: first.aliases,
            included: Vec::new(),
            impeachment: BTreeMap::new(),
            copies: HashMap::new(),
            copied: HashMap::new(),
            things: std::mem::take(&mut first.things),
            handed: Vec::new(),
            files: first.files,
        };
        let mut interned = Interned::default();
        documents::rows(documents, (INVENTORY, INVENTORY_SECTIONS), |_, row| {
            let PlaceRow { id, item, status } = fields(INVENTORY, row)?;
            let (status, exhibit) = (interned.get(&status), first.exhibits.get(&id).copied());
            *story.statuses.entry(status.clone()).or_default() += 1;
            let place = CapturePlace { item, status, exhibit };
            story.captures.insert(id, place);
            Ok(())
        })?;
        let mut places = EventPlaces::default();
        documents::lines(documents, EVENTS, |line| {
            story.events += 1;
            story.event(line, &mut interned, &mut places)
        })?;
        documents::lines(documents, RECORDS, |line| story.record(line, &places))?;
        Ok(story)
    }

    fn event(&mut self, line: &[u8], interned: &mut Interned, places: &mut EventPlaces) -> Result<(), PageError> {
        let Some(event) = shown_event(line)? else { return Ok(()) };
        let (actor, action) = (interned.actor(&event), interned.get(&event.action));
        self.acted.count(actor.clone(), action.clone(), event.at);
        if &*event.object_type != "capture"
            && let Some(about) = RecordAbout::of(&event.object_type)
        {
            places.about.insert(event::leaf(line), about);
        }
        if event.action == "packet.disclosed" {
            places.disclosed.insert(event::leaf(line));
        }
        if event.action == "alias_disclosure.recorded" {
            places.included.insert(event::leaf(line));
        }
        if &*event.object_type == "impeachment_flag" {
            places.impeachment.insert(event::leaf(line));
        }
        if event.action == "derivative.made" {
            self.copy((&event, line), interned);
        }
        let told = match &*event.object_type {
            "capture" => self
                .captures
                .get(&*event.object_id)
                .is_some_and(|c| c.exhibit.is_some()),
            "authorization" => self.authorizations.contains_key(&*event.object_id),
            _ => false,
        };
        if !told {
            return Ok(());
        }
        let leaf = event::leaf(line);
        let trail = self.trails.entry(event.object_id.to_string()).or_default();
        places
            .told
            .insert(leaf, (event.object_id.to_string().into(), trail.len()));
        trail.push(TrailEvent {
            seq: event.seq,
            at: event.at,
            actor,
            action,
            leaf,
            details: Vec::new(),
        });
        Ok(())
    }

    fn copy(&mut self, (event, line): (&EventRef<'_>, &[u8]), interned: &mut Interned) {
        let of = (interned.actor(event), event::leaf(line));
        let Some((capture, made)) = CopyMade::attested(event, of) else {
            return;
        };
        self.copied.insert(event.object_id.to_string(), capture.clone());
        if self.captures.get(&capture).is_some_and(|place| place.exhibit.is_some()) {
            self.copies.entry(capture).or_default().push(made);
        }
    }

    fn record(&mut self, line: &[u8], places: &EventPlaces) -> Result<(), PageError> {
        let read = RecordLine::parse(line).map_err(|e| PageError::Unclear(format!("{RECORDS}: {e}")))?;
        let (leaf, record) = match read {
            RecordLine::Shown { leaf, record, .. } => (leaf, record),
            RecordLine::Withheld { leaf, .. } => {
                let about = places.about.get(&leaf).copied();
                self.withheld.count(about.unwrap_or(RecordAbout::Capture));
                return Ok(());
            }
        };
        self.records += 1;
        gather_names(&mut self.names, &String::from_utf8_lossy(record));
        if places.disclosed.contains(&leaf) {
            self.handed.extend(EarlierDisclosure::of(&fields(RECORDS, record)?));
        }
        if places.included.contains(&leaf) {
            self.included.extend(IncludedAlias::of(&fields(RECORDS, record)?));
        }
        if places.impeachment.contains(&leaf) {
            let flag: ImpeachmentTold = fields(RECORDS, record)?;
            let about = self
                .impeachment
                .entry(flag.capture_id.clone().unwrap_or_default())
                .or_default();
            // A later record of a flag says all that the first one said.
            about.insert(flag.id.clone(), flag);
        }
        let place = places.told.get(&leaf);
        let told = place.and_then(|(object, at)| self.trails.get_mut(&**object)?.get_mut(*at));
        if let Some(told) = told.filter(|told| &*told.action != "capture.recorded") {
            told.details = details(&told.action, &fields(RECORDS, record)?);
        }
        Ok(())
    }

    /// The handling, where it is not the standard one.
    pub fn kept(&self) -> Option<&str> {
        self.case["handling"]
            .as_str()
            .filter(|handling| *handling != "standard")
    }

    /// How many exhibits it has.
    pub fn exhibits(&self) -> u64 {
        let shown = self.statuses.iter().filter(|(status, _)| is_exhibit(status));
        shown.map(|(_, number)| number).sum()
    }

    /// How its sections are cut into pages.
    pub(super) fn paging(&self) -> Paging {
        Paging {
            exhibits: self.exhibits(),
            // They are known once every exhibit was read.
            exceptions: 0,
            events: self.events,
            captures: self.captures.len() as u64,
        }
    }

    /// The name of whoever did something.
    pub fn who(&self, actor: &EventActor) -> String {
        use crate::text::line;
        match (&*actor.kind, actor.id.as_deref()) {
            ("person", Some(id)) => self.person(id).unwrap_or_else(|| format!("person {}", line(id))),
            ("job", Some(name)) => format!("the server ({})", line(name)),
            ("operator", Some(name)) => format!("operator {}", line(name)),
            _ => "nobody signed in".into(),
        }
    }

    /// The name of a person, where a record that is shown tells it.
    pub fn person(&self, id: &str) -> Option<String> {
        self.names.get(id).map(|name| crate::text::line(name))
    }
}

/// Of an event's leaf: which thing it is about, and its place in that thing's trail.
type TrailPlaces = HashMap<Digest, (Box<str>, usize)>;

/// What is kept of events until their records are read.
#[derive(Default)]
struct EventPlaces {
    told: TrailPlaces,
    /// What those are about that are no capture's.
    about: HashMap<Digest, RecordAbout>,
    /// Those that say to whom a packet went.
    disclosed: HashSet<Digest>,
    /// Those that include an alias.
    included: HashSet<Digest>,
    /// Those of flags on what may impeach a witness.
    impeachment: HashSet<Digest>,
}

/// An event of the custody; none where a line withholds it.
pub(super) fn shown_event(line: &[u8]) -> Result<Option<EventRef<'_>>, PageError> {
    match EventRef::parse(line) {
        Ok(event) => Ok(Some(event)),
        Err(_) if WithheldEvent::parse(line).is_ok() => Ok(None),
        Err(error) => Err(PageError::Unclear(format!("{EVENTS}: {error}"))),
    }
}

/// An authorization that was approved although a check of the policy asked for a reason.
pub struct ApprovedAgainst {
    /// Its number.
    pub number: String,
    /// When it came into force.
    pub at: Option<Micros>,
    /// The checks and the reasons, each in a sentence.
    pub why: Vec<String>,
}

impl ApprovedAgainst {
    fn of(record: &Value) -> Option<Self> {
        let why = rulings::against(record);
        let at = record["effective_from"].as_str().and_then(clock::parse);
        (!why.is_empty()).then(|| Self {
            number: number(record),
            at,
            why,
        })
    }
}

/// What `packet.json` tells at the first look.
#[derive(Default)]
struct FirstLook {
    head: Option<Head>,
    case: Option<Shown>,
    authorizations: HashMap<String, String>,
    against: Vec<ApprovedAgainst>,
    things: HashMap<String, String>,
    exhibits: HashMap<String, u32>,
    numbers: HashMap<String, String>,
    files: (u64, u64),
    aliases: WithheldAliases,
}

impl FirstLook {
    fn row(&mut self, section: &str, row: &[u8]) -> Result<(), PageError> {
        match section {
            "packet" => self.head = Some(fields(PACKET, row)?),
            "case" => self.case = Some(fields(PACKET, row)?),
            "subjects" | "accounts" => {
                let row: Value = fields(PACKET, row)?;
                let said = |name: &str| row["record"][name].as_str();
                let named = ["name", "handle", "url"].into_iter().find_map(said);
                if let (Some(id), Some(named)) = (said("id"), named) {
                    self.things.insert(id.to_owned(), named.to_owned());
                }
            }
            "authorizations" => {
                let row: Value = fields(PACKET, row)?;
                let id = row["record"]["id"].as_str().unwrap_or_default();
                self.authorizations.insert(id.to_owned(), number(&row["record"]));
                self.aliases.authorization(&row["record"]);
                self.against.extend(ApprovedAgainst::of(&row["record"]));
            }
            "exhibits" => {
                let ExhibitFiles {
                    exhibit,
                    number,
                    capture,
                    files,
                    record,
                } = fields(PACKET, row)?;
                if let Some(record) = record {
                    self.aliases.exhibit(&record.coverage);
                }
                self.numbers.extend(number.map(|number| (capture.clone(), number)));
                self.exhibits.insert(capture, exhibit);
                for file in files.iter().filter(|file| file.path.is_some()) {
                    self.files = (self.files.0 + 1, self.files.1.saturating_add(file.size));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The number of an authorization.
pub(super) fn number(authorization: &Value) -> String {
    count(authorization["number"].as_u64().unwrap_or_default())
}

/// Words that events repeat, once in memory.
#[derive(Default)]
pub(super) struct Interned(HashSet<Rc<str>>);

impl Interned {
    fn get(&mut self, word: &str) -> Rc<str> {
        if let Some(known) = self.0.get(word) {
            return known.clone();
        }
        let word = Rc::<str>::from(word);
        self.0.insert(word.clone());
        word
    }

    pub fn actor(&mut self, event: &EventRef<'_>) -> EventActor {
        EventActor {
            kind: self.get(&event.actor_kind),
            id: event.actor_id.as_deref().map(|id| self.get(id)),
            role: event.actor_role.as_deref().map(|role| self.get(role)),
        }
    }
}

/// What an event's record says in words.
fn details(action: &str, record: &Value) -> Vec<Fact> {
    let correction = record.get("correction").filter(|c| c.is_object());
    let told = correction.unwrap_or(record);
    let fact = |name: &&str| Some(Fact::new(&label(name), told.get(*name)?.as_str()?));
    let outcome = ["outcome", "verdict"].iter().filter_map(fact);
    let reason = words::reason_of(action, record).map(|reason| Fact::new("Reason", reason));
    let said = ["note", "text", "comment"].iter().filter_map(fact);
    outcome.chain(reason).chain(said).collect()
}

/// People stand in records as `{"id", "name"}`. Records are canonical, so that their text can be searched without being
/// parsed: quotes inside a string are escaped, so `{"` always begins an object.
fn gather_names(names: &mut HashMap<String, String>, record: &str) {
    let mut rest = record;
    while let Some((_, found)) = rest.split_once(PERSON) {
        rest = found;
        let Some((id, after)) = found.split_once('"') else {
            return;
        };
        let Some(after) = after.strip_prefix(",\"name\":") else {
            continue;
        };
        let mut value = serde_json::Deserializer::from_str(after).into_iter::<String>();
        let (name, end) = (value.next(), value.byte_offset());
        if let Some(Ok(name)) = name
            && after[end..].starts_with('}')
            && !names.contains_key(id)
        {
            names.insert(id.to_owned(), name);
        }
    }
}

/// How a person begins in canonical JSON.
const PERSON: &str = "{\"id\":\"";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::proof::canon;

    #[test]
    fn names_come_from_wherever_a_record_has_them() {
        let mut names = HashMap::new();
        let record = json!({"by": {"id": "u2", "name": "B \"{\"id\":\"x\",\"name\":\"y\"}"}, "files": [{"id": "f"}], "id": "c",
            "lead": {"id": "u1", "name": "A"}, "name": "no person", "tool": {"id": "t", "name": "T", "version": "1"}});
        let record = String::from_utf8(canon::to_strict(&record).expect("a record")).expect("UTF-8");
        gather_names(&mut names, &record);
        gather_names(&mut names, r#"{"lead":{"id":"u1","name":"later"}}"#);
        assert_eq!(names.len(), 2);
        assert_eq!(
            (names["u1"].as_str(), names["u2"].as_str()),
            ("A", r#"B "{"id":"x","name":"y"}"#)
        );
    }
}
