//! The pages of the ledger: the events of a case, and for auditors the agency's events and the state of the log.

mod log;
mod search;
pub(super) mod trail;

use super::reads::ShownEvent;

pub(super) use log::log;
pub(super) use search::ledger;

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
