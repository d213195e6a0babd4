//! An entry of the roster, as it is kept and as it is read from what was sent.

use serde::{Deserialize, Serialize};

use crate::clock::{DAY, Micros, Timestamp};
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::identity::Person;
use crate::users::UnitName;
use crate::words;

words! {
    /// What an entry is about.
    RosterKind {
        /// A supervisor is on call for a unit.
        OnCall = "on_call",
        /// A supervisor's reach over a unit is delegated to another.
        Delegation = "delegation",
    }
}

impl RosterKind {
    /// The longest time that an entry of this kind lasts, in days.
    pub const fn longest_days(self) -> i64 {
        match self {
            Self::OnCall => 31,
            Self::Delegation => 90,
        }
    }
}

/// One version of an entry: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterEntry {
    pub id: String,
    pub kind: RosterKind,
    /// The unit concerned, with those below it.
    pub unit: UnitName,
    /// Who is on call, or to whom the reach is delegated.
    pub user: Person,
    /// Who entered it: of a delegation, whose reach it is.
    pub given_by: Person,
    pub given_at: Timestamp,
    pub reason: String,
    pub starts_at: Timestamp,
    /// When it ends by itself.
    pub until: Timestamp,
    /// When it was ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<Person>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    pub version: i64,
}

impl RosterEntry {
    /// Whether it has ended, by itself or earlier.
    pub fn is_over(&self, now: Micros) -> bool {
        self.ended_at.is_some() || self.until.0 <= now
    }

    /// Whether it counts at a moment.
    pub fn counts_at(&self, now: Micros) -> bool {
        !self.is_over(now) && self.starts_at.0 <= now
    }
}

/// An entry about to be made.
#[derive(Debug, Clone)]
pub struct NewEntry {
    pub kind: RosterKind,
    pub unit_id: String,
    pub user_id: String,
    pub reason: String,
    pub starts_at: Micros,
    pub until: Micros,
}

impl NewEntry {
    /// Reads and checks one. Without a start it begins now.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(mut form: Form, now: Micros) -> Result<Self> {
        let kind = form.required_word::<RosterKind>("kind").unwrap_or(RosterKind::OnCall);
        let new = Self {
            kind,
            unit_id: form.required_id("unit_id"),
            user_id: form.required_id("user_id"),
            reason: form.required("reason", REASON),
            starts_at: form.time("starts_at").unwrap_or(now),
            until: form.required_time("until"),
        };
        let timed = !form.is_refused("starts_at") && !form.is_refused("until");
        let most = kind.longest_days();
        if timed && new.starts_at < now {
            let message = "must not lie in the past: leave it out to begin now";
            form.refuse("starts_at", "future", message);
        } else if timed && new.until <= new.starts_at {
            form.refuse(
                "until",
                "after_start",
                "must come after its start, and lie in the future",
            );
        } else if timed && new.until - new.starts_at > most * DAY {
            let message = format!("must not lie more than {most} days after its start: make another entry then");
            form.refuse("until", "range", message);
        }
        form.done()?;
        Ok(new)
    }
}

/// Reads why an entry is ended.
///
/// # Errors
/// Where no reason is given.
pub fn end_of_entry(form: Form) -> Result<String> {
    form.read(|form| form.required("reason", REASON))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const UNIT: &str = "019ab1c4-7000-7008-8f21-3c5a7e90f778";

    fn read(kind: &str, until: &str) -> Result<NewEntry> {
        let form = json!({"kind": kind, "unit_id": UNIT, "user_id": UNIT, "reason": "nights", "until": until});
        let now = crate::clock::parse("2026-11-01T00:00:00Z").expect("a time");
        NewEntry::parse(Form::new(form)?, now)
    }

    #[test]
    fn an_entry_lasts_as_long_as_its_kind_may() {
        assert!(read("delegation", "2027-01-30T00:00:00Z").is_ok());
        for (kind, until, rule) in [
            ("delegation", "2027-01-30T00:00:00.000001Z", "range"),
            ("on_call", "2026-12-03T00:00:00Z", "range"),
            ("on_call", "2026-11-01T00:00:00Z", "after_start"),
        ] {
            let refused = read(kind, until).expect_err("refused");
            assert_eq!(
                (refused.errors[0].field.as_str(), refused.errors[0].rule.as_str()),
                ("until", rule)
            );
        }
    }

    #[test]
    fn it_counts_from_its_start_until_its_end() {
        let person = || Person {
            id: "p".into(),
            name: "P".into(),
        };
        let entry = RosterEntry {
            id: "r".into(),
            kind: RosterKind::OnCall,
            unit: UnitName {
                id: "u".into(),
                name: "U".into(),
            },
            user: person(),
            given_by: person(),
            given_at: Timestamp(0),
            reason: "nights".into(),
            starts_at: Timestamp(10),
            until: Timestamp(20),
            ended_at: None,
            ended_by: None,
            end_reason: None,
            version: 1,
        };
        assert_eq!(
            [9, 10, 19, 20].map(|at| entry.counts_at(at)),
            [false, true, true, false]
        );
        let ended = RosterEntry {
            ended_at: Some(Timestamp(15)),
            ..entry
        };
        assert!(!ended.counts_at(15) && ended.is_over(15));
    }
}
