//! The pages of the ledger: the events of a case, and for auditors the agency's events and the state of the log.

mod log;
mod search;
pub(super) mod trail;

use std::collections::HashMap;

use serde_json::Value;

use super::reads::ShownEvent;
use crate::error::Result;
use crate::http::pages::PageRequest;
use crate::http::paging::{Listed, Page};
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
