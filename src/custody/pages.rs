//! The pages of the ledger: the custody of a case, and for auditors the agency's events and the state of the log.

mod log;
mod search;

use std::collections::HashMap;

use askama::Template;
use serde_json::Value;

use super::reads::{self, ShownEvent};
use crate::cases::{CasePage, Tab};
use crate::error::Result;
use crate::http::PathId;
use crate::http::pages::{self, Frame, PageRequest};
use crate::http::paging::{Listed, Page};
use crate::http::reply::Reply;
use crate::text::{Moment, Zone, label, line};
use crate::users;

pub(super) use log::log;
pub(super) use search::ledger;

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

#[derive(Template)]
#[template(path = "custody/pages/case.html")]
struct CustodyPage {
    frame: Frame,
    page: CasePage,
    events: Vec<EventLine>,
    next: Option<String>,
}

pub(super) async fn of_case(case: PathId, page: PageRequest) -> Reply {
    pages::show(&CustodyPage::of(&page, case.0).await?, None)
}

impl CustodyPage {
    async fn of(page: &PageRequest, case: String) -> Result<Self> {
        let query = Page::read(&page.req, &[])?;
        let (frame, case_page) = CasePage::of(page, &case, Tab::Custody).await?;
        let found = reads::of_case(&page.app.gate, &page.ctx, case, &query).await?;
        let (events, next) = lines(page, &query, found, case_page.zone).await?;
        Ok(Self {
            frame,
            page: case_page,
            events,
            next,
        })
    }
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
