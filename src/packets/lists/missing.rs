//! What is missing before a packet is asked for with a list: what stops it, what its readers will ask about, and what
//! certificates need and records lack. Nothing of it but what the request refuses anyhow stops the packet; what was missing
//! is recorded with the request.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::model::ExhibitList;
use super::requested::MissingKind;
use crate::captures::{
    BasisKind, CaptureState, Flag, Remarks, StoredCapture, Uncovered, derivatives, store as captures,
};
use crate::cases::{self, Stage};
use crate::db::AnyConn;
use crate::error::Result;
use crate::impeachment;
use crate::packets::store::{self, PAGE};
use crate::subjects;
use crate::text::label;

/// Items named of one kind.
const NAMED: usize = 20;
/// Captures whose records are in memory at once.
const SOME: usize = 500;

/// One kind of what is missing: how often, and of which items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingAnswer {
    pub what: MissingKind,
    /// How many items, or particulars, lack it.
    pub count: u64,
    /// The first of the items.
    pub items: Vec<MissingItem>,
    /// The particulars of the case, where those are due.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub particulars: Vec<String>,
    pub says: String,
    /// Whether the request is refused until it is answered.
    pub stops: bool,
    /// The page where the first of them is answered.
    pub answer: String,
}

/// An item that lacks something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingItem {
    pub capture: String,
    pub item: i64,
}

/// What is missing, by kind.
struct FoundMissing {
    counts: Vec<(u64, Vec<MissingItem>)>,
    particulars: Vec<String>,
}

impl FoundMissing {
    fn add(&mut self, kind: MissingKind, capture: &str, item: i64) {
        self.add_one(kind, Some((capture.to_owned(), item)));
    }

    /// Counts one, and names its item where it is about one.
    fn add_one(&mut self, kind: MissingKind, about: Option<(String, i64)>) {
        let place = MissingKind::ALL.iter().position(|one| *one == kind);
        let Some((count, items)) = place.and_then(|place| self.counts.get_mut(place)) else {
            return;
        };
        *count += 1;
        if let Some((capture, item)) = about.filter(|_| items.len() < NAMED) {
            items.push(MissingItem { capture, item });
        }
    }

    fn answers(self, list: &ExhibitList) -> Vec<MissingAnswer> {
        let case = format!("/cases/{}", list.case_id);
        let particulars = self.particulars;
        let kinds = MissingKind::ALL.iter().copied().zip(self.counts);
        let answer = |(what, (mut count, items)): (MissingKind, (u64, Vec<MissingItem>))| {
            let (mut own, mut place) = (Vec::new(), format!("{case}/exhibit-lists/{}", list.id));
            match what {
                MissingKind::NoExhibit => count = u64::from(list.exhibits.is_empty()),
                MissingKind::Due => {
                    count = particulars.len() as u64;
                    own.clone_from(&particulars);
                    place.clone_from(&case);
                }
                MissingKind::Untitled | MissingKind::CannotLeave => {}
                MissingKind::Undescribed => place += "/schedule",
                MissingKind::JuvenileNamed => place = format!("{case}/people"),
                MissingKind::OpenFlag => place = format!("{case}/impeachment-flags"),
                _ => {
                    if let Some(first) = items.first() {
                        place = format!("/captures/{}", first.capture);
                    }
                }
            }
            (count > 0).then(|| MissingAnswer {
                what,
                count,
                items,
                particulars: own,
                says: what.says().into(),
                stops: what.stops(),
                answer: place,
            })
        };
        kinds.filter_map(answer).collect()
    }
}

/// What is missing of a list, what stops the request first.
pub fn of_list(conn: &mut AnyConn, list: &ExhibitList) -> Result<Vec<MissingAnswer>> {
    let mut found = FoundMissing {
        counts: vec![(0, Vec::new()); MissingKind::ALL.len()],
        particulars: due(conn, &list.case_id)?,
    };
    let untitled: HashSet<&str> = list
        .exhibits
        .iter()
        .filter(|row| row.title.is_none())
        .map(|row| row.capture.as_str())
        .collect();
    let ids: Vec<String> = list.exhibits.iter().map(|row| row.capture.clone()).collect();
    for some in ids.chunks(SOME) {
        let remarks = captures::remarks(conn, some)?;
        for stored in captures::of_ids(conn, some)? {
            let (id, item) = (stored.capture.id.clone(), stored.capture.item);
            let said = remarks.get(&id).cloned().unwrap_or_default();
            if untitled.contains(id.as_str()) {
                found.add(MissingKind::Untitled, &id, item);
            }
            for kind in of_capture(&stored, &said) {
                found.add(kind, &id, item);
            }
            if stored.state.may_leave() && derivatives::is_unsanitized(conn, &stored.capture)? {
                found.add(MissingKind::Unsanitized, &id, item);
            }
        }
    }
    undescribed(conn, list, &mut found)?;
    for _ in subjects::juveniles(conn, &list.case_id)? {
        found.add_one(MissingKind::JuvenileNamed, None);
    }
    for flag in impeachment::open_flags(conn, &list.case_id)? {
        found.add_one(MissingKind::OpenFlag, flag.capture_id.zip(flag.item));
    }
    Ok(found.answers(list))
}

/// The particulars that the case owes before a packet, in words.
fn due(conn: &mut AnyConn, case: &str) -> Result<Vec<String>> {
    let case = cases::store::case(conn, case)?;
    let owed = case.due().into_iter();
    let owed = owed.filter(|due| matches!(due.before, Stage::Packet | Stage::Authorization));
    let said = |due: cases::Due| label(&due.field.trim_start_matches("particulars.").replace('.', " "));
    Ok(owed.map(said).collect())
}

/// What one exhibit lacks.
fn of_capture(stored: &StoredCapture, said: &Remarks) -> Vec<MissingKind> {
    let capture = &stored.capture;
    let mut missing = Vec::new();
    if !stored.state.may_leave() {
        return vec![MissingKind::CannotLeave];
    }
    if said.is_returned(capture.correction.as_ref().map(|correction| correction.at)) {
        missing.push(MissingKind::OpenCorrection);
    } else if stored.state == CaptureState::Logged {
        missing.push(MissingKind::Unreviewed);
    }
    match capture.basis.kind {
        BasisKind::Exception if said.decision.is_none() => missing.push(MissingKind::UnansweredException),
        BasisKind::Emergency if said.decision.is_none() => missing.push(MissingKind::UnjudgedEmergency),
        _ => {}
    }
    let particulars = &capture.particulars;
    let lacks = [
        (
            particulars.tool.as_ref().is_none_or(|tool| is_unknown(&tool.version)),
            MissingKind::NoTool,
        ),
        (particulars.device.is_none(), MissingKind::NoDevice),
        (particulars.method.is_none(), MissingKind::NoMethod),
        (particulars.access_means.is_none(), MissingKind::NoAccess),
        (capture.is_time_guessed(), MissingKind::GuessedTime),
        (capture.uncovered() == Some(Uncovered::Unjudged), MissingKind::Unjudged),
        (
            capture.flags.contains(&Flag::CorrectedBeyond),
            MissingKind::CorrectedBeyond,
        ),
    ];
    missing.extend(lacks.into_iter().filter(|(lacks, _)| *lacks).map(|(_, kind)| kind));
    missing
}

/// Whether somebody answered that nobody knows.
fn is_unknown(version: &str) -> bool {
    version.trim().eq_ignore_ascii_case("unknown")
}

/// The captures of the case that are neither exhibits nor described.
fn undescribed(conn: &mut AnyConn, list: &ExhibitList, found: &mut FoundMissing) -> Result<()> {
    let exhibits = list.exhibits.iter().map(|row| row.capture.as_str());
    let told: HashSet<&str> = exhibits
        .chain(list.schedule.iter().map(|row| row.capture.as_str()))
        .collect();
    let mut after = -1;
    loop {
        let page = store::captures_after(conn, &list.case_id, after)?;
        for row in page.iter().filter(|row| !told.contains(row.id.as_str())) {
            found.add(MissingKind::Undescribed, &row.id, row.item);
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = last.item,
            _ => return Ok(()),
        }
    }
}
