//! What did not go by the book, or was changed: told alike by the page and the papers.

use std::collections::HashSet;

use serde_json::Value;

use super::examined::examined;
use super::impeachment::{FlagCleared, ImpeachmentTold};
use super::records::{list, said};
use super::story::{PacketStory, ReviewEnd, TrailEvent};
use crate::clock::{self, Micros};
use crate::proof::packet::Exhibit;
use crate::text::label;

/// One of them.
pub struct ExceptionTold<'s> {
    /// What it is called.
    pub kind: String,
    /// When it came about.
    pub at: Option<Micros>,
    pub what: String,
    /// Why, each in a sentence.
    pub why: Vec<String>,
    pub answer: ExceptionAnswer<'s>,
}

/// What was said to it.
pub enum ExceptionAnswer<'s> {
    /// It needs none.
    Unneeded,
    /// Nothing yet.
    Awaited(&'static str),
    /// A decision, or the next review.
    Event(&'s TrailEvent),
    /// A prosecutor cleared the flag.
    Cleared(&'s FlagCleared),
}

/// Whether a supervisor decides by this on what nothing covered.
fn is_decision(action: &str) -> bool {
    matches!(
        action,
        "capture.ratified" | "capture.confirmed" | "capture.repudiated" | "capture.accepted"
    )
}

/// The mark that an event leaves on an exhibit.
fn mark(action: &str) -> Option<&'static str> {
    Some(match action {
        "capture.ratified" => "Exception, ratified afterwards",
        "capture.confirmed" => "Emergency, confirmed",
        "capture.repudiated" => "Emergency, not confirmed",
        "capture.accepted" => "Held, then accepted",
        "capture.corrected" => "Corrected",
        _ => return None,
    })
}

/// A rule of coverage, as people call it.
pub fn rule(word: &str) -> String {
    match word {
        "window" => "Time".into(),
        other => label(other),
    }
}

fn trail<'s>(story: &'s PacketStory, exhibit: &Exhibit) -> &'s [TrailEvent] {
    story.trails.get(&exhibit.capture).map_or(&[], Vec::as_slice)
}

fn flags_of<'s>(story: &'s PacketStory, exhibit: &Exhibit) -> impl Iterator<Item = &'s ImpeachmentTold> {
    let flags = story.impeachment.get(&exhibit.capture);
    flags.into_iter().flat_map(|flags| flags.values())
}

/// What one sees of an exhibit at once: what became of it, and what stands against it.
pub fn marks(story: &PacketStory, exhibit: &Exhibit) -> Vec<String> {
    let (record, trail) = (exhibit.told(), trail(story, exhibit));
    let since = exhibit
        .since
        .as_deref()
        .map(|since| format!("{} since the earlier packet", label(since)));
    let mut marks = Vec::from_iter(since);
    for event in trail {
        let mark = mark(&event.action).map(str::to_owned);
        marks.extend(mark.filter(|mark| !marks.contains(mark)));
    }
    let reviewed = trail.iter().rev().find_map(TrailEvent::review);
    marks.extend(reviewed.map(|end| end.says().to_owned()));
    let decided = trail.iter().any(|event| is_decision(&event.action));
    match said(record, "/basis/kind") {
        Some("exception") if !decided => marks.insert(0, "Exception".into()),
        Some("emergency") if !decided => marks.insert(0, "Emergency, not decided".into()),
        _ => {}
    }
    let examination = exhibit.examination.as_ref().map_or(&Value::Null, |shown| &shown.record);
    if examined(examination, |_| None)
        .iter()
        .any(|file| !file.flags.is_empty())
    {
        marks.push("Flagged when its file was read".into());
    }
    if unjudged(record).next().is_some() {
        marks.push("Coverage in part not judged".into());
    }
    if flags_of(story, exhibit).next().is_some() {
        marks.push("Impeachment flag".into());
    }
    marks.extend(flags(exhibit).map(|(flag, _)| label(flag)));
    if exhibit.redactions.is_some() {
        marks.insert(0, "Redacted".into());
    } else if exhibit.files.iter().any(|file| file.path.is_none()) {
        marks.push("Hash only".into());
    }
    marks
}

/// Rules of coverage that compare a capture with the authorization on which it rests, and could not.
fn unjudged(record: &Value) -> impl Iterator<Item = &Value> {
    let by_leave = said(record, "/basis/kind") == Some("authorization");
    let is_compared = |rule: &Value| matches!(rule["rule"].as_str(), Some("account" | "platform" | "level" | "device"));
    let rules = list(record, "coverage").iter();
    rules.filter(move |rule| by_leave && is_compared(rule) && rule["passed"].is_null())
}

/// Flags of an exhibit that are told one by one. There are a dozen words; a packet may hold any.
const FLAGS: usize = 100;

/// Its flags, and whether a correction set each.
fn flags(exhibit: &Exhibit) -> impl Iterator<Item = (&str, bool)> {
    let words = |record| list(record, "flags").iter().filter_map(Value::as_str);
    let first: HashSet<&str> = words(exhibit.told()).collect();
    let now = exhibit.current.iter().flat_map(move |now| words(&now.record));
    let since = now.filter(move |flag| !first.contains(flag));
    let all = words(exhibit.told()).map(|flag| (flag, false));
    all.chain(since.map(|flag| (flag, true))).take(FLAGS)
}

/// All of an exhibit.
pub fn of_exhibit<'s>(story: &'s PacketStory, exhibit: &Exhibit) -> Vec<ExceptionTold<'s>> {
    let (record, trail) = (exhibit.told(), trail(story, exhibit));
    let received = said(record, "/received_at").and_then(clock::parse);
    let told = |kind: String, what: &str| ExceptionTold {
        kind,
        at: received,
        what: what.to_owned(),
        why: Vec::new(),
        answer: ExceptionAnswer::Unneeded,
    };
    let mut all = Vec::new();
    let uncovered = match said(record, "/basis/kind") {
        Some("exception") => Some(("Exception", "No authorization covered this capture.")),
        Some("emergency") => Some(("Emergency", "Captured under an emergency, without an authorization.")),
        _ => None,
    };
    if let Some((kind, what)) = uncovered {
        let decision = trail.iter().find(|event| is_decision(&event.action));
        all.push(ExceptionTold {
            why: failed(story, exhibit),
            answer: decision.map_or(ExceptionAnswer::Awaited("None yet"), ExceptionAnswer::Event),
            ..told(kind.into(), what)
        });
    } else {
        let why: Vec<String> = unjudged(record).map(|row| ruled(story, row)).collect();
        if !why.is_empty() {
            let what = "In this the capture could not be compared with the leave on which it rests.";
            all.push(ExceptionTold {
                why,
                ..told("Coverage in part not judged".into(), what)
            });
        }
    }
    let corrected = trail.iter().rev().find(|event| &*event.action == "capture.corrected");
    let corrected_at = corrected.map(|event| event.at);
    if let Some(at) = corrected_at {
        let now = exhibit.current.as_ref();
        let reason = now.and_then(|now| said(&now.record, "/correction/reason"));
        let what = "The record was corrected. The first version stays and is what coverage was judged on.";
        all.push(ExceptionTold {
            at: Some(at),
            why: vec![reason.map_or(NOT_SHOWN.to_owned(), |reason| format!("Reason: {reason}"))],
            ..told("Correction".into(), what)
        });
    }
    all.extend(returned(trail));
    all.extend(flags_of(story, exhibit).map(impeachment));
    all.extend(flags(exhibit).map(|(flag, since)| {
        let what = match (flag, since, exhibit.redactions.is_some()) {
            ("corrected_beyond", ..) => {
                "As it was corrected, it goes beyond the leave or the decision on which it rests."
            }
            (_, true, _) => "Flag set when it was corrected.",
            (_, false, true) => "Flag of its record.",
            (_, false, false) => "Flag set when it was received.",
        };
        ExceptionTold {
            at: if since { corrected_at } else { received },
            ..told(label(flag), what)
        }
    }));
    let found = trail.iter().rev().find(|event| &*event.action == "capture.examined");
    let examination = exhibit.examination.as_ref().map_or(&Value::Null, |shown| &shown.record);
    for (n, file) in (1..).zip(examined(examination, |_| None)) {
        all.extend(file.flags.into_iter().map(|flag| {
            let why = flag.value.trim_end().trim_end_matches('.');
            ExceptionTold {
                at: found.map_or(received, |event| Some(event.at)),
                ..told(
                    flag.label,
                    &format!("File {n}: {why}. Found when a program read the file."),
                )
            }
        }));
    }
    all
}

/// Authorizations that were approved against a check; flags on witnesses, and on captures that are no exhibits here.
pub fn of_case(story: &PacketStory) -> impl Iterator<Item = ExceptionTold<'_>> {
    let is_exhibit = |id: &String| story.captures.get(id).is_some_and(|place| place.exhibit.is_some());
    let others = story.impeachment.iter().filter(move |(id, _)| !is_exhibit(id));
    let against = story.against.iter().map(|one| ExceptionTold {
        kind: "Approved against a check".into(),
        at: one.at,
        what: format!(
            "Authorization no. {} was approved although a check of the agency’s policy asked for a reason.",
            one.number
        ),
        why: one.why.clone(),
        answer: ExceptionAnswer::Unneeded,
    });
    against.chain(others.flat_map(|(_, flags)| flags.values().map(impeachment)))
}

fn impeachment(flag: &ImpeachmentTold) -> ExceptionTold<'_> {
    let awaited = ExceptionAnswer::Awaited("Not cleared by a prosecutor");
    ExceptionTold {
        kind: "Impeachment flag".into(),
        at: flag.at(),
        what: flag.says(),
        why: vec![flag.reason()],
        answer: flag.cleared().map_or(awaited, ExceptionAnswer::Cleared),
    }
}

/// Each review that returned it, with the next one, if any.
fn returned(trail: &[TrailEvent]) -> impl Iterator<Item = ExceptionTold<'_>> {
    let reviews: Vec<&TrailEvent> = trail.iter().filter(|event| event.review().is_some()).collect();
    (0..reviews.len()).filter_map(move |place| {
        let event = reviews[place];
        let next = reviews.get(place + 1);
        let said = event.details.iter().filter(|fact| fact.label != "Outcome");
        (event.review() == Some(ReviewEnd::Returned)).then(|| ExceptionTold {
            kind: "Returned in review".into(),
            at: Some(event.at),
            what: "A second person reviewed its accuracy and returned it.".into(),
            why: said.map(|fact| fact.value.clone()).collect(),
            answer: next.map_or(ExceptionAnswer::Awaited("Not reviewed again"), |next| {
                ExceptionAnswer::Event(next)
            }),
        })
    })
}

/// What stands in the place of a reason whose record is withheld.
const NOT_SHOWN: &str = "The reason is withheld with the record.";

/// The rules that did not cover it; where none was judged, the reason given.
fn failed(story: &PacketStory, exhibit: &Exhibit) -> Vec<String> {
    let record = exhibit.told();
    let failed = list(record, "coverage").iter().filter(|rule| rule["passed"] == false);
    let mut told: Vec<String> = failed.map(|row| ruled(story, row)).collect();
    if told.is_empty() {
        told.push(match (said(record, "/basis/reason"), &exhibit.redactions) {
            (Some(reason), _) => format!("Reason given: {reason}"),
            (None, Some(_)) => NOT_SHOWN.to_owned(),
            (None, None) => "Reason given: none".to_owned(),
        });
    }
    told
}

/// A rule and why it came out so; of a redacted exhibit the rule alone is told.
fn ruled(story: &PacketStory, row: &Value) -> String {
    let name = rule(said(row, "/rule").unwrap_or_default());
    match said(row, "/why") {
        Some(why) => format!("{name}: {}", story.zone.in_text(why)),
        None => name,
    }
}
