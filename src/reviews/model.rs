//! Which reviews are due when, and how one is signed.

use chrono::{DateTime, Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::clock::{self, DAY, Micros, Timestamp};
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::identity::Person;
use crate::words;

words! {
    /// What is reviewed.
    ReviewKind {
        /// The access log of all cases, week by week.
        AccessLog = "access_log",
        /// Who may see the cases of a unit, year by year.
        AccessRights = "access_rights",
    }
}

words! {
    /// Where a review stands.
    ReviewState {
        /// It may be signed, and has time.
        Due = "due",
        /// Its time is over.
        Overdue = "overdue",
        /// It is signed.
        Signed = "signed",
    }
}

/// Days after the end of a week in which its review is not overdue.
const WEEK_GRACE: i64 = 7;

/// A period that is reviewed: a week as `2026-W47` (ISO 8601), or a year as `2026`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewPeriod {
    /// As it is named.
    pub name: String,
    /// Its first instant, in UTC.
    pub begins: Micros,
    /// The first instant after it.
    pub ends: Micros,
}

impl ReviewPeriod {
    /// The week in which a day lies.
    fn week_of(day: NaiveDate) -> Option<Self> {
        let week = day.iso_week();
        let monday = NaiveDate::from_isoywd_opt(week.year(), week.week(), Weekday::Mon)?;
        Some(Self {
            name: format!("{:04}-W{:02}", week.year(), week.week()),
            begins: midnight(monday)?,
            ends: midnight(monday.checked_add_days(Days::new(7))?)?,
        })
    }

    /// A year.
    fn year(year: i32) -> Option<Self> {
        Some(Self {
            name: format!("{year:04}"),
            begins: midnight(NaiveDate::from_ymd_opt(year, 1, 1)?)?,
            ends: midnight(NaiveDate::from_ymd_opt(year + 1, 1, 1)?)?,
        })
    }

    /// The weeks that are over, from the one in which the log began on; the newest first.
    pub fn weeks(began: Micros, now: Micros) -> Vec<Self> {
        let mut found = Vec::new();
        let mut at = now;
        while at >= began {
            let Some(week) = day_of(at).and_then(Self::week_of) else {
                break;
            };
            at = week.begins - 1;
            if week.ends <= now {
                found.push(week);
            }
            if found.len() >= WEEKS {
                break;
            }
        }
        found
    }

    /// The years from the one in which the log began on, the running one too; the newest first.
    pub fn years(began: Micros, now: Micros) -> Vec<Self> {
        let (Some(first), Some(last)) = (day_of(began), day_of(now)) else {
            return Vec::new();
        };
        (first.year()..=last.year())
            .rev()
            .take(YEARS)
            .filter_map(Self::year)
            .collect()
    }

    /// By when it is to be signed.
    pub fn due(&self, kind: ReviewKind) -> Micros {
        match kind {
            ReviewKind::AccessLog => self.ends + WEEK_GRACE * DAY,
            ReviewKind::AccessRights => self.ends,
        }
    }
}

/// Weeks that are looked at, two years of them: what was not signed then stays unsigned.
const WEEKS: usize = 104;
/// Years that are looked at.
const YEARS: usize = 3;

fn day_of(at: Micros) -> Option<NaiveDate> {
    Some(DateTime::from_timestamp_micros(at)?.date_naive())
}

fn midnight(day: NaiveDate) -> Option<Micros> {
    clock::parse(&format!("{day}T00:00:00Z"))
}

/// A unit, by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewedUnit {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// That a review was made: the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewSignature {
    /// Its id.
    pub id: String,
    /// What was reviewed.
    pub kind: ReviewKind,
    /// Which period.
    pub period: String,
    /// The unit whose cases were, where it was about a unit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<ReviewedUnit>,
    /// What was found.
    pub note: String,
    /// What was looked at, counted.
    pub counted: ReviewCount,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// Always 1: nothing changes it.
    pub version: i64,
}

/// What a review looked at, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewCount {
    /// Views, searches and downloads of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accesses: Option<i64>,
    /// Refusals of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusals: Option<i64>,
    /// Cases of the unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cases: Option<i64>,
    /// Members of them, leads apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<i64>,
    /// Grants on them that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<i64>,
}

/// A review as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewTask {
    /// What is reviewed.
    pub kind: ReviewKind,
    /// Which period.
    pub period: String,
    /// The unit, where it is about a unit's cases.
    pub unit: Option<ReviewedUnit>,
    /// Where it stands.
    pub state: ReviewState,
    /// By when it is to be signed.
    pub due_at: Timestamp,
    /// Its signature, once there is one.
    pub signed: Option<ReviewSignature>,
}

impl ReviewTask {
    /// A review as it stands at a time.
    pub fn of(
        kind: ReviewKind,
        period: &ReviewPeriod,
        unit: Option<ReviewedUnit>,
        signed: Option<ReviewSignature>,
        now: Micros,
    ) -> Self {
        let due = period.due(kind);
        Self {
            kind,
            period: period.name.clone(),
            unit,
            state: match signed {
                Some(_) => ReviewState::Signed,
                None if now >= due => ReviewState::Overdue,
                None => ReviewState::Due,
            },
            due_at: Timestamp(due),
            signed,
        }
    }

    /// What the next page begins after: when it is due comes first, so that keys are in the order of the list.
    pub fn key(&self) -> String {
        let unit = self.unit.as_ref().map_or("", |unit| unit.id.as_str());
        format!("{:020} {} {unit}", self.due_at.0, self.kind)
    }
}

/// A review about to be signed.
#[derive(Debug, Clone)]
pub struct NewSignature {
    /// Which period.
    pub period: String,
    /// What was found.
    pub note: String,
}

/// Reads which kind of review is signed, without taking it: it says which right is needed.
pub fn kind_of(form: &Form) -> ReviewKind {
    match form.is_word("kind", ReviewKind::AccessRights.as_str()) {
        true => ReviewKind::AccessRights,
        false => ReviewKind::AccessLog,
    }
}

impl NewSignature {
    /// Reads one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| {
            form.required_word::<ReviewKind>("kind");
            Self {
                period: form.required("period", 20),
                note: form.required("note", REASON),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Micros {
        clock::parse(text).expect("a time")
    }

    #[test]
    fn weeks_are_those_that_are_over() {
        let names = |began: &str, now: &str| -> Vec<String> {
            let weeks = ReviewPeriod::weeks(at(began), at(now));
            weeks.into_iter().map(|week| week.name).collect()
        };
        // 2026-11-22 is a Sunday.
        assert_eq!(
            names("2026-11-05T08:00:00Z", "2026-11-22T12:00:00Z"),
            ["2026-W46", "2026-W45"]
        );
        assert_eq!(names("2026-11-17T08:00:00Z", "2026-11-22T12:00:00Z"), [""; 0]);
        assert_eq!(names("2026-11-22T08:00:00Z", "2026-11-23T00:00:00Z"), ["2026-W47"]);
        assert_eq!(names("2026-12-31T08:00:00Z", "2027-01-05T00:00:00Z"), ["2026-W53"]);
    }

    #[test]
    fn a_review_is_overdue_once_its_time_is_over() {
        let (began, now) = (at("2026-11-10T00:00:00Z"), at("2026-11-22T12:00:00Z"));
        let week = &ReviewPeriod::weeks(began, now)[0];
        let state = |now| ReviewTask::of(ReviewKind::AccessLog, week, None, None, now).state;
        assert_eq!((week.name.as_str(), state(now)), ("2026-W46", ReviewState::Due));
        assert_eq!(state(at("2026-11-23T00:00:00Z")), ReviewState::Overdue);
        let years = ReviewPeriod::years(at("2026-11-10T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let states: Vec<_> = years
            .iter()
            .map(|year| ReviewTask::of(ReviewKind::AccessRights, year, None, None, at("2027-01-01T00:00:00Z")))
            .map(|task| (task.period, task.state))
            .collect();
        assert_eq!(
            states,
            [
                ("2027".to_owned(), ReviewState::Due),
                ("2026".to_owned(), ReviewState::Overdue)
            ]
        );
    }
}
