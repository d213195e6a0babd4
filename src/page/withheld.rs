//! The records that a packet withholds, counted by what they are about. The inventory names captures one by one; nothing
//! else would tell of the rest.

use serde_json::Value;

use super::words::UNDER_AN_ALIAS;
use crate::proof::packet::{OTHER_PACKETS, WORKING_PAPERS};
use crate::text::{count, counted, label, line};

/// What a record is about, as far as packets withhold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordAbout {
    Capture,
    Copy,
    WorkingPaper,
    OtherPacket,
}

impl RecordAbout {
    /// By the kind of object in the record's event; none for what is never withheld.
    pub fn of(kind: &str) -> Option<Self> {
        match kind {
            "capture" => Some(Self::Capture),
            "derivative" => Some(Self::Copy),
            kind if WORKING_PAPERS.contains(&kind) => Some(Self::WorkingPaper),
            kind if OTHER_PACKETS.contains(&kind) => Some(Self::OtherPacket),
            _ => None,
        }
    }
}

/// How many records a packet withholds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WithheldRecords {
    /// Of captures that are not included, or stand in the packet as a redacted copy only.
    pub captures: u64,
    /// Of copies made of a capture that are not in the packet.
    pub copies: u64,
    /// Of exhibit lists, and of what prosecutors ask of those who work on the case.
    pub working_papers: u64,
    /// Of other packets of the case, and of their way to their recipients.
    pub other_packets: u64,
}

impl WithheldRecords {
    pub(super) fn count(&mut self, about: RecordAbout) {
        let counter = match about {
            RecordAbout::Capture => &mut self.captures,
            RecordAbout::Copy => &mut self.copies,
            RecordAbout::WorkingPaper => &mut self.working_papers,
            RecordAbout::OtherPacket => &mut self.other_packets,
        };
        *counter += 1;
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.captures + self.copies + self.working_papers + self.other_packets
    }

    /// Of each kind that is not a capture's: what it is, how many, and why.
    pub fn beside_captures(&self) -> Vec<WithheldKind> {
        let kind = |n, what, why| WithheldKind { n, what, why };
        let all = [
            kind(self.copies, COPIES, NOT_CHOSEN),
            kind(self.working_papers, WORKING, NOT_EVIDENCE),
            kind(self.other_packets, OTHERS, NOT_YOURS),
        ];
        all.into_iter().filter(|kind| kind.n > 0).collect()
    }

    /// All kinds in a phrase, such as `3 of items that …, and 2 of working papers …`.
    pub fn phrase(&self) -> String {
        let captures = (self.captures > 0).then(|| format!("{} {CAPTURES}", count(self.captures)));
        let others = self.beside_captures();
        let others = others.iter().map(|kind| format!("{} {}", count(kind.n), kind.what));
        let mut all: Vec<String> = captures.into_iter().chain(others).collect();
        match (all.pop(), all.is_empty()) {
            (Some(last), false) => format!("{}, and {last}", all.join(", ")),
            (last, _) => last.unwrap_or_default(),
        }
    }
}

/// What a packet withholds of aliases: who they are. Its records say how often one stands behind them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WithheldAliases {
    /// Aliases that the authorizations shown name.
    pub named: u64,
    /// Exhibits that were made under one.
    pub exhibits: u64,
}

impl WithheldAliases {
    /// Counts what the record of an authorization says.
    pub(super) fn authorization(&mut self, record: &Value) {
        self.named += record["aliases_named"].as_u64().unwrap_or_default();
    }

    /// Counts an exhibit whose coverage says that it was made under one.
    pub(super) fn exhibit(&mut self, coverage: &[CoverageRow]) {
        let is_under = |row: &CoverageRow| row.rule == "alias" && row.why.starts_with(UNDER_AN_ALIAS);
        self.exhibits += u64::from(coverage.iter().any(is_under));
    }

    /// Both in a phrase; none where no alias stands behind anything.
    pub fn phrase(&self) -> Option<String> {
        let named = (self.named > 0).then(|| format!("{} named by authorizations", count(self.named)));
        let exhibits = (self.exhibits > 0).then(|| {
            let made = counted(self.exhibits, "exhibit", "exhibits");
            format!("{made} made under one")
        });
        let all: Vec<String> = named.into_iter().chain(exhibits).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }
}

/// A line of an exhibit's coverage, as far as it tells of an alias.
#[derive(serde::Deserialize)]
pub(super) struct CoverageRow {
    rule: String,
    why: String,
}

/// An alias that a supervisor included in what leaves with a case, as its record tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncludedAlias {
    /// Its name and accounts.
    pub told: String,
    /// Why it is included.
    pub reason: String,
}

impl IncludedAlias {
    /// From the record; none where it names no alias.
    pub(super) fn of(record: &Value) -> Option<Self> {
        let account = |account: &Value| {
            let said = |name: &str| account[name].as_str().map(line);
            let named: Vec<String> = ["handle", "platform_id", "url"].into_iter().filter_map(said).collect();
            let platform = account["platform"].as_str().map(label).unwrap_or_default();
            match named.is_empty() {
                true => platform,
                false => format!("{} on {platform}", named.join(", ")),
            }
        };
        let name = line(record["name"].as_str()?);
        let accounts: Vec<String> = record["accounts"].as_array()?.iter().map(account).collect();
        Some(Self {
            told: format!("{name}: {}", accounts.join("; ")),
            reason: line(record["reason"].as_str().unwrap_or_default()),
        })
    }
}

/// Why aliases are withheld.
pub const ALIASES: &str = "Who they are stands in the agency’s registry of aliases, and goes with no packet unless a supervisor includes one with a reason.";

/// Records of one kind that are withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithheldKind {
    pub n: u64,
    /// Of what they are, such as `of working papers`.
    pub what: &'static str,
    /// Why, as a sentence.
    pub why: &'static str,
}

const CAPTURES: &str = "of items that are not shown, or as a redacted copy only";
const COPIES: &str = "of copies of items, such as redacted ones, not chosen for this packet";
const WORKING: &str = "of working papers: exhibit lists, and what prosecutors asked of those who work on the case";
const OTHERS: &str = "of other packets of this case: who asked for them, and to whom they went";
const NOT_CHOSEN: &str = "The copy was not asked for. The item that it was made from is listed or shown for itself.";
const NOT_EVIDENCE: &str = "They are no evidence: what lawyers and investigators write for themselves while they prepare a packet goes with none.";
const NOT_YOURS: &str = "They tell of other recipients and matters, which this recipient has no need to know.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_counted_and_told() {
        let mut withheld = WithheldRecords::default();
        assert_eq!((withheld.phrase().as_str(), withheld.beside_captures()), ("", vec![]));
        for kind in [
            "capture",
            "derivative",
            "exhibit_list",
            "evidence_request",
            "packet",
            "disclosure_link",
            "case",
        ] {
            RecordAbout::of(kind)
                .into_iter()
                .for_each(|about| withheld.count(about));
        }
        assert_eq!(withheld.all(), 6);
        let told = withheld.phrase();
        let parts = [
            "1 of items",
            ", 1 of copies",
            ", 2 of working papers",
            ", and 2 of other packets",
        ];
        assert!(
            told.starts_with(parts[0]) && parts.iter().all(|part| told.contains(part)),
            "{told}"
        );
        assert_eq!(withheld.beside_captures().len(), 3);
    }
}
