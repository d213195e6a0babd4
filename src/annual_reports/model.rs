//! What the annual report counts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::masking::{self, Published, SMALLEST};
use crate::authorizations::{Authorization, AuthorizationState, Level};
use crate::clock::{self, Micros};
use crate::exceptions::ExceptionClass;

/// What is counted of one year, before anything is masked.
#[derive(Debug, Clone, Default)]
pub struct YearCounts {
    /// Authorizations that were asked for.
    pub requests: u64,
    levels: BTreeMap<&'static str, u64>,
    kinds: BTreeMap<String, u64>,
    decisions: BTreeMap<&'static str, u64>,
    outcomes: BTreeMap<String, u64>,
    platforms: BTreeMap<String, u64>,
}

/// What became of a request, or of an emergency that was started without one. A first approval of two decides nothing yet.
const DECISIONS: [&str; 7] = [
    "approved",
    "denied",
    "returned",
    "withdrawn",
    "repudiated",
    "lapsed",
    "undecided",
];
/// What came of an authorization, by its closing report.
const OUTCOMES: [&str; 5] = ["achieved", "partly", "not_achieved", "not_used", "not_reported"];
/// The kinds of cases.
const KINDS: [&str; 4] = ["missing_person", "wanted_person", "online_crime", "crime_media"];

impl YearCounts {
    /// Counts an authorization that was asked for in the year, of a case of this kind.
    pub fn add(&mut self, asked: &Authorization, kind: &str) {
        self.requests += 1;
        *self.levels.entry(asked.terms.level.as_str()).or_default() += 1;
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        *self.decisions.entry(decision(asked)).or_default() += 1;
        let outcome = asked.closing.as_ref().map(|closing| closing.outcome.to_string());
        *self
            .outcomes
            .entry(outcome.unwrap_or_else(|| "not_reported".to_owned()))
            .or_default() += 1;
        for platform in &asked.terms.platforms {
            *self.platforms.entry(platform.clone()).or_default() += 1;
        }
    }
}

fn decision(asked: &Authorization) -> &'static str {
    match asked.state {
        AuthorizationState::Denied => "denied",
        AuthorizationState::Returned => "returned",
        AuthorizationState::Withdrawn => "withdrawn",
        AuthorizationState::Repudiated => "repudiated",
        AuthorizationState::Lapsed => "lapsed",
        AuthorizationState::Requested | AuthorizationState::Emergency => "undecided",
        AuthorizationState::Approved
        | AuthorizationState::Revoked
        | AuthorizationState::Expired
        | AuthorizationState::Ended => "approved",
    }
}

/// A number of a table, with the word that it counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportCount {
    /// What is counted.
    pub word: String,
    /// How many.
    pub count: Published,
}

/// The report of a year, as it may be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnnualReport {
    /// The year, from its first to its last day in UTC.
    pub year: i64,
    /// When it was counted: what happens later changes the numbers of a year.
    pub as_of: clock::Timestamp,
    /// Numbers below this are masked.
    pub masked_below: u64,
    /// Authorizations that were asked for.
    pub requests: Published,
    /// Shares of them by level.
    pub levels: Vec<ReportCount>,
    /// Shares of them by kind of case.
    pub kinds: Vec<ReportCount>,
    /// Shares of them by what was decided: refusals are `denied` and `returned`.
    pub decisions: Vec<ReportCount>,
    /// Shares of them by what came of them.
    pub outcomes: Vec<ReportCount>,
    /// How many were for each platform; one may be for several.
    pub platforms: Vec<ReportCount>,
    /// Exceptions by class, of captures that came in that year; approvals against a check are of that year's requests.
    pub exceptions: Vec<ReportCount>,
}

impl AnnualReport {
    /// What may be published of a year.
    pub fn of(year: i64, now: Micros, counts: &YearCounts, exceptions: &[(ExceptionClass, u64)]) -> Self {
        let number = |n: Option<&u64>| n.copied().unwrap_or(0);
        let levels: Vec<&str> = Level::ALL.iter().map(|level| level.as_str()).collect();
        let tables = [
            levels.iter().map(|word| number(counts.levels.get(word))).collect(),
            KINDS.iter().map(|word| number(counts.kinds.get(*word))).collect(),
            DECISIONS
                .iter()
                .map(|word| number(counts.decisions.get(word)))
                .collect(),
            OUTCOMES.iter().map(|word| number(counts.outcomes.get(*word))).collect(),
        ];
        let (requests, mut published) = masking::shares(counts.requests, &tables);
        let mut next = |words: &[&str]| {
            let numbers = if published.is_empty() {
                Vec::new()
            } else {
                published.remove(0)
            };
            listed(words.iter().map(|word| (*word).to_owned()), numbers)
        };
        let platforms: Vec<u64> = counts.platforms.values().copied().collect();
        let of_exceptions: Vec<u64> = exceptions.iter().map(|(_, n)| *n).collect();
        Self {
            year,
            as_of: clock::Timestamp(now),
            masked_below: SMALLEST,
            requests,
            levels: next(&levels),
            kinds: next(&KINDS),
            decisions: next(&DECISIONS),
            outcomes: next(&OUTCOMES),
            platforms: listed(counts.platforms.keys().cloned(), masking::alone(&platforms)),
            exceptions: listed(
                exceptions.iter().map(|(class, _)| class.to_string()),
                masking::alone(&of_exceptions),
            ),
        }
    }

    /// Its tables, each with its name.
    pub fn tables(&self) -> [(&'static str, &[ReportCount]); 6] {
        [
            ("levels", &self.levels),
            ("kinds", &self.kinds),
            ("decisions", &self.decisions),
            ("outcomes", &self.outcomes),
            ("platforms", &self.platforms),
            ("exceptions", &self.exceptions),
        ]
    }
}

fn listed(words: impl Iterator<Item = String>, numbers: Vec<Published>) -> Vec<ReportCount> {
    words
        .zip(numbers)
        .map(|(word, count)| ReportCount { word, count })
        .collect()
}

/// The first instant of a year, in UTC.
pub fn begins(year: i64) -> Option<Micros> {
    clock::parse(&format!("{year:04}-01-01T00:00:00Z"))
}

/// The year of an instant, in UTC.
pub fn year_of(at: Micros) -> i64 {
    clock::format(at)
        .get(..4)
        .and_then(|year| year.parse().ok())
        .unwrap_or(0)
}

/// The smallest id that is made at an instant: ids of version 7 begin with their milliseconds.
pub fn first_id(at: Micros) -> String {
    let ms = format!("{:012x}", u64::try_from(at / 1_000).unwrap_or(0));
    format!("{}-{}", &ms[..8], &ms[8..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_is_found_by_its_ids() {
        let at = clock::parse("2026-11-22T12:00:00Z").expect("a time");
        assert_eq!(year_of(at), 2026);
        let (from, to) = (begins(2026).expect("a year"), begins(2027).expect("a year"));
        assert!(from <= at && at < to);
        let id = clock::new_id(at);
        assert!(first_id(at) <= id && first_id(from) < id && id < first_id(to) && id < first_id(at + 1_000));
    }
}
