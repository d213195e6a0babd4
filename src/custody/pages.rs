//! The pages of the ledger: the events of a case, and for auditors the state of the log with the agency's events.

pub(super) mod trail;

use std::collections::HashMap;

use askama::Template;
use serde_json::Value;

use super::api;
use super::reads::{self, ShownEvent};
use crate::error::Result;
use crate::http::pages::{self, Frame, Nav, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::ledger::read::EventSearch;
use crate::text::{Moment, Zone, label, line};
use crate::users;

/// An event in a page.
struct EventLine {
    key: i64,
    at: Moment,
    what: String,
    object: String,
    who: String,
    /// Whether a person did it.
    person: bool,
    leaf: String,
}

impl EventLine {
    /// With the names of people, where this page may tell them.
    fn of(event: &ShownEvent, zone: Zone, names: &HashMap<String, String>) -> Self {
        let text = |path: &str| event.event.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let (kind, role, actor) = (text("/actor/kind"), text("/actor/role"), text("/actor/id"));
        let name = names.get(actor).map_or(actor, String::as_str);
        let leaf = event.leaf.to_string();
        Self {
            key: event.key,
            at: zone.told(text("/at")),
            what: label(&text("/action").replace('.', " ")),
            object: format!("{} {}", text("/object/type"), line(text("/object/id"))),
            who: match role {
                "" => line(&format!("{kind} {name}")),
                role => line(&format!("{name}, {role}")),
            },
            person: kind == "person",
            leaf: format!("{} {} … {}", &leaf[..4], &leaf[4..8], &leaf[60..]),
        }
    }
}

/// A search as a person types it: a colleague by user name, an action in the words that the list shows.
async fn by_words(page: &PageRequest, mut search: EventSearch) -> Result<EventSearch> {
    if let Some(actor) = search.actor.take() {
        let known = users::id_of(&page.app.gate, &page.ctx, actor.to_lowercase()).await?;
        search.actor = Some(known.unwrap_or(actor));
    }
    search.action = search
        .action
        .map(|action| action.trim().to_lowercase().replace(' ', "."));
    Ok(search)
}

/// The ids of the people who did these things.
fn actors(events: &[ShownEvent]) -> Vec<String> {
    let ids = events
        .iter()
        .filter_map(|event| event.event.pointer("/actor/id")?.as_str());
    let mut ids: Vec<String> = ids.map(str::to_owned).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Events as a page shows them, and the address of those that follow.
async fn lines(
    page: &PageRequest,
    query: &Page,
    found: Vec<ShownEvent>,
    zone: Zone,
) -> Result<(Vec<EventLine>, Option<String>)> {
    let names = users::names(&page.app.gate, &page.ctx, actors(&found)).await?;
    let shown = |event: ShownEvent| EventLine::of(&event, zone, &names);
    let listed = Listed::of(found, query, |e| e.key.to_string(), shown);
    let next = listed.next.map(|next| query.next_address(page.req.path(), &next));
    Ok((listed.items, next))
}

#[derive(Template)]
#[template(path = "custody/pages/ledger.html")]
struct LedgerPage {
    frame: Frame,
    log: crate::ledger::TreeState,
    signed: u64,
    events: Vec<EventLine>,
    next: Option<String>,
    actor: String,
    action: String,
}

pub(super) async fn ledger(page: PageRequest) -> Reply {
    pages::show(&LedgerPage::of(&page).await?, None)
}

impl LedgerPage {
    async fn of(page: &PageRequest) -> Result<Self> {
        let query = Page::read(&page.req, &["actor", "action", "from", "to"])?.without_empty();
        let search = by_words(page, api::search(&query)?).await?;
        let found = reads::of_agency(&page.app.gate, &page.ctx, search).await?;
        let (events, next) = lines(page, &query, found, Zone::named(None)).await?;
        let (log, signed) = reads::log(&page.app.gate, &page.ctx).await?;
        let typed = |name| query.filter(name).unwrap_or_default().to_owned();
        Ok(Self {
            frame: page.frame("Ledger", Nav::Ledger).await?,
            log,
            signed,
            events,
            next,
            actor: typed("actor"),
            action: typed("action"),
        })
    }
}
