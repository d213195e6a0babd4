//! Saving an exhibit list.

use std::collections::{HashMap, HashSet};

use super::model::{ExhibitList, ListChange, NewExhibitList};
use super::{numbers, store};
use crate::clock::Timestamp;
use crate::db::canonical;
use crate::error::{Error, FieldError, Result};
use crate::gate::{Recorded, Tx};
use crate::ledger::Action;
use crate::versions::SeenVersions;

/// Bytes of a list's record.
const RECORD: usize = 1_000_000;
/// The object of a list's events.
pub const NOUN: &str = "exhibit_list";

/// Saves a new list.
pub fn add(tx: &mut Tx<'_>, new: &NewExhibitList) -> Result<Recorded<ExhibitList>> {
    let empty = ExhibitList {
        id: tx.new_id(),
        case_id: tx.case_id()?,
        version: 0,
        name: new.name.clone(),
        purpose: new.purpose,
        scheme: Default::default(),
        exhibits: Vec::new(),
        excluded: Vec::new(),
        schedule: Vec::new(),
        created_at: Timestamp(tx.now),
        changed_at: Timestamp(tx.now),
        changed_by: tx.me(),
        reason: None,
    };
    save(tx, new.content.apply(empty))
}

/// Saves a list's next version.
pub fn change(tx: &mut Tx<'_>, id: &str, seen: &SeenVersions, change: &ListChange) -> Result<Recorded<ExhibitList>> {
    let before = store::list(tx.conn, &tx.case_id()?, id)?;
    seen.check(before.version)?;
    save(tx, change.apply(before))
}

fn save(tx: &mut Tx<'_>, list: ExhibitList) -> Result<Recorded<ExhibitList>> {
    let mut list = ExhibitList {
        changed_at: Timestamp(tx.now),
        changed_by: tx.me(),
        ..list
    };
    let mut errors = wrong_captures(tx, &list)?;
    errors.extend(numbers::sides(tx.conn, &list)?);
    errors.extend(numbers::settle(tx.conn, &mut list)?);
    FieldError::refuse(errors)?;
    let bytes = canonical(&list)?.len();
    if bytes > RECORD {
        let message = format!(
            "makes the list {bytes} bytes long, and at most {RECORD} are kept: shorten titles and descriptions, or make two lists"
        );
        return Err(Error::field("exhibits", "too_long", message));
    }
    let made = tx.record(Action::ExhibitListSaved, (NOUN, &list.id), list.version, &list)?;
    store::save(tx.conn, &list, &made.leaf)?;
    Ok(made.answering(list))
}

/// Captures of another case, and those that stand in two places of the list.
fn wrong_captures(tx: &mut Tx<'_>, list: &ExhibitList) -> Result<Vec<FieldError>> {
    let named: Vec<(String, &str)> = named(list).collect();
    let ids: Vec<&str> = named.iter().map(|(_, id)| *id).collect();
    let known = store::items(tx.conn, &list.case_id, &ids)?;
    let unknown = named.iter().filter(|(_, id)| !known.contains_key(*id));
    let message = "is no capture of this case: check the id";
    let mut errors: Vec<FieldError> = unknown
        .map(|(field, _)| FieldError::new(field, "unknown", message))
        .collect();
    let mut places: HashMap<&str, &str> = HashMap::new();
    let exhibits: HashSet<&str> = list.exhibits.iter().map(|row| row.capture.as_str()).collect();
    for (field, id) in &named {
        // A capture may be left out with a reason and described, and so stand in both of those lists.
        let list_name = field.split('[').next().unwrap_or_default();
        let twice = places.insert(id, field).filter(|first| first.starts_with(list_name));
        if let Some(first) = twice {
            let message = format!("stands at {first} too: take one of them out");
            errors.push(FieldError::new(field, "unique", message));
        } else if list_name != "exhibits" && exhibits.contains(id) {
            let message = "is an exhibit of this list: take it out of one of them";
            errors.push(FieldError::new(field, "unique", message));
        }
    }
    Ok(errors)
}

/// The captures that a list names, each with its field.
fn named(list: &ExhibitList) -> impl Iterator<Item = (String, &str)> {
    let exhibits = list.exhibits.iter().map(|row| row.capture.as_str()).enumerate();
    let excluded = list.excluded.iter().map(|row| row.capture.as_str()).enumerate();
    let schedule = list.schedule.iter().map(|row| row.capture.as_str()).enumerate();
    let field = |of: &'static str| move |(i, id)| (format!("{of}[{i}].capture"), id);
    let others = excluded.map(field("excluded")).chain(schedule.map(field("schedule")));
    exhibits.map(field("exhibits")).chain(others)
}
