//! One exhibit, authorization or event as the packet's page shows it.

use askama::Template;
use serde_json::Value;

use super::custody::Custody;
use super::exhibits::Loaded;
use super::model::{is_active, is_picture};
use super::plain::{Fact, Moment, Zone, block, count, facts, groups, label, line, phrase, size};
use crate::error::{Error, Result};
use crate::proof::event::EventRef;
use crate::proof::id::Digest;
use crate::proof::packet::FileRow;

/// What every part of the page needs.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Names and numbers.
    pub custody: &'a Custody,
    /// The case's zone.
    pub zone: Zone,
    /// Numbers of authorizations, by id.
    pub authorizations: &'a std::collections::HashMap<String, String>,
}

/// A rule of coverage and how it came out.
pub struct Rule {
    pub(super) rule: String,
    pub(super) outcome: &'static str,
    pub(super) class: &'static str,
    pub(super) why: String,
}

/// A file of an exhibit.
pub struct FileView {
    pub(super) number: usize,
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

/// An event.
pub struct EventView {
    pub(super) seq: u64,
    pub(super) at: Moment,
    pub(super) who: String,
    pub(super) as_what: String,
    pub(super) action: String,
    pub(super) object: String,
    pub(super) leaf: Digest,
    pub(super) details: Vec<Fact>,
}

/// An exhibit.
#[derive(Template)]
#[template(path = "packets/pages/exhibit.html")]
pub struct ExhibitView {
    pub(super) number: u32,
    pub(super) item: i64,
    pub(super) title: String,
    pub(super) text: Option<String>,
    pub(super) url: Option<String>,
    pub(super) final_url: Option<String>,
    pub(super) facts: Vec<Fact>,
    pub(super) times: Vec<(&'static str, Moment, Option<String>)>,
    pub(super) basis: String,
    pub(super) coverage: Vec<Rule>,
    pub(super) flags: Vec<String>,
    pub(super) note: Option<String>,
    pub(super) files: Vec<FileView>,
    pub(super) corrected: Vec<Fact>,
    pub(super) events: Vec<EventView>,
    pub(super) id: String,
    pub(super) leaf: Digest,
}

impl ExhibitView {
    /// From what was recorded. `bodies` are the events' canonical bytes.
    pub fn new(
        scene: Scene<'_>,
        loaded: &Loaded<'_>,
        bodies: &std::collections::HashMap<Digest, Vec<u8>>,
    ) -> Result<Self> {
        let record = &loaded.record;
        let text = |name: &str| record[name].as_str().filter(|t| !t.trim().is_empty()).map(block);
        let events = loaded
            .events
            .iter()
            .filter_map(|(e, r)| Some((e, bodies.get(&e.leaf)?, r)));
        Ok(Self {
            number: loaded.pick.exhibit,
            item: loaded.pick.item,
            title: title(record),
            text: text("text"),
            url: record["url"].as_str().map(line),
            final_url: record["final_url"]
                .as_str()
                .filter(|u| Some(*u) != record["url"].as_str())
                .map(line),
            facts: particulars(record, scene.zone),
            times: times(record, scene.zone),
            basis: basis(scene, &record["basis"]),
            coverage: coverage(&record["coverage"]),
            flags: record["flags"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(label)
                .collect(),
            note: text("note"),
            files: loaded
                .files
                .iter()
                .enumerate()
                .map(|(i, f)| file(i, f, scene.zone))
                .collect(),
            corrected: loaded
                .current()
                .map(|c| changes(record, &c.record, scene.zone))
                .unwrap_or_default(),
            events: events
                .map(|(_, body, r)| event(scene, body, r.as_ref()))
                .collect::<Result<_>>()?,
            id: loaded.pick.id.clone(),
            leaf: loaded.pick.leaf,
        })
    }
}

/// What an exhibit is called in headings and the timeline.
pub fn title(record: &Value) -> String {
    let kind = label(record["kind"].as_str().unwrap_or("capture"));
    let platform = record["platform"]
        .as_str()
        .map(|p| format!(" on {}", line(p)))
        .unwrap_or_default();
    let by = record["account"]["handle"]
        .as_str()
        .map(|h| format!(" by {}", line(h)))
        .unwrap_or_default();
    format!("{kind}{platform}{by}")
}

fn particulars(record: &Value, zone: Zone) -> Vec<Fact> {
    let fields: [(&str, &[&str]); 12] = [
        ("Platform", &["platform"]),
        ("Account", &["account", "handle"]),
        ("Platform's own id of the account", &["account", "platform_id"]),
        ("Visibility", &["visibility"]),
        ("Means of access", &["access_means"]),
        ("Captured by", &["capturer", "name"]),
        ("Method", &["method"]),
        ("Tool", &["tool", "name"]),
        ("Tool's version", &["tool", "version"]),
        ("Level", &["level"]),
        ("Device", &["device"]),
        ("State when recorded", &["state"]),
    ];
    let words = ["visibility", "access_means", "method", "level", "device", "state"];
    fields
        .into_iter()
        .filter_map(|(name, path)| {
            let value = path.iter().fold(record, |v, key| &v[*key]);
            let said = phrase(value, zone)?;
            Some(Fact {
                label: name.into(),
                value: if words.contains(&path[0]) {
                    label(&said)
                } else {
                    line(&said)
                },
            })
        })
        .collect()
}

fn times(record: &Value, zone: Zone) -> Vec<(&'static str, Moment, Option<String>)> {
    let basis = record["posted_at_basis"]
        .as_str()
        .map(|b| format!("basis: {}", line(b)));
    let posted = zone.told(&record["posted_at"]).map(|m| ("Posted", m, basis));
    let captured = zone
        .told(&record["captured_at"])
        .map(|m| ("Captured", m, Some("by the capturing person's clock".into())));
    let received = zone
        .told(&record["received_at"])
        .map(|m| ("Received", m, Some("by this installation's clock".into())));
    let shown = record["platform_time_text"].as_str();
    let shown = shown.map(|t| {
        (
            "Time as the platform showed it",
            Moment {
                iso: String::new(),
                utc: line(t),
                local: None,
            },
            None,
        )
    });
    [shown, posted, captured, received].into_iter().flatten().collect()
}

fn basis(scene: Scene<'_>, basis: &Value) -> String {
    let kind = label(basis["kind"].as_str().unwrap_or("none recorded"));
    let named = basis["id"].as_str().map(|id| match scene.authorizations.get(id) {
        Some(number) => format!(" no. {number}"),
        None => format!(" {}", line(id)),
    });
    let reason = basis["reason"].as_str().map(|r| format!(": {}", block(r)));
    format!("{kind}{}{}", named.unwrap_or_default(), reason.unwrap_or_default())
}

fn coverage(rules: &Value) -> Vec<Rule> {
    let rule = |value: &Value| {
        let (outcome, class) = match value["passed"].as_bool() {
            Some(true) => ("covered", "yes"),
            Some(false) => ("not covered", "no"),
            None => ("cannot tell", "open"),
        };
        Rule {
            rule: label(value["rule"].as_str().unwrap_or_default()),
            outcome,
            class,
            why: block(value["why"].as_str().unwrap_or_default()),
        }
    };
    rules.as_array().into_iter().flatten().map(rule).collect()
}

fn file(index: usize, row: &FileRow, zone: Zone) -> FileView {
    let media = row.media_type.as_deref().unwrap_or("unknown type");
    FileView {
        number: index + 1,
        role: label(&row.role),
        name: row.name.as_deref().map(line),
        media: line(media),
        size: size(row.size),
        groups: groups(&row.sha256),
        path: row
            .path
            .as_deref()
            .and_then(|p| p.strip_prefix("data/"))
            .map(str::to_owned),
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
        before
            .iter()
            .find(|f| f.label == label)
            .map_or("nothing", |f| f.value.as_str())
    };
    let after = facts(now, zone, &kept);
    let changed = after.into_iter().filter(|f| at_first(&f.label) != f.value);
    changed
        .map(|f| Fact {
            value: format!("{} (recorded at first: {})", f.value, at_first(&f.label)),
            label: f.label,
        })
        .collect()
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
        as_what: event.actor_role.as_deref().map(label).unwrap_or_default(),
        action: label(&event.action.replace('.', " ")),
        object: object(scene, &event.object_type, &event.object_id),
        leaf: crate::proof::event::leaf(body),
        details: record
            .filter(|_| event.action != "capture.recorded")
            .map(details)
            .unwrap_or_default(),
    })
}

/// What an event's record says in words; the rest stands in `records.jsonl`.
fn details(record: &Value) -> Vec<Fact> {
    let said = ["outcome", "decision", "verdict", "reason", "note", "text", "comment"];
    let told = if record["correction"].is_object() {
        &record["correction"]
    } else {
        record
    };
    let fact = |name: &&str| told[*name].as_str().map(|text| Fact::new(&label(name), text));
    said.iter().filter_map(fact).collect()
}

fn object(scene: Scene<'_>, kind: &str, id: &str) -> String {
    match kind {
        "capture" => match scene.custody.fate(id) {
            Ok(fate) => match fate.exhibit {
                Some(exhibit) => format!("item {}, exhibit {exhibit:03}", fate.item),
                None => format!("item {} ({})", fate.item, label(fate.status.as_str()).to_lowercase()),
            },
            Err(_) => "a capture".into(),
        },
        "authorization" => scene
            .authorizations
            .get(id)
            .map_or_else(|| "an authorization".into(), |n| format!("authorization no. {n}")),
        "case" => "the case".into(),
        other => format!("{} {}", line(other), line(id)),
    }
}

/// A row of the timeline.
#[derive(Template)]
#[template(path = "packets/pages/timeline_row.html")]
pub struct TimelineRow {
    pub(super) at: Moment,
    pub(super) basis: &'static str,
    pub(super) exhibit: u32,
    pub(super) title: String,
}

/// A row of the custody.
#[derive(Template)]
#[template(path = "packets/pages/custody_row.html")]
pub struct CustodyRow {
    pub(super) event: EventView,
}

/// A row of the inventory.
#[derive(Template)]
#[template(path = "packets/pages/inventory_row.html")]
pub struct InventoryLine {
    pub(super) item: u64,
    pub(super) kind: String,
    pub(super) captured: Option<Moment>,
    pub(super) status: String,
    pub(super) class: String,
    pub(super) why: String,
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
    pub fn new(scene: Scene<'_>, record: &Value, events: Vec<EventView>) -> Self {
        let shown = ["number", "state", "level", "decision", "case_id", "version"];
        Self {
            number: number(record),
            state: label(record["state"].as_str().unwrap_or("unknown")),
            level: label(record["level"].as_str().unwrap_or("unknown")),
            facts: facts(record, scene.zone, &shown),
            decision: facts(&record["decision"], scene.zone, &[]),
            events,
        }
    }
}

/// The number of an authorization.
pub fn number(record: &Value) -> String {
    record["number"]
        .as_u64()
        .map(count)
        .unwrap_or_else(|| line(record["number"].as_str().unwrap_or("?")))
}

/// A subject or an account.
#[derive(Template)]
#[template(path = "packets/pages/thing.html")]
pub struct ThingView {
    pub(super) title: String,
    pub(super) facts: Vec<Fact>,
    pub(super) leaf: Digest,
}
