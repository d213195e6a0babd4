//! Events in the words of people: what happened to which thing.

use std::collections::HashMap;

use serde_json::Value;

use super::reads::ShownEvent;
use super::trail::{CaseLog, NamedThing};
use crate::cases::chosen_captures;
use crate::ledger::{Action, Home};
use crate::page::words::reason_of;
use crate::text::{Zone, label, line, short};

/// Characters of what was said that a line shows.
const SHORT: usize = 120;

/// Groups of actions that a page offers: the word in its address, and the name.
pub fn groups(log: CaseLog) -> &'static [(&'static str, &'static str)] {
    match log {
        CaseLog::Custody => &[
            ("", "All"),
            ("captures", "Captures"),
            ("reviews", "Reviews and corrections"),
            ("checks", "Hash checks"),
            ("people", "People and grants"),
            ("authorizations", "Authorizations"),
            ("packets", "Packets"),
            ("decisions", "Decisions"),
        ],
        CaseLog::Accesses => &[("", "All"), ("views", "Views"), ("refusals", "Refusals")],
    }
}

/// The actions of a group; none stands for all.
pub fn actions(log: CaseLog, group: &str) -> Vec<&'static str> {
    let of_log = Action::ALL.iter().filter(|action| match log {
        CaseLog::Custody => matches!(action.home(), Home::Case | Home::Any),
        CaseLog::Accesses => matches!(action.home(), Home::Access | Home::Any),
    });
    let words = of_log.map(|action| action.as_str());
    words.filter(|action| is_in(action, group)).collect()
}

fn is_in(action: &str, group: &str) -> bool {
    let (noun, verb) = action.split_once('.').unwrap_or((action, ""));
    match group {
        "captures" => matches!(action, "capture.recorded" | "derivative.made"),
        "reviews" => matches!(action, "capture.reviewed" | "capture.corrected" | "capture.annotated"),
        "checks" => matches!(
            action,
            "capture.verified" | "capture.examined" | "capture.examination_requested"
        ),
        "people" => matches!(noun, "member" | "grant" | "subject" | "account"),
        "authorizations" => noun == "authorization",
        "packets" => matches!(
            noun,
            "packet" | "exhibit_list" | "evidence_request" | "notice" | "disclosure"
        ),
        "decisions" => noun != "disclosure" && is_decision(verb),
        "views" => matches!(verb, "viewed" | "listed" | "downloaded" | "opened"),
        "refusals" => noun == "upload" || verb == "refused",
        // Of all actions none is named: then nothing is filtered.
        _ => false,
    }
}

fn is_decision(verb: &str) -> bool {
    const DECIDED: &[&str] = &[
        "accepted",
        "ratified",
        "quarantined",
        "confirmed",
        "repudiated",
        "lapsed",
        "approved",
        "denied",
        "returned",
        "revoked",
    ];
    DECIDED.contains(&verb)
}

fn is_odd(action: &str) -> bool {
    matches!(
        action,
        "capture.ratified"
            | "capture.quarantined"
            | "capture.repudiated"
            | "authorization.revoked"
            | "authorization.repudiated"
            | "authorization.lapsed"
            | "packet.failed"
            | "disclosure.locked"
            | "disclosure.refused"
            | "clock.clamped"
            | "access.refused"
            | "upload.refused"
            | "upload.dropped"
    )
}

/// Whether an event tells of an exception: what was refused, held, or decided against.
pub fn is_exception(event: &ShownEvent) -> bool {
    is_odd(event.text("/action")) || is_held(event)
}

fn is_held(event: &ShownEvent) -> bool {
    event.text("/action") == "capture.recorded" && (event.withheld.is_some() || event.said("/state") == Some("held"))
}

/// What an event is about.
pub fn thing(event: &ShownEvent, things: &HashMap<String, NamedThing>, names: &HashMap<String, String>) -> NamedThing {
    let (kind, id) = (event.text("/object/type"), event.text("/object/id"));
    if let ("case", Some(part)) = (kind, part_of_case(event.text("/action"))) {
        let (name, address) = (part.to_owned(), None);
        return NamedThing { name, address };
    }
    if let Some(known) = things.get(id) {
        return known.clone();
    }
    let name = match (kind, event.said("/user/name").or(names.get(id).map(String::as_str))) {
        ("user" | "grant", Some(name)) => line(name),
        _ => label(kind),
    };
    NamedThing { name, address: None }
}

/// What of a case was looked at, where that is not the case itself.
fn part_of_case(action: &str) -> Option<&'static str> {
    match action {
        "captures.listed" => Some("Items"),
        "custody.viewed" => Some("Custody"),
        "packet.viewed" => Some("Packets"),
        _ => None,
    }
}

/// The people whom events are about.
pub fn people(events: &[ShownEvent]) -> Vec<String> {
    let of_people = events.iter().filter(|event| event.text("/object/type") == "user");
    of_people.map(|event| event.text("/object/id").to_owned()).collect()
}

/// What happened to it.
pub fn verb(event: &ShownEvent) -> String {
    let action = event.text("/action");
    let said = match action {
        "capture.recorded" if is_held(event) => "recorded, held",
        "capture.annotated" => "noted",
        "capture.reviewed" => match event.said("/outcome") {
            Some("accurate") => "reviewed, accurate",
            Some("returned") => "reviewed, returned",
            _ => "reviewed",
        },
        "capture.examination_requested" => "another reading of the files asked for",
        "capture.examined" => "files read for what they say of themselves",
        "capture.verified" => match event.said("/verdict") {
            Some("passed") => "hash checked, passed",
            Some("failed") => "hash checked, failed",
            _ => "hash checked",
        },
        "member.added" => "became a member",
        "member.removed" => "is no member any more",
        "grant.given" if event.said("/user/name").is_some() => "was given access",
        "grant.ended" if event.said("/user/name").is_some() => "has no access any more",
        "packet.requested" => "asked for",
        "packet.issued" => "made",
        "disclosure.linked" => "made",
        "preview.viewed" => "preview seen",
        "file.viewed" => "file opened",
        "file.downloaded" => "file taken out",
        "custody.viewed" if event.text("/object/type") != "case" => "custody viewed",
        "access.refused" => "refused",
        _ => "",
    };
    if !said.is_empty() {
        return said.to_owned();
    }
    let verb = action.split_once('.').map_or(action, |(_, verb)| verb);
    verb.replace(['-', '_'], " ")
}

/// What the record says of it beside that, where the reader may read it.
pub fn about(event: &ShownEvent, zone: Zone) -> String {
    let parts: Vec<String> = match event.text("/action") {
        "capture.recorded" => vec![worded(event, "/kind"), worded(event, "/platform"), basis(event)],
        "authorization.requested" | "authorization.approved" => {
            vec![worded(event, "/level"), listed(event, "/platforms"), why(event)]
        }
        "grant.given" => vec![listed(event, "/rights"), chosen(event), until(event, zone), why(event)],
        "case.changed" | "case.lead_accepted" => vec![lead(event), why(event)],
        "case.lead_proposed" => vec![plain(event, "/proposed_lead/name"), why(event)],
        "packet.requested" => vec![plain(event, "/recipient")],
        "exhibit_list.saved" => vec![plain(event, "/name")],
        "evidence_request.made" => vec![plain(event, "/due_on"), plain(event, "/what")],
        "evidence_request.answered" | "evidence_request.declined" => vec![plain(event, "/ending/text")],
        "notice.given" => vec![plain(event, "/to"), plain(event, "/means")],
        "notice.answered" => vec![plain(event, "/to"), answered(event)],
        "packet.disclosed" => vec![plain(event, "/to"), plain(event, "/agency")],
        "disclosure.acknowledged" => vec![plain(event, "/name"), plain(event, "/capacity")],
        "disclosure.refused" => vec![plain(event, "/to"), worded(event, "/why")],
        action if action.starts_with("disclosure.") => vec![plain(event, "/to")],
        "preview.viewed" | "file.viewed" | "file.downloaded" => vec![digest(event)],
        "account.added" | "account.changed" | "account.renamed" => vec![worded(event, "/platform"), why(event)],
        "access.refused" => vec![worded(event, "/answer"), act(event)],
        _ => vec![
            Some(why(event))
                .filter(|why| !why.is_empty())
                .unwrap_or_else(|| first(event, &["/note", "/text", "/disposition"])),
        ],
    };
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join(", ")
}

fn worded(event: &ShownEvent, path: &str) -> String {
    event
        .said(path)
        .map(|word| label(&word.replace('-', "_")).to_lowercase())
        .unwrap_or_default()
}

fn plain(event: &ShownEvent, path: &str) -> String {
    event.said(path).map(|text| short(text, SHORT)).unwrap_or_default()
}

/// Why it happened, where somebody said.
fn why(event: &ShownEvent) -> String {
    let record = event.record.as_ref();
    let said = record.and_then(|record| reason_of(event.text("/action"), record));
    said.map(|text| short(text, SHORT)).unwrap_or_default()
}

fn first(event: &ShownEvent, paths: &[&str]) -> String {
    let found = paths.iter().map(|path| plain(event, path));
    found.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// Of how many captures a grant is, where it is not of the whole case.
fn chosen(event: &ShownEvent) -> String {
    let captures = event.record.as_ref().and_then(|record| record["captures"].as_array());
    captures
        .map(|all| chosen_captures(all.len() as i64))
        .unwrap_or_default()
}

fn listed(event: &ShownEvent, path: &str) -> String {
    let found = event
        .record
        .as_ref()
        .and_then(|record| record.pointer(path)?.as_array());
    let words: Vec<&str> = found.into_iter().flatten().filter_map(Value::as_str).collect();
    line(&words.join(", "))
}

/// What was answered to a notice.
fn answered(event: &ShownEvent) -> String {
    let objection = event
        .record
        .as_ref()
        .and_then(|record| record.pointer("/answer/objection")?.as_bool());
    match objection {
        Some(true) => "objection received".to_owned(),
        Some(false) => "no objection".to_owned(),
        None => String::new(),
    }
}

fn basis(event: &ShownEvent) -> String {
    match event.said("/basis/kind") {
        Some("authorization") => "covered by an authorization".to_owned(),
        Some(kind) => format!("basis {}", label(kind).to_lowercase()),
        None => String::new(),
    }
}

/// What was refused, such as `CaseRead`, in words.
fn act(event: &ShownEvent) -> String {
    let mut words = String::new();
    for letter in event.said("/act").unwrap_or_default().chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    line(&words)
}

/// Which file of an item was looked at.
fn digest(event: &ShownEvent) -> String {
    let sha256 = event.said("/sha256").and_then(|sha256| sha256.get(..12));
    sha256.map(|start| format!("SHA-256 {start} …")).unwrap_or_default()
}

/// Who leads the case after a change.
fn lead(event: &ShownEvent) -> String {
    let name = plain(event, "/lead/name");
    match name.is_empty() {
        true => name,
        false => format!("lead {name}"),
    }
}

fn until(event: &ShownEvent, zone: Zone) -> String {
    event
        .said("/until")
        .map(|at| format!("until {}", zone.told(at).shown()))
        .unwrap_or_default()
}
