//! Redactions that a request names: each is of a capture that goes into the packet, and no file that one hides lies in the
//! packet under another exhibit.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;

use super::redacted::AskedRedaction;
use super::store;
use crate::captures::Derivative;
use crate::captures::derivatives::{self, DerivativeKind};
use crate::db::AnyConn;
use crate::db::tables::capture_files;
use crate::error::{Error, FieldError, Result};

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
    let known: HashMap<&str, &Derivative> = known
        .iter()
        .filter(|(made, _)| made.kind != DerivativeKind::Duplicate)
        .map(|(made, _)| (made.id.as_str(), made))
        .collect();
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

/// Says which captures would show a file as it is that a redacted capture withholds.
pub fn shown_elsewhere(conn: &mut AnyConn, redacted: &HashSet<&str>, whole: &[&String]) -> Result<Option<String>> {
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
