//! Redactions that stand in a packet in the place of what they were made from: how they are asked for, and how the builder
//! finds them. No file of a redacted capture lies in the packet under another exhibit.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pick::Pick;
use super::store;
use super::work::Work;
use crate::captures::{Derivative, derivatives};
use crate::db::AnyConn;
use crate::db::tables::capture_files;
use crate::error::{Error, FieldError, Result};
use crate::forms::{Form, parse_id};
use crate::proof::id::Digest;
use crate::proof::packet::Shown;

/// Redactions that one request may name.
const NAMED: usize = 5_000;

/// A capture that is redacted in a packet, and the redactions that stand in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedRedaction {
    /// The capture.
    pub capture: String,
    /// Ids of the derivatives; what the first tells of the capture's record stands in the record's place.
    pub derivatives: Vec<String>,
}

/// Reads the ids of the redactions that a request names.
pub fn read(form: &mut Form) -> Vec<String> {
    let mut ids = Vec::new();
    for (i, text) in form.texts("redactions", NAMED, 64).iter().enumerate() {
        match parse_id(text) {
            Some(id) => ids.push(id),
            None => form.refuse(&format!("redactions[{i}]"), "uuid", "must be a UUID"),
        }
    }
    ids
}

/// The redactions by capture. Each is of a capture that goes into the packet, and no two are of one file.
pub fn take(
    conn: &mut AnyConn,
    (case, captures): (&str, Option<&[String]>),
    ids: &[String],
) -> Result<Option<Vec<AskedRedaction>>> {
    if ids.is_empty() {
        return Ok(None);
    }
    let known = derivatives::store::named(conn, case, ids)?;
    let of: Vec<String> = known.iter().map(|(made, _)| made.capture.id.clone()).collect();
    let states = store::states_of(conn, case, &of)?;
    let known: HashMap<&str, &Derivative> = known.iter().map(|(made, _)| (made.id.as_str(), made)).collect();
    let (mut asked, mut errors) = (Vec::<AskedRedaction>::new(), Vec::new());
    let mut parents = HashSet::new();
    for (i, id) in ids.iter().enumerate() {
        let refused = |rule: &str, message: String| FieldError::new(format!("redactions[{i}]"), rule, message);
        let Some(made) = known.get(id.as_str()) else {
            errors.push(refused("unknown", "is no redaction of this case: check the id".into()));
            continue;
        };
        let (capture, item) = (&made.capture.id, made.capture.item);
        let leaves = states.get(capture).is_some_and(|state| state.may_leave());
        if !leaves || captures.is_some_and(|all| !all.contains(capture)) {
            let message =
                format!("is of item {item}, which does not go into this packet: take it in, or leave this out");
            errors.push(refused("included", message));
        }
        let parent = made.file.as_ref().map(|file| file.parent);
        if !parents.insert((capture, parent)) {
            let message = format!("is of a file of item {item} that another one here redacts: name one of them");
            errors.push(refused("once", message));
        }
        match asked.iter_mut().find(|row| row.capture == *capture) {
            Some(row) => row.derivatives.push(id.clone()),
            None => asked.push(AskedRedaction {
                capture: capture.clone(),
                derivatives: vec![id.clone()],
            }),
        }
    }
    FieldError::refuse(errors)?;
    if let Some(captures) = captures {
        let redacted: HashSet<&str> = asked.iter().map(|row| row.capture.as_str()).collect();
        let whole = |id: &&String| !redacted.contains(id.as_str());
        if let Some(message) = shown_elsewhere(conn, &redacted, &captures.iter().filter(whole).collect::<Vec<_>>())? {
            return Err(Error::field("redactions", "leak", message));
        }
    }
    Ok(Some(asked))
}

/// Puts the redactions that the request names to their captures.
pub fn put(work: &Work<'_>, picks: &mut [Pick]) -> Result<()> {
    let Some(asked) = &work.request.redactions else {
        return Ok(());
    };
    let ids: Vec<String> = asked.iter().flat_map(|row| row.derivatives.iter().cloned()).collect();
    let rows = work.read(|conn| derivatives::store::records(conn, &work.packet.case_id, &ids))?;
    let mut records: HashMap<String, (Value, Digest)> = rows.into_iter().collect();
    for row in asked {
        let pick = picks.iter_mut().find(|pick| pick.id == row.capture);
        let pick = pick.ok_or_else(|| Error::conflict("a capture that is redacted does not go into the packet"))?;
        let shown = row.derivatives.iter().map(|id| {
            let (record, leaf) = records.remove(id)?;
            Some(Shown { leaf, record })
        });
        let shown: Option<Vec<Shown>> = shown.collect();
        pick.redactions = Some(shown.ok_or_else(|| Error::internal("a redaction is gone that a request names"))?);
    }
    let redacted: HashSet<&str> = asked.iter().map(|row| row.capture.as_str()).collect();
    let whole: Vec<&String> = picks
        .iter()
        .map(|pick| &pick.id)
        .filter(|id| !redacted.contains(id.as_str()))
        .collect();
    match work.read(|conn| shown_elsewhere(conn, &redacted, &whole))? {
        Some(message) => Err(Error::conflict(format!("The redactions: {message}"))),
        None => Ok(()),
    }
}

/// Says which captures would show a file as it is that a redacted capture withholds.
fn shown_elsewhere(conn: &mut AnyConn, redacted: &HashSet<&str>, whole: &[&String]) -> Result<Option<String>> {
    let redacted: Vec<&str> = redacted.iter().copied().collect();
    let hidden: Vec<Vec<u8>> = capture_files::table
        .filter(capture_files::capture_id.eq_any(redacted))
        .select(capture_files::sha256)
        .load(conn)?;
    let holding: Vec<String> = capture_files::table
        .filter(
            capture_files::sha256
                .eq_any(hidden)
                .and(capture_files::withheld.eq(false)),
        )
        .select(capture_files::capture_id)
        .distinct()
        .load(conn)?;
    let whole: HashSet<&str> = whole.iter().map(|id| id.as_str()).collect();
    let open: Vec<String> = holding.into_iter().filter(|id| whole.contains(id.as_str())).collect();
    if open.is_empty() {
        return Ok(None);
    }
    let items = store::items_of(conn, &open)?.into_iter().map(|item| item.to_string());
    let items: Vec<String> = items.take(10).collect();
    Ok(Some(format!(
        "hide a file that item {} shows as it is: redact that too, or leave it out",
        items.join(", ")
    )))
}
