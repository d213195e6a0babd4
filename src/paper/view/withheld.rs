//! What the packet does not show beside items: copies that were not chosen, and the records of working papers and of other
//! packets.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::{PaperView, times, words};
use crate::page::story::PacketStory;
use crate::page::withheld::{ALIASES, IncludedAlias};
use crate::proof::Digest;
use crate::proof::packet::Exhibit;
use crate::text::count;

/// As much of an exhibit as its copies are told by.
pub(super) struct ShownExhibit {
    no: String,
    item: u64,
    /// The leaves of the copies that stand in the packet.
    copies: HashSet<Digest>,
}

impl ShownExhibit {
    pub fn of(exhibit: &Exhibit, no: &str) -> Self {
        let redactions = exhibit.redactions.iter().flatten().map(|shown| shown.leaf);
        let duplicates = exhibit.duplicates.iter().flatten();
        let duplicates = duplicates.filter_map(|row| Some(row.made.as_ref()?.leaf));
        Self {
            no: no.to_owned(),
            item: exhibit.item,
            copies: redactions.chain(duplicates).collect(),
        }
    }
}

/// The copies of exhibits that were not chosen, each as a line of the schedule, in the order of items.
pub(super) fn copies(view: &PaperView<'_>, exhibits: &HashMap<String, ShownExhibit>) -> Vec<Value> {
    let mut rows: Vec<(u64, u64, Value)> = Vec::new();
    for (capture, copies) in &view.story.copies {
        let Some(ShownExhibit { no, item, copies: own }) = exhibits.get(capture) else {
            continue;
        };
        for copy in copies.iter().filter(|copy| !own.contains(&copy.leaf)) {
            let made = times::time(view.story.zone, Some(copy.at));
            let by = view.story.who(&copy.actor);
            let description = format!("A {} of exhibit {no}. Event {} of the case.", copy.what(), copy.seq);
            let row = json!({
                "item": item, "exhibit": no, "kind": words::capital(copy.what()), "when": {"what": "made", "at": made},
                "by": view.letters.rich(&by), "status": words::status("not_selected"),
                "why": "The copy was not asked for; its record is withheld, and its event is shown.",
                "description": view.letters.rich(&description), "files": [], "referral": null,
            });
            rows.push((*item, copy.seq, row));
        }
    }
    rows.sort_by_key(|(item, seq, _)| (*item, *seq));
    rows.into_iter().map(|(.., row)| row).collect()
}

/// A line of the schedule for each other kind of records that are withheld, beside so many copies that have lines of their own.
pub(super) fn kinds(view: &PaperView<'_>, listed: u64) -> Vec<Value> {
    let mut withheld = view.story.withheld;
    withheld.copies = withheld.copies.saturating_sub(listed);
    let kinds = withheld.beside_captures();
    let row = |kind: crate::page::withheld::WithheldKind| {
        let records = if kind.n == 1 { "record" } else { "records" };
        json!({
            "item": null, "kind": format!("{} {records}", count(kind.n)), "description": words::sentence(kind.what),
            "status": "Withheld", "why": kind.why, "files": [], "referral": null,
        })
    };
    let aliases = view.story.aliases.phrase().map(|told| {
        json!({
            "item": null, "kind": "Aliases", "description": words::sentence(&told), "status": "Withheld",
            "why": ALIASES, "files": [], "referral": null,
        })
    });
    kinds.into_iter().map(row).chain(aliases).collect()
}

/// Aliases that a supervisor included, each as a line of the list of those.
pub(super) fn included(view: &PaperView<'_>) -> Vec<Value> {
    let letters = view.letters;
    let row = |one: &IncludedAlias| json!({"told": letters.rich(&one.told), "reason": letters.rich(&one.reason)});
    view.story.included.iter().map(row).collect()
}

/// How many records are withheld, and of what.
pub(super) fn counted(story: &PacketStory) -> Value {
    json!({
        "all": story.withheld.all(), "phrase": story.withheld.phrase(),
        "aliases": story.aliases.phrase(),
    })
}

/// To whom the packets went to which this one adds.
pub(super) fn handed(view: &PaperView<'_>) -> Vec<Value> {
    let letters = view.letters;
    let row = |one: &crate::page::handed::EarlierDisclosure| {
        let at = times::time(view.story.zone, crate::clock::parse(&one.at));
        json!({"to": letters.rich(&one.whom()), "at": at, "packet": one.name.as_deref().unwrap_or(&one.packet)})
    };
    view.story.handed.iter().map(row).collect()
}
