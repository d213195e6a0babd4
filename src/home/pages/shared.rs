//! What was shared with a prosecutor, and what of it is new to them: the cases with the newest items first.

use std::cmp::Reverse;

use crate::captures::{self, NewItems};
use crate::cases::{self, SharedCase, chosen_captures};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::http::pages::PageRequest;
use crate::text::{Moment, Zone, counted, label, line};

/// A case that was shared with this person.
pub struct SharedLine {
    pub id: String,
    pub number: String,
    pub title: String,
    pub kind: String,
    pub handling: Option<String>,
    pub lead: String,
    pub items: String,
    pub held: i64,
    /// How many items are new to this person.
    pub new: i64,
    /// When the person last opened an item here for the first time.
    pub looked: Option<Moment>,
    /// What the grants give, and until when.
    pub grants: String,
    pub exports: bool,
    /// Whether chosen captures alone were shared.
    pub chosen: bool,
}

impl SharedLine {
    fn of(shared: &SharedCase, new: &NewItems) -> Self {
        let case = &shared.case;
        let zone = Zone::named(Some(&case.time_zone));
        Self {
            id: case.id.clone(),
            number: line(&case.number),
            title: line(&case.title),
            kind: label(case.kind.as_str()),
            handling: case.is_closely_kept().then(|| label(case.handling.as_str())),
            lead: line(&case.lead.name),
            items: match shared.chosen {
                Some(n) => chosen_captures(n),
                None => counted(u64::try_from(shared.items).unwrap_or_default(), "item", "items"),
            },
            chosen: shared.chosen.is_some(),
            held: shared.held,
            new: new.count,
            looked: new.looked_at.map(|at| zone.at(at)),
            grants: grants(shared, zone),
            exports: shared.exports_until.is_some(),
        }
    }
}

fn grants(shared: &SharedCase, zone: Zone) -> String {
    let until = |at: Timestamp| zone.at(at.0).shown().to_owned();
    let reads = until(shared.reads_until);
    match shared.exports_until {
        None => format!("Read until {reads}"),
        Some(exports) if exports == shared.reads_until => format!("Read, export until {reads}"),
        Some(exports) => format!("Export until {}, read until {reads}", until(exports)),
    }
}

/// The cases that were shared with the caller.
pub async fn shared(page: &PageRequest) -> Result<Vec<SharedLine>> {
    let mut shared = cases::shared(&page.app.gate, &page.ctx).await?;
    let ids = shared.iter().map(|one| one.case.id.clone()).collect();
    let new = captures::new_items(&page.app.gate, &page.ctx, ids).await?;
    let none = NewItems::default();
    let of = |one: &SharedCase| new.get(&one.case.id).unwrap_or(&none);
    shared.sort_by_key(|one| Reverse((of(one).newest, one.case.changed_at.0)));
    Ok(shared.iter().map(|one| SharedLine::of(one, of(one))).collect())
}
