//! What happened, event by event: to an exhibit or an authorization, and in the case as a whole.

use std::borrow::Cow;

use askama::Template;

use super::actor::EventActor;
use super::handed::EarlierDisclosure;
use super::story::{CapturePlace, PacketStory, TrailEvent};
use super::words;
use crate::proof::Digest;
use crate::proof::event::{self, EventRef};
use crate::proof::packet::Exhibit;
use crate::text::{Fact, Moment, label, line};

/// Who did something, as what.
pub(super) struct ActorView {
    pub who: String,
    /// Whether the server did it by itself.
    pub by_job: bool,
    pub as_what: String,
}

impl ActorView {
    fn new(story: &PacketStory, actor: &EventActor) -> Self {
        Self {
            who: story.who(actor),
            by_job: &*actor.kind == "job",
            as_what: actor.role.as_deref().map(label).unwrap_or_default(),
        }
    }
}

/// An event in the trail of an exhibit or an authorization.
pub(super) struct TrailView<'s> {
    pub at: Moment,
    pub by: ActorView,
    pub action: String,
    pub leaf: Digest,
    pub details: Cow<'s, [Fact]>,
}

pub(super) fn trail<'s>(story: &'s PacketStory, id: &str) -> Vec<(u64, TrailView<'s>)> {
    let told = story.trails.get(id).map(Vec::as_slice).unwrap_or_default();
    let view = |event: &'s TrailEvent| {
        let view = TrailView {
            at: story.zone.at(event.at),
            by: ActorView::new(story, &event.actor),
            action: words::action(&event.action),
            leaf: event.leaf,
            details: Cow::Borrowed(event.details.as_slice()),
        };
        (event.seq, view)
    };
    told.iter().map(view).collect()
}

/// What happened to an exhibit, and the copies that were made of it, in order.
pub(super) fn exhibit_trail<'s>(story: &'s PacketStory, exhibit: &Exhibit) -> Vec<TrailView<'s>> {
    let copies = story.copies.get(&exhibit.capture).into_iter().flatten();
    let copies = copies.map(|copy| {
        let view = TrailView {
            at: story.zone.at(copy.at),
            by: ActorView::new(story, &copy.actor),
            action: copy.made(),
            leaf: copy.leaf,
            details: Cow::Owned(vec![Fact::new("Copy", copy.told(exhibit))]),
        };
        (copy.seq, view)
    });
    let mut all: Vec<_> = trail(story, &exhibit.capture).into_iter().chain(copies).collect();
    all.sort_by_key(|(seq, _)| *seq);
    all.into_iter().map(|(_, view)| view).collect()
}

/// An event's row in the custody.
#[derive(Template)]
#[template(path = "page/custody_row.html")]
pub(super) struct CustodyRow {
    seq: u64,
    at: Moment,
    by: ActorView,
    action: String,
    object: String,
    leaf: Digest,
}

impl CustodyRow {
    pub fn new(story: &PacketStory, (actor, event): (&EventActor, &EventRef<'_>), line: &[u8]) -> Self {
        Self {
            seq: event.seq,
            at: story.zone.at(event.at),
            by: ActorView::new(story, actor),
            action: words::action(&event.action),
            object: object(story, &event.object_type, &event.object_id),
            leaf: event::leaf(line),
        }
    }
}

fn object(story: &PacketStory, kind: &str, id: &str) -> String {
    match kind {
        "capture" => capture(story, id),
        "derivative" => match story.copied.get(id) {
            Some(of) => format!("a copy of {}", capture(story, of)),
            None => "a copy of a capture".into(),
        },
        "authorization" => match story.authorizations.get(id) {
            Some(number) => format!("authorization no. {number}"),
            None => "an authorization".into(),
        },
        "case" => "the case".into(),
        "user" => story.person(id).unwrap_or_else(|| format!("user {}", line(id))),
        "grant" => match story.person(id) {
            Some(name) => format!("access of {name}"),
            None => "access to the case".into(),
        },
        "packet" => packet(story, id),
        "disclosure_link" => "a link to a packet".into(),
        "acknowledgement" => "a receipt for a packet".into(),
        "notice" => "a notice about a packet".into(),
        "impeachment_flag" => "a flag on what may impeach a witness".into(),
        "alias_disclosure" => "an alias that a supervisor included".into(),
        "recusal" => "a supervisor’s recusal".into(),
        "exhibit_list" => "an exhibit list (working paper)".into(),
        "evidence_request" => "a request to those who work on the case (working paper)".into(),
        "subject" | "account" => match story.things.get(id) {
            Some(name) => format!("{kind} {}", line(name)),
            None => format!("{} {kind}", if kind == "account" { "an" } else { "a" }),
        },
        other => format!("{} {}", line(other), line(id)),
    }
}

fn capture(story: &PacketStory, id: &str) -> String {
    let Some(CapturePlace { item, status, exhibit }) = story.captures.get(id) else {
        return "a capture".into();
    };
    match (exhibit, story.numbers.get(id)) {
        (Some(_), Some(number)) => format!("item {item}, exhibit {}", line(number)),
        (Some(exhibit), None) => format!("item {item}, exhibit {exhibit:03}"),
        (None, _) => format!("item {item} ({})", label(status).to_lowercase()),
    }
}

fn packet(story: &PacketStory, id: &str) -> String {
    let earlier = story.head.supplement_of.as_ref().filter(|earlier| earlier.id == id);
    match earlier {
        Some(earlier) => format!("the packet to which this one adds, {}", line(&earlier.name)),
        None if story.head.id == id => "this packet".into(),
        None => match story.handed.iter().find(|handed| handed.packet == id) {
            Some(EarlierDisclosure { name: Some(name), .. }) => format!("an earlier packet, {}", line(name)),
            _ => "another packet of the case".into(),
        },
    }
}
