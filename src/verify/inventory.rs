//! The inventory: every capture that an event recorded, once, in its order, under the status that follows from events and
//! request.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::asked::AskedPacket;
use super::custody::{
    CaptureFacts, ContentState, CustodyFacts, DerivativeFacts, LEAVES, QUARANTINED, UNDECIDED, object_key, row_digest,
};
use super::papers::{self, HELD, LATE, NOT_ASKED, NOT_YET};
use super::rule::{self, Rule};
use super::{Verdict, Walk};
use crate::proof::packet::*;
use crate::proof::{Digest, canon};

impl CustodyFacts {
    /// One row of `inventory.json`. Rows stand in the order in which captures were recorded.
    fn list(&mut self, row: &InventoryRow, place: u64) -> Result<(), Rule> {
        let capture = self.captures.get_mut(&object_key("capture", &row.id));
        let capture = capture.ok_or(rule::LISTED_UNKNOWN)?;
        let status = STATUSES.iter().position(|status| *status == row.status);
        let status = status.ok_or(rule::LISTED_STATUS)?;
        if capture.status.is_some() {
            return Err(rule::LISTED_TWICE);
        }
        capture.status = Some(status as u8);
        capture.reason = reason(row.why.as_deref());
        capture.words = words_digest(row.description.as_deref(), row.excluded.as_deref());
        capture.row = Some(row_digest(&json!(row.item), &json!(row.kind), &json!(row.captured_at)));
        if row.item != capture.item {
            return Err(rule::LISTED_ITEM);
        }
        if row.item < place {
            Err(rule::LISTED_ORDER)
        } else {
            Ok(())
        }
    }
}

/// The place of a reason among those of the papers, from 1.
fn reason(why: Option<&str>) -> u8 {
    let place = |why| papers::REASONS.iter().position(|reason| *reason == why);
    why.map_or(0, |why| place(why).map_or(u8::MAX, |place| place as u8 + 1))
}

impl Walk<'_> {
    /// Each row is a capture that an event recorded; each such capture has one row.
    pub(super) fn inventory(&mut self) {
        let mut reader = PaperReader::new(INVENTORY_SECTIONS);
        let (mut rows, mut unread, mut last) = (0, false, 0);
        self.files.lines(INVENTORY, &mut self.report, |report, number, line| {
            let row = reader
                .line(line)
                .and_then(|row| row.map(|(_, row)| parse_row::<InventoryRow>(row)).transpose());
            let row = match row {
                Ok(Some(row)) => row,
                Ok(None) => return,
                Err(error) => {
                    unread = true;
                    return report.fail(INVENTORY, "inventory.line", format!("line {number}: {error}"));
                }
            };
            rows += 1;
            if let Err(rule) = self.custody.list(&row, last) {
                unread |= rule.name == "inventory.line";
                report.fail(INVENTORY, rule.name, format!("line {number} {}", rule.says));
            }
            last = row.item;
        });
        self.report
            .require(reader.end().is_ok(), INVENTORY, rule::INVENTORY_END);
        self.report.counts.captures = rows;
        let captures = self.custody.captures.values();
        let hidden = captures.filter(|capture| capture.status.is_none()).count();
        if hidden > 0 && !unread {
            let message = format!("leaves out {hidden} captures that events recorded");
            return self.report.fail(INVENTORY, "inventory.hidden", message);
        }
        let attested = self.issued.as_ref().is_none_or(|issued| issued.attest.size == rows);
        self.report.require(attested || unread, INVENTORY, rule::INVENTORY_SIZE);
    }

    /// Each status, and why, is the one that follows from the events and from what was asked for.
    pub(super) fn statuses(&mut self) {
        if self.issued.is_none() {
            return;
        }
        if self.custody.requests.len() != 1 {
            return self.report.broken(EVENTS, rule::REQUEST);
        }
        let Some(request) = &self.custody.request else {
            return self.report.tell(Verdict::NotChecked, INVENTORY, rule::REQUEST_UNREAD);
        };
        let mut captures: Vec<(&u128, &CaptureFacts)> = self.custody.captures.iter().collect();
        captures.sort_unstable_by_key(|(_, capture)| capture.item);
        let keys = |kind: &'static str| move |id: &String| object_key(kind, id);
        let redacted: HashSet<u128> = request.redactions.keys().map(keys("capture")).collect();
        let (mut untold, mut unsure) = (0, 0);
        for (object, capture) in captures {
            let Some(status) = capture.status() else { continue };
            untold += u64::from(status != "included");
            unsure += u64::from(status == "held" && request.might_leave(capture.item, capture.seq).is_none());
            let redacted = redacted.contains(object);
            let told = follows(status, capture, request);
            let told = told.and_then(|()| (redacted == (status == REDACTED)).then_some(()).ok_or(rule::STATUS));
            if let Err(rule) = told {
                let message = format!("item {} {}", capture.item, rule.says);
                self.report.fail(INVENTORY, rule.name, message);
            }
        }
        let named = request.redactions.values().flatten();
        let named: HashSet<u128> = named.map(keys("derivative")).collect();
        let duplicates = request.record["duplicates"] == true;
        let captures = &self.custody.captures;
        let included = |capture: u128| captures.get(&capture).and_then(CaptureFacts::status) == Some(STATUSES[0]);
        let shown = |(object, made): (&u128, &DerivativeFacts)| {
            let state = self.custody.facts[made.fact as usize].state;
            // Which duplicates stand beside their originals is told by packet.json.
            let beside = made.duplicate && duplicates && included(made.capture) && state == ContentState::Shown;
            let right = if named.contains(object) || beside {
                ContentState::Shown
            } else {
                ContentState::RecordWithheld
            };
            // A line that is broken or missing is told where it is read.
            [right, ContentState::Broken, ContentState::Unread].contains(&state)
        };
        let shown = self.custody.derivatives.iter().all(shown);
        self.report.require(shown, RECORDS, rule::DERIVATIVE_SHOWN);
        let packets = self.custody.packets_shown(request.papers());
        self.report.require(packets, RECORDS, rule::PACKETS_SHOWN);
        let words = words(request);
        let told = |(object, capture): (&u128, &CaptureFacts)| {
            capture.status.is_none() || capture.words == words.get(object).copied()
        };
        let told = self.custody.captures.iter().all(told);
        self.report.require(told, INVENTORY, rule::SCHEDULE);
        if untold > 0 {
            let mut message =
                format!("kind and time of captures that are not included, {untold}, rest on records that are withheld");
            if unsure > 0 {
                message += &format!("; and that nothing covered {unsure} of those held");
            }
            self.report
                .say(Verdict::NotChecked, INVENTORY, "inventory.withheld", message);
        }
    }
}

/// Whether the inventory may say this of a capture.
fn follows(status: &str, capture: &CaptureFacts, request: &AskedPacket) -> Result<(), Rule> {
    let stood = |standing: u8| capture.standings & standing != 0;
    // What the request says of it holds unless something let it leave afterwards.
    let late = capture.freed > request.seq;
    let might = request.might_leave(capture.item, capture.seq);
    let (could, could_not) = (late || might != Some(false), might != Some(true));
    let (may, reasons): (bool, &[&str]) = match status {
        "included" => (could && (stood(LEAVES) || (stood(UNDECIDED) && capture.logged)), &[]),
        REDACTED => (could && stood(LEAVES | UNDECIDED), &[]),
        "held" => (could_not && stood(UNDECIDED), &[HELD]),
        "quarantined" => (stood(QUARANTINED), &[papers::QUARANTINED]),
        "not_selected" if request.captures.is_some() => (could && stood(UNDECIDED | LEAVES), &[NOT_ASKED]),
        "not_selected" => (could_not && late && stood(UNDECIDED | LEAVES), &[LATE, NOT_YET]),
        // No event of this version disposes of a capture or withholds one.
        _ => (false, &[]),
    };
    if !may {
        return Err(rule::STATUS);
    }
    let told = match capture.reason {
        0 => reasons.is_empty(),
        place => reasons.iter().any(|why| reason(Some(*why)) == place),
    };
    if told || request.papers().is_none() {
        Ok(())
    } else {
        Err(rule::REASON)
    }
}

/// What the request says of captures that are no exhibits, as [`words_digest`] has it, by [`object_key`].
fn words(request: &AskedPacket) -> HashMap<u128, Digest> {
    let mut said: HashMap<&str, (Option<&str>, Option<&str>)> = HashMap::new();
    let rows = |name: &str| request.record[name].as_array().into_iter().flatten();
    for row in rows("schedule") {
        said.entry(row["capture"].as_str().unwrap_or_default()).or_default().0 = row["description"].as_str();
    }
    for row in rows("excluded") {
        said.entry(row["capture"].as_str().unwrap_or_default()).or_default().1 = row["why"].as_str();
    }
    let digest = |(id, (description, why)): (&str, (Option<&str>, Option<&str>))| {
        words_digest(description, why).map(|digest| (object_key("capture", id), digest))
    };
    said.into_iter().filter_map(digest).collect()
}

/// Hash of what the inventory says of a capture in the words of an exhibit list; none where it says nothing.
fn words_digest(description: Option<&str>, excluded: Option<&str>) -> Option<Digest> {
    let said = (description, excluded) != (None, None);
    said.then(|| Digest::of(&canon::to_strict(&json!([description, excluded])).unwrap_or_default()))
}
