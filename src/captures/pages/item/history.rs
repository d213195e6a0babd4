//! What became of an item: its versions, what was said about it, and its custody.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::captures::model::{Capture, Mark, OpenCapture};
use crate::captures::reads::{self, ItemFound};
use crate::cases::CasePage;
use crate::error::{Error, Result};
use crate::http::pages::PageRequest;
use crate::ledger::read::StoredEvent;
use crate::proof::event::Event;
use crate::proof::id::Digest;
use crate::text::{Moment, Zone, block, label, line, phrase};
use crate::users;

/// Something said about an item later.
pub struct SaidLine {
    pub what: String,
    pub text: String,
    pub who: String,
    pub at: Moment,
}

/// What was said, in the order in which it was said. Corrections stand with the versions.
pub fn said(open: &OpenCapture, page: &CasePage) -> Vec<SaidLine> {
    let notes = open
        .remarks
        .notes
        .iter()
        .map(|n| (n.at, n.by.name.as_str(), "Note".to_owned(), n.said.text.as_str()));
    let reviews = open.remarks.reviews.iter().map(|r| {
        let note = r.said.note.as_deref().unwrap_or_default();
        (r.at, r.by.name.as_str(), format!("Reviewed: {}", r.said.outcome), note)
    });
    let decisions = open.remarks.decision.iter().map(|d| {
        let outcome = format!("Decided: {}", d.said.said.outcome);
        (d.at, d.by.name.as_str(), outcome, d.said.said.reason.as_str())
    });
    let marks = open.remarks.mark.iter().map(|m| {
        let what = match m.said.mark {
            Mark::Graphic => "Marked graphic",
            Mark::NotGraphic => "Marked not graphic",
        };
        let note = m.said.note.as_deref().unwrap_or_default();
        (m.at, m.by.name.as_str(), what.to_owned(), note)
    });
    let mut all: Vec<_> = notes.chain(marks).chain(reviews).chain(decisions).collect();
    all.sort_by_key(|(at, ..)| *at);
    let shown = all.into_iter().map(|(at, who, what, text)| SaidLine {
        what,
        text: block(text),
        who: line(who),
        at: page.at(at.0),
    });
    shown.collect()
}

/// A corrected version: who made it, why, and what it changed.
pub struct VersionLine {
    pub number: i64,
    pub who: String,
    pub at: Moment,
    pub reason: String,
    pub changes: Vec<FieldChange>,
}

/// A field that a version changed.
pub struct FieldChange {
    pub field: String,
    pub was: Option<String>,
    pub now: Option<String>,
}

/// Fields of a record that say which version it is, and not what was found.
const OF_THE_VERSION: &[&str] = &["version", "correction"];

/// The corrected versions, the last one first.
pub fn versions(all: &[Capture], page: &CasePage) -> Vec<VersionLine> {
    let pairs = all.iter().zip(all.iter().skip(1));
    let lines = pairs.filter_map(|(before, after)| {
        let correction = after.correction.as_ref()?;
        Some(VersionLine {
            number: after.version,
            who: line(&correction.by.name),
            at: page.at(correction.at.0),
            reason: block(&correction.reason),
            changes: changes(before, after, page.zone),
        })
    });
    let mut lines: Vec<VersionLine> = lines.collect();
    lines.reverse();
    lines
}

fn changes(before: &Capture, after: &Capture, zone: Zone) -> Vec<FieldChange> {
    let (mut was, mut now) = (Vec::new(), Vec::new());
    for (capture, fields) in [(before, &mut was), (after, &mut now)] {
        for (name, value) in serde_json::to_value(capture)
            .ok()
            .iter()
            .filter_map(Value::as_object)
            .flatten()
        {
            flat(fields, name, value, zone);
        }
    }
    let names: BTreeSet<&String> = was.iter().chain(&now).map(|(name, _)| name).collect();
    let value = |fields: &[(String, String)], name: &String| {
        let found = fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.clone())
    };
    let change = |name: &&String| FieldChange {
        field: label(name),
        was: value(&was, name),
        now: value(&now, name),
    };
    let changed = names.iter().map(change).filter(|change| change.was != change.now);
    changed.collect()
}

fn flat(fields: &mut Vec<(String, String)>, name: &str, value: &Value, zone: Zone) {
    match value {
        _ if OF_THE_VERSION.contains(&name) => {}
        Value::Object(inner) => inner
            .iter()
            .for_each(|(part, value)| flat(fields, &format!("{name} {part}"), value, zone)),
        value => fields.extend(phrase(value, zone).map(|text| (name.to_owned(), text))),
    }
}

/// The custody of an item: a day with its events, the last one first.
pub struct ItemCustody {
    pub events: usize,
    pub days: Vec<CustodyDay>,
}

/// A day of a custody.
pub struct CustodyDay {
    pub day: String,
    pub events: Vec<CustodyLine>,
}

/// An event of a custody, in words.
pub struct CustodyLine {
    pub iso: String,
    pub time: String,
    pub what: String,
    pub who: String,
    /// Whether a person did it; else a job.
    pub person: bool,
    /// Whether it is out of the ordinary.
    pub exception: bool,
    /// Its place in the case's stream.
    pub seq: i64,
    pub leaf: String,
}

/// Events of one item that a page shows; the case's custody has all.
const EVENTS: i64 = 200;

impl ItemCustody {
    /// Read, which the access log then tells.
    pub async fn of(page: &PageRequest, id: &str, case: &CasePage, item: &ItemFound) -> Result<Self> {
        let stored = reads::custody(&page.app.gate, &page.ctx, id.to_owned(), EVENTS).await?;
        let mut events = Vec::with_capacity(stored.len());
        for one in &stored {
            let event = Event::parse(&one.body).map_err(|e| Error::internal(format!("a stored event: {e}")))?;
            events.push((one, event));
        }
        let actors = events.iter().filter_map(|(_, event)| event.actor.id.clone()).collect();
        let names = users::names(&page.app.gate, &page.ctx, actors).await?;
        let mut days: Vec<CustodyDay> = Vec::new();
        for (stored, event) in events.iter().rev() {
            let at = case.at(event.at);
            let mut parts = at.shown().split(' ');
            let (day, time) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            let day = &format!("{day}, {}", parts.next().unwrap_or("UTC"));
            let actor = event.actor.id.as_deref().unwrap_or(&event.actor.kind);
            let who = names.get(actor).map_or(actor, String::as_str);
            let shown = custody_line((stored, event), item, (&at.iso, time, who))?;
            match days.last_mut().filter(|known| known.day == *day) {
                Some(known) => known.events.push(shown),
                None => days.push(CustodyDay {
                    day: day.clone(),
                    events: vec![shown],
                }),
            }
        }
        Ok(Self {
            events: events.len(),
            days,
        })
    }
}

fn custody_line(
    (stored, event): (&StoredEvent, &Event),
    item: &ItemFound,
    (iso, time, who): (&str, &str, &str),
) -> Result<CustodyLine> {
    let leaf = Digest::from_slice(&stored.leaf).ok_or_else(|| Error::internal("a stored leaf is damaged"))?;
    let hex = leaf.to_string();
    let action = event.action.as_str();
    let recorded = action == "capture.recorded";
    Ok(CustodyLine {
        iso: iso.to_owned(),
        time: time.to_owned(),
        what: match (recorded, action) {
            (true, _) if item.uncovered => "Recorded, and held: nothing covered it".to_owned(),
            (_, "capture.corrected") => format!("Corrected: version {}", event.object.version),
            _ => in_words(action),
        },
        who: line(who),
        person: event.actor.kind.as_str() == "person",
        exception: (recorded && item.uncovered) || matches!(action, "capture.quarantined" | "capture.repudiated"),
        seq: stored.seq,
        leaf: format!("{} {} … {}", &hex[..4], &hex[4..8], &hex[60..]),
    })
}

fn in_words(action: &str) -> String {
    let known = [
        ("capture.recorded", "Recorded"),
        ("capture.annotated", "Note added"),
        ("capture.reviewed", "Reviewed"),
        ("capture.accepted", "Accepted"),
        ("capture.ratified", "Ratified afterwards"),
        ("capture.quarantined", "Quarantined"),
        ("capture.confirmed", "Emergency confirmed"),
        ("capture.repudiated", "Emergency repudiated"),
        (
            "capture.examination_requested",
            "Another reading of its files asked for",
        ),
        ("capture.examined", "What its files say of themselves was read"),
        ("capture.verified", "Files read again and hashed"),
    ];
    let found = known.iter().find(|(word, _)| *word == action);
    found.map_or_else(|| label(&action.replace('.', " ")), |(_, says)| (*says).to_owned())
}
