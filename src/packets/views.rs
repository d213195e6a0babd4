//! One exhibit, authorization or event as the packet's page shows it.

use std::collections::HashMap;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::custody::Custody;
use super::exhibits::Loaded;
use super::model::{is_active, is_picture};
use super::pick::Pick;
use crate::authorizations::{Authorization, Line};
use crate::captures::{Basis, Capture, CapturedBasis, Particulars};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::ledger::reason_of;
use crate::proof::event::EventRef;
use crate::proof::id::Digest;
use crate::proof::packet::{FileRow, InventoryRow};
use crate::text::{Fact, Moment, Zone, block, count, facts, groups, label, line, size};

/// What every part of the page needs.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Names and numbers.
    pub custody: &'a Custody,
    /// The case's zone.
    pub zone: Zone,
    /// Numbers of authorizations, by id.
    pub authorizations: &'a HashMap<String, String>,
}

/// A file of an exhibit.
pub struct FileView {
    pub(super) role: String,
    pub(super) name: Option<String>,
    pub(super) media: String,
    pub(super) size: String,
    pub(super) groups: Vec<String>,
    /// Relative to the page.
    pub path: Option<String>,
    pub(super) picture: bool,
    pub(super) active: bool,
    pub(super) withheld: Vec<Fact>,
}

/// An event, and its row in the custody.
#[derive(Template)]
#[template(path = "packets/pages/custody_row.html")]
pub struct EventView {
    pub(super) seq: u64,
    pub(super) at: Moment,
    pub(super) who: String,
    /// Whether the server did it by itself.
    pub(super) by_job: bool,
    pub(super) as_what: String,
    pub(super) action: String,
    pub(super) object: String,
    pub(super) leaf: Digest,
    pub(super) details: Vec<Fact>,
}

/// A rule of coverage: the outcome in words, its tone and its icon, the rule and why.
type CoverageLine = (&'static str, &'static str, &'static str, Fact);

/// How a status of the inventory looks: its tone and its icon.
pub fn look(status: &str) -> (&'static str, &'static str) {
    match status {
        "included" => ("ok", "check"),
        "held" => ("held", "hand"),
        "quarantined" => ("", "lock"),
        _ => ("", "dash"),
    }
}

/// An exhibit.
#[derive(Template)]
#[template(path = "packets/pages/exhibit.html")]
pub struct ExhibitView<'a> {
    pub(super) pick: &'a Pick,
    pub(super) title: String,
    pub(super) text: Option<String>,
    pub(super) url: Option<String>,
    pub(super) final_url: Option<String>,
    pub(super) facts: Vec<Fact>,
    pub(super) times: Vec<(&'static str, Moment, Option<String>)>,
    pub(super) basis: String,
    /// Rules of coverage: how each came out, how that looks, and why.
    pub(super) coverage: Vec<CoverageLine>,
    pub(super) flags: Vec<String>,
    pub(super) note: Option<String>,
    pub(super) files: Vec<FileView>,
    pub(super) corrected: Vec<Fact>,
    pub(super) events: Vec<EventView>,
}

impl<'a> ExhibitView<'a> {
    /// From what was recorded. `bodies` are the events' canonical bytes.
    pub fn new(scene: Scene<'_>, loaded: &'a Loaded<'_>, bodies: &HashMap<Digest, Vec<u8>>) -> Result<Self> {
        let capture = &loaded.capture;
        let said = &capture.particulars;
        let events = loaded.events.iter();
        let events = events.filter_map(|(e, record)| Some((bodies.get(&e.leaf)?, record.as_ref())));
        let current = loaded.current();
        let files = loaded.files.iter();
        Ok(Self {
            pick: loaded.pick,
            title: title(capture),
            text: text(said.text.as_deref()),
            url: said.url.as_deref().map(line),
            final_url: said
                .final_url
                .as_deref()
                .filter(|u| Some(*u) != said.url.as_deref())
                .map(line),
            facts: particulars(capture),
            times: times(capture, scene.zone),
            basis: basis(scene, &capture.basis),
            coverage: capture.coverage.iter().map(|line| rule(line, scene.zone)).collect(),
            flags: capture.flags.iter().map(|flag| label(flag.as_str())).collect(),
            note: text(capture.note.as_deref()),
            files: files.map(|row| file(row, scene.zone)).collect(),
            corrected: current.map_or_else(Vec::new, |c| changes(&loaded.record, &c.record, scene.zone)),
            events: events
                .map(|(body, record)| event(scene, body, record))
                .collect::<Result<_>>()?,
        })
    }
}

fn text(said: Option<&str>) -> Option<String> {
    said.filter(|t| !t.trim().is_empty()).map(block)
}

/// What an exhibit is called in headings and the timeline.
pub fn title(capture: &Capture) -> String {
    const MOST: usize = 80;
    let said = &capture.particulars;
    if let Some(searched) = said.searched(capture.kind, MOST) {
        return searched;
    }
    let kind = label(capture.kind.as_str());
    let platform = said.platform.as_deref().filter(|platform| *platform != "other");
    let platform = platform.map(|platform| format!(" on {}", label(platform)));
    let handle = said.account.as_ref().and_then(|a| a.handle.as_deref());
    let by = handle.map(|h| format!(" by {}", line(h)));
    format!("{kind}{}{}", platform.unwrap_or_default(), by.unwrap_or_default())
}

/// What the capturer says, except text, addresses and times, which are shown apart. Every particular is named here, so
/// that a new one cannot be forgotten.
fn particulars(capture: &Capture) -> Vec<Fact> {
    let Particulars {
        platform,
        url: _,
        final_url: _,
        account,
        visibility,
        access_means,
        text: _,
        platform_time_text: _,
        posted_at: _,
        posted_at_basis: _,
        method,
        tool,
        level,
        device,
    } = &capture.particulars;
    let account = account.clone().unwrap_or_default();
    let fields = [
        ("Platform", platform.as_deref().map(label)),
        ("Account", account.handle.as_deref().map(line)),
        (
            "Platform's own id of the account",
            account.platform_id.as_deref().map(line),
        ),
        ("Visibility", visibility.as_deref().map(label)),
        ("Means of access", access_means.as_deref().map(label)),
        ("Captured by", Some(line(&capture.capturer.name))),
        ("Method", method.map(|m| label(m.as_str()))),
        ("Tool", tool.as_ref().map(|t| line(&t.name))),
        ("Tool's version", tool.as_ref().map(|t| line(&t.version))),
        ("Level", level.map(|l| label(l.as_str()))),
        ("Device", device.map(|d| label(d.as_str()))),
        ("State when recorded", Some(label(capture.state.as_str()))),
    ];
    let fact = |(name, value): (&str, Option<String>)| Some(Fact::new(name, value?));
    fields.into_iter().filter_map(fact).collect()
}

fn times(capture: &Capture, zone: Zone) -> Vec<(&'static str, Moment, Option<String>)> {
    let said = &capture.particulars;
    let basis = said.posted_at_basis.map(|b| b.says().to_owned());
    let shown = said.platform_time_text.as_deref().map(Moment::unread);
    let (captured, received) = (zone.at(capture.captured_at.0), zone.at(capture.received_at.0));
    let known = capture.captured_at_basis.unwrap_or(CapturedBasis::Stated);
    let known = known.says(capture.captured_at, capture.received_at);
    let times = [
        shown.map(|at| ("Time as shown", at, None)),
        said.posted_at.map(|at| ("Posted", zone.at(at.0), basis)),
        Some(("Captured", captured, Some(known.into()))),
        Some(("Received", received, Some("by this installation's clock".into()))),
    ];
    times.into_iter().flatten().collect()
}

fn basis(scene: Scene<'_>, basis: &Basis) -> String {
    let kind = label(basis.kind.as_str());
    let named = basis.id.as_deref().map(|id| match scene.authorizations.get(id) {
        Some(number) => format!(" no. {number}"),
        None => format!(" {}", line(id)),
    });
    let reason = basis.reason.as_deref().map(|r| format!(": {}", block(r)));
    format!("{kind}{}{}", named.unwrap_or_default(), reason.unwrap_or_default())
}

fn rule(of: &Line, zone: Zone) -> CoverageLine {
    let (outcome, tone, icon) = match of.passed {
        Some(true) => ("Covered", "ok", "check"),
        Some(false) => ("Not covered", "bad", "x"),
        None => ("Cannot tell", "", "dash"),
    };
    (outcome, tone, icon, Fact::new(&label(&of.rule), zone.in_text(&of.why)))
}

fn file(row: &FileRow, zone: Zone) -> FileView {
    let media = row.media_type.as_deref().unwrap_or("unknown type");
    let path = row.path.as_deref().and_then(|p| p.strip_prefix("data/"));
    FileView {
        role: label(&row.role),
        name: row.name.as_deref().map(line),
        media: line(media),
        size: size(row.size),
        groups: groups(&row.sha256),
        path: path.map(str::to_owned),
        picture: is_picture(media),
        active: is_active(media),
        withheld: row.withheld.as_ref().map(|w| facts(w, zone, &[])).unwrap_or_default(),
    }
}

/// What a correction changed, particular by particular.
fn changes(first: &Value, now: &Value, zone: Zone) -> Vec<Fact> {
    let kept = [
        "item",
        "files",
        "correction",
        "version",
        "state",
        "coverage",
        "flags",
        "capturer",
        "received_at",
    ];
    let before = facts(first, zone, &kept);
    let at_first = |label: &str| {
        let fact = before.iter().find(|f| f.label == label);
        fact.map_or("nothing", |f| f.value.as_str())
    };
    let mut changed = facts(now, zone, &kept);
    changed.retain(|f| at_first(&f.label) != f.value);
    for fact in &mut changed {
        fact.value += &format!(" (recorded at first: {})", at_first(&fact.label));
    }
    changed
}

/// An event from its canonical bytes, with what its record says in words.
pub fn event(scene: Scene<'_>, body: &[u8], record: Option<&Value>) -> Result<EventView> {
    let event = EventRef::parse(body).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
    let who = match (&*event.actor_kind, event.actor_id.as_deref()) {
        ("person", Some(id)) => scene.custody.name(id).map_or_else(|| format!("person {id}"), line),
        ("job", Some(name)) => format!("the server ({})", line(name)),
        ("operator", Some(name)) => format!("operator {}", line(name)),
        _ => "nobody signed in".into(),
    };
    Ok(EventView {
        seq: event.seq,
        at: scene.zone.at(event.at),
        who,
        by_job: &*event.actor_kind == "job",
        as_what: event.actor_role.as_deref().map(label).unwrap_or_default(),
        action: label(&event.action.replace('.', " ")),
        object: object(scene, (&event.object_type, &event.object_id), record),
        leaf: crate::proof::event::leaf(body),
        details: record
            .filter(|_| event.action != "capture.recorded")
            .map(|record| details(&event.action, record))
            .unwrap_or_default(),
    })
}

/// What an event's record says in words; the rest stands in `records.jsonl`.
fn details(action: &str, record: &Value) -> Vec<Fact> {
    let correction = record.get("correction").filter(|c| c.is_object());
    let told = correction.unwrap_or(record);
    let fact = |name: &&str| Some(Fact::new(&label(name), told.get(*name)?.as_str()?));
    let outcome = ["outcome", "verdict"].iter().filter_map(fact);
    let reason = reason_of(action, record).map(|reason| Fact::new("Reason", reason));
    let said = ["note", "text", "comment"].iter().filter_map(fact);
    outcome.chain(reason).chain(said).collect()
}

fn object(scene: Scene<'_>, (kind, id): (&str, &str), record: Option<&Value>) -> String {
    let disposition = scene.custody.cut.dispositions.get(id);
    let person = || {
        let named = record.and_then(|record| record.pointer("/user/name")?.as_str());
        named.or_else(|| scene.custody.name(id)).map(line)
    };
    match (kind, disposition.map(|d| (d.item, d.exhibit, d.status))) {
        ("capture", Some((item, Some(exhibit), _))) => format!("item {item}, exhibit {exhibit:03}"),
        ("capture", Some((item, None, status))) => format!("item {item} ({})", label(status.as_str()).to_lowercase()),
        ("capture", None) => "a capture".into(),
        ("authorization", _) => match scene.authorizations.get(id) {
            Some(number) => format!("authorization no. {number}"),
            None => "an authorization".into(),
        },
        ("case", _) => "the case".into(),
        ("user", _) => person().unwrap_or_else(|| format!("user {}", line(id))),
        ("grant", _) => match person() {
            Some(name) => format!("access of {name}"),
            None => format!("grant {}", line(id)),
        },
        (other, _) => format!("{} {}", line(other), line(id)),
    }
}

/// A row of the timeline.
#[derive(Template)]
#[template(path = "packets/pages/timeline_row.html")]
pub struct TimelineRow {
    /// The time by which rows are sorted.
    pub order: Micros,
    pub(super) at: Moment,
    pub(super) basis: &'static str,
    /// Whether the time of posting was corrected since the capture was recorded.
    pub(super) corrected: bool,
    pub(super) exhibit: u32,
    pub(super) title: String,
}

/// A row of the inventory.
#[derive(Template)]
#[template(path = "packets/pages/inventory_row.html")]
pub struct InventoryLine {
    pub(super) row: InventoryRow,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) captured: Option<Moment>,
    pub(super) exhibit: Option<u32>,
}

/// An authorization.
#[derive(Template)]
#[template(path = "packets/pages/authorization.html")]
pub struct AuthorizationView {
    pub(super) number: String,
    pub(super) state: String,
    pub(super) level: String,
    pub(super) facts: Vec<Fact>,
    pub(super) decision: Vec<Fact>,
    pub(super) events: Vec<EventView>,
}

impl AuthorizationView {
    /// From its record and the events about it.
    pub fn new(scene: Scene<'_>, record: &Value, events: Vec<EventView>) -> Result<Self> {
        let authorization = Authorization::deserialize(record)?;
        // These are shown apart, or in words of their own.
        let apart = [
            "number",
            "state",
            "level",
            "decision",
            "case_id",
            "version",
            "attestations",
            "platforms",
        ];
        let decision = record.get("decision").unwrap_or(&Value::Null);
        let terms = &authorization.terms;
        let platforms: Vec<String> = terms.platforms.iter().map(|platform| label(platform)).collect();
        let attested: Vec<&str> = terms
            .attestations
            .iter()
            .map(|attestation| attestation.says())
            .collect();
        let mut told = vec![Fact::new("Platforms", platforms.join(", "))];
        told.extend(facts(record, scene.zone, &apart));
        told.push(Fact::new("The requester attests", attested.join(" ")));
        Ok(Self {
            number: number(&authorization),
            state: label(authorization.state.as_str()),
            level: label(authorization.terms.level.as_str()),
            facts: told,
            decision: facts(decision, scene.zone, &[]),
            events,
        })
    }
}

/// The number of an authorization.
pub fn number(authorization: &Authorization) -> String {
    count(authorization.number.unsigned_abs())
}

/// A subject or an account.
#[derive(Template)]
#[template(path = "packets/pages/thing.html")]
pub struct ThingView {
    pub(super) title: String,
    pub(super) facts: Vec<Fact>,
    pub(super) leaf: Digest,
}
