//! The agency's events as an auditor searches them: identifiers alone, no text, no title, no name of a file.

use std::collections::HashMap;

use askama::Template;
use serde_json::Value;

use super::actors;
use crate::clock::{self, DAY, Micros};
use crate::custody::api;
use crate::custody::reads::{self, ShownEvent};
use crate::error::{Error, Kind, Result};
use crate::forms::is_day;
use crate::http::pages::{self, FormView, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::ledger::Action;
use crate::ledger::read::EventKind;
use crate::lookalike::fold;
use crate::text::{Moment, Zone, label, line};
use crate::users;

/// An event that was found.
struct FoundEvent {
    at: Moment,
    action: String,
    refused: bool,
    who: String,
    /// The person's id, for everything else they did; none for jobs, operators and strangers.
    person: Option<String>,
    role: String,
    object_type: String,
    object: String,
    /// The number of the case or the item, or the name of the person, that the event is about.
    name: Option<String>,
    kind: &'static str,
    /// The case whose stream it stands in.
    case: Option<String>,
    /// Its number.
    case_number: Option<String>,
    /// Its place in the tree.
    index: Option<i64>,
    leaf: String,
}

impl FoundEvent {
    /// `names`: of people, cases and items, by their ids.
    fn of(event: &ShownEvent, names: &HashMap<String, String>) -> Self {
        let text = |path: &str| event.event.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let (actor, stream, action) = (text("/actor/id"), text("/stream"), text("/action"));
        let (kind, case) = match stream.split_once(':') {
            Some(("case", id)) => (EventKind::Case.as_str(), Some(id.to_owned())),
            Some((_, id)) => (EventKind::Access.as_str(), Some(id.to_owned())),
            None => (EventKind::Agency.as_str(), None),
        };
        let role = match text("/actor/role") {
            "" => text("/actor/kind"),
            role => role,
        };
        Self {
            at: Zone::named(None).told(text("/at")),
            refused: action.ends_with(".refused"),
            action: label(&action.replace('.', " ")),
            who: line(names.get(actor).map_or(actor, String::as_str)),
            person: (text("/actor/kind") == "person").then(|| actor.to_owned()),
            role: label(role),
            object_type: line(text("/object/type")),
            object: line(text("/object/id")),
            name: names.get(text("/object/id")).map(|name| line(name)),
            kind,
            case_number: case.as_ref().and_then(|id| names.get(id)).map(|number| line(number)),
            case,
            index: event.index,
            leaf: event.leaf.to_string()[..12].to_owned(),
        }
    }
}

impl FoundEvent {
    /// Whether it is about no single thing.
    fn is_agency(&self) -> bool {
        self.object == "agency"
    }
}

/// A filter that is set: its words, and the address of the search without it.
struct SearchChip {
    words: String,
    without: String,
}

#[derive(Template)]
#[template(path = "custody/pages/ledger.html")]
struct LedgerPage {
    frame: Frame,
    events: Vec<FoundEvent>,
    next: Option<String>,
    chips: Vec<SearchChip>,
    /// The person whose events are shown, and their name.
    person: Option<(String, String)>,
    actions: Vec<String>,
    kinds: Vec<(&'static str, &'static str)>,
    form: FormView,
}

pub(in crate::custody) async fn ledger(page: PageRequest) -> Reply {
    let shown = LedgerPage::of(&page).await?;
    pages::show(&shown, Some(&shown.form))
}

/// What stands before the person in the filter of a search.
const WHO: &str = "Who: ";

/// The kinds of events in words.
const KINDS: [(&str, &str); 6] = [
    ("", "All events"),
    (EventKind::Seen.as_str(), "What was seen, refused or taken out"),
    (EventKind::Refused.as_str(), "Refusals: cases, sign-ins, uploads"),
    (EventKind::Case.as_str(), "Cases: what changed, what left"),
    (EventKind::Access.as_str(), "Cases: views and refusals"),
    (EventKind::Agency.as_str(), "The agency: people, sessions, installation"),
];

impl LedgerPage {
    async fn of(page: &PageRequest) -> Result<Self> {
        let query = Page::read(&page.req, api::FILTERS)?.without_empty();
        let mut shown = Self {
            frame: page.frame("Events", Nav::Ledger).await?,
            events: Vec::new(),
            next: None,
            chips: chips(&query),
            person: None,
            actions: Action::ALL
                .iter()
                .map(|a| label(&a.as_str().replace('.', " ")))
                .collect(),
            kinds: KINDS.to_vec(),
            form: FormView::of(query.filters.iter().map(|(name, value)| (name.as_str(), value.clone()))),
        };
        match shown.find(page, &query).await {
            Err(e) if e.kind == Kind::Invalid => shown.form = shown.form.with(&e),
            found => found?,
        }
        Ok(shown)
    }

    async fn find(&mut self, page: &PageRequest, query: &Page) -> Result<()> {
        let search = api::search(&by_words(page, query).await?)?;
        let actor = search.actor.clone();
        let found = reads::of_agency(&page.app.gate, &page.ctx, search).await?;
        let about = things(&found);
        let people = actors(&found).into_iter().chain(actor.clone()).chain(about.clone());
        let mut names = users::names(&page.app.gate, &page.ctx, people.collect()).await?;
        names.extend(reads::numbers(&page.app.gate, &page.ctx, about).await?);
        self.person = actor.and_then(|id| Some((id.clone(), line(names.get(&id)?))));
        if let Some((_, name)) = &self.person {
            let who = self.chips.iter_mut().find(|chip| chip.words.starts_with(WHO));
            who.into_iter().for_each(|chip| chip.words = format!("{WHO}{name}"));
        }
        let listed = Listed::of(found, query, reads::place, |event| FoundEvent::of(&event, &names));
        self.next = listed.next.map(|next| query.next_address("/ledger", &next));
        self.events = listed.items;
        Ok(())
    }
}

/// A search as a person types it: a colleague by user name, an action in the words that the list shows, whole days.
async fn by_words(page: &PageRequest, query: &Page) -> Result<Page> {
    let mut plain = query.clone();
    for (name, value) in &mut plain.filters {
        let typed = value.trim().to_owned();
        *value = match name.as_str() {
            "actor" => {
                let known = users::id_of(&page.app.gate, &page.ctx, fold(&typed)).await?;
                known.unwrap_or(typed)
            }
            "case" | "object" => {
                let known = reads::id_of(&page.app.gate, &page.ctx, typed.clone()).await?;
                known.unwrap_or(typed)
            }
            "action" => typed.to_lowercase().replace(' ', "."),
            "from" => day(name, &typed, 0)?,
            "to" => day(name, &typed, DAY)?,
            _ => typed,
        };
    }
    let at = |name: &str| plain.filters.iter().find(|(known, _)| known == name).map(|(_, at)| at);
    match (at("from"), at("to")) {
        (Some(from), Some(to)) if to < from => Err(Error::field("to", "after_start", "must not lie before From")),
        _ => Ok(plain),
    }
}

/// The cases, items and people that events are about.
fn things(events: &[ShownEvent]) -> Vec<String> {
    let of_event = |event: &ShownEvent| {
        let text = |path: &str| event.event.pointer(path).and_then(Value::as_str).map(str::to_owned);
        let case = text("/stream").and_then(|stream| Some(stream.split_once(':')?.1.to_owned()));
        [text("/object/id"), case]
    };
    events.iter().flat_map(of_event).flatten().collect()
}

/// The first moment of a day, or of the day after it; a time stays as it is.
fn day(field: &str, typed: &str, later: Micros) -> Result<String> {
    let begins = clock::parse(&format!("{typed}T00:00:00Z")).filter(|_| is_day(typed));
    match (begins, clock::parse(typed)) {
        (Some(at), _) => Ok(clock::format(at + later)),
        (None, Some(_)) => Ok(typed.to_owned()),
        (None, None) => Err(Error::field(field, "date", "must be a day such as 2026-11-22")),
    }
}

fn chips(query: &Page) -> Vec<SearchChip> {
    let words = |name: &str, value: &str| match name {
        "actor" => format!("{WHO}{}", line(value)),
        "action" => format!("What: {}", label(&value.replace('.', " "))),
        "object" => format!("About: {}", line(value)),
        "case" => format!("Case: {}", line(value)),
        "kind" => KINDS
            .iter()
            .find(|(word, _)| *word == value)
            .map_or_else(|| line(value), |(_, words)| (*words).to_owned()),
        "from" => format!("From {}", line(value)),
        _ => format!("To {}", line(value)),
    };
    let set = query.filters.iter();
    set.map(|(name, value)| SearchChip {
        words: words(name, value),
        without: query.address_without("/ledger", name),
    })
    .collect()
}
