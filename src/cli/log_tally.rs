//! What became of the items of one `casetrail log`: how many became what, and why some failed, each cause once.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::client::items;
use super::failure::Failure;
use super::output;

/// What became of one.
pub(super) enum Logged {
    /// The server's answer to a capture that was recorded now.
    New(Value),
    /// The same as this row of this run; nothing was added.
    Again(usize),
    /// A run before this one logged it; nothing was added. The capture as that run was told of it, where that is known.
    Before(Option<Value>),
}

impl Logged {
    /// The stable word of what became of it, for results in JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::New(capture) if capture["state"] == "held" => "held",
            Self::New(capture) if is_duplicate(capture) => "duplicate",
            Self::New(_) => "logged",
            Self::Again(_) => "repeated",
            Self::Before(_) => "logged_before",
        }
    }
}

/// Whether the same bytes, or the same address, were in the case before.
fn is_duplicate(capture: &Value) -> bool {
    items(&capture["duplicate_of"]).next().is_some()
}

/// Rows that were sent in this run, by the keys of their requests.
#[derive(Default)]
pub(super) struct SentRows(HashMap<String, SentRow>);

/// A row that was sent, and whether an earlier run had logged it.
enum SentRow {
    Now(usize),
    Before,
}

impl SentRows {
    /// What a row is that says the same as one before it.
    pub fn known(&self, key: &str) -> Option<Logged> {
        self.0.get(key).map(|sent| match sent {
            SentRow::Now(row) => Logged::Again(*row),
            SentRow::Before => Logged::Before(None),
        })
    }

    /// Remembers a row that was logged.
    pub fn remember(&mut self, key: String, row: usize, logged: &Logged) {
        let sent = match logged {
            Logged::Before(_) => SentRow::Before,
            Logged::New(_) | Logged::Again(_) => SentRow::Now(row),
        };
        self.0.insert(key, sent);
    }
}

/// How many became what. Each item counts once, but for `held_duplicates`, which are among those held.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LogTally {
    /// Recorded, and not there before.
    pub logged: usize,
    /// Recorded, though the same is there already.
    pub duplicates: usize,
    pub held: usize,
    /// Of those held: the same is there already.
    pub held_duplicates: usize,
    /// Rows that say the same as one before them.
    pub repeated: usize,
    /// Logged by a run before this one.
    pub before: usize,
    pub failed: usize,
    /// Not tried, because they would fail as the one before did.
    pub not_sent: usize,
}

impl LogTally {
    /// Counts one.
    pub fn count(&mut self, done: &Result<Logged, Failure>) {
        match done {
            Ok(Logged::New(capture)) if capture["state"] == "held" => {
                self.held += 1;
                self.held_duplicates += usize::from(is_duplicate(capture));
            }
            Ok(Logged::New(capture)) if is_duplicate(capture) => self.duplicates += 1,
            Ok(Logged::New(_)) => self.logged += 1,
            Ok(Logged::Again(_)) => self.repeated += 1,
            Ok(Logged::Before(_)) => self.before += 1,
            Err(_) => self.failed += 1,
        }
    }

    /// The last line for programs.
    pub fn as_json(&self, case: &str, causes: &FailureCauses) -> Value {
        json!({"summary": {
            "case": case, "logged": self.logged, "duplicates": self.duplicates, "held": self.held,
            "held_duplicates": self.held_duplicates, "repeated": self.repeated, "logged_before": self.before,
            "failed": self.failed, "not_sent": self.not_sent, "causes": causes.as_json(),
        }})
    }

    /// The last line for people.
    pub fn as_text(&self, case: &str, causes: &FailureCauses) -> String {
        let mut held = "held until a supervisor decides".to_owned();
        if self.held_duplicates > 0 {
            held += &format!(" ({} of them the same as an item that was there)", self.held_duplicates);
        }
        let failed = format!("failed{}", causes.as_text());
        let also = [
            (self.duplicates, "logged again, the same as an item that was there"),
            (self.held, &*held),
            (self.repeated, "the same as a row before, not logged again"),
            (self.before, "logged before, not logged again"),
            (self.failed, &*failed),
            (self.not_sent, "not sent"),
        ];
        let mut text = format!("case {}: {} logged", output::clean(case), self.logged);
        for (n, what) in also.into_iter().filter(|(n, _)| *n > 0) {
            text += &format!(", {n} {what}");
        }
        if self.failed > 0 {
            text += ": mend what failed and run the same command again, nothing is logged twice within 24 hours";
        }
        text + "\n"
    }
}

/// Why items failed: each cause with the first row that it failed, and how many.
#[derive(Debug, Default)]
pub(super) struct FailureCauses(Vec<FailureCause>);

#[derive(Debug)]
struct FailureCause {
    told: Failure,
    first: usize,
    count: usize,
}

impl FailureCauses {
    /// Counts a row that failed. Where another failed of the same before it, that one's number.
    pub fn count(&mut self, row: usize, told: &Failure) -> Option<usize> {
        if let Some(known) = self.0.iter_mut().find(|cause| cause.told.is_same(told)) {
            known.count += 1;
            return Some(known.first);
        }
        self.0.push(FailureCause {
            told: told.clone(),
            first: row,
            count: 1,
        });
        None
    }

    fn as_text(&self) -> String {
        let alike = self.0.iter().filter(|cause| cause.count > 1);
        let told: Vec<String> = alike
            .map(|cause| format!("{} as {}.", cause.count, cause.first))
            .collect();
        match told.is_empty() {
            true => String::new(),
            false => format!(" ({})", told.join(", ")),
        }
    }

    fn as_json(&self) -> Value {
        let all = self.0.iter().map(|cause| {
            json!({"type": cause.told.problem, "detail": cause.told.detail, "errors": cause.told.errors,
                "first_row": cause.first, "rows": cause.count})
        });
        all.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_or_there_already_is_counted_as_that() {
        let made = |state: &str, same: Value| Ok(Logged::New(json!({"state": state, "duplicate_of": same})));
        let mut tally = LogTally::default();
        for done in [
            made("logged", json!([])),
            made("logged", json!([{"item": 1}])),
            made("held", json!([])),
            made("held", json!([{"item": 1}])),
            Ok(Logged::Again(1)),
            Ok(Logged::Before(None)),
            Err(Failure::failed("no")),
        ] {
            tally.count(&done);
        }
        tally.not_sent = 2;
        let causes = FailureCauses::default();
        assert_eq!(
            tally.as_text("26-1", &causes),
            "case 26-1: 1 logged, 1 logged again, the same as an item that was there, 2 held until a supervisor decides (1 of them the same as an item that was there), 1 the same as a row before, not logged again, 1 logged before, not logged again, 1 failed, 2 not sent: mend what failed and run the same command again, nothing is logged twice within 24 hours\n"
        );
        let said = &tally.as_json("26-1", &causes)["summary"];
        let counts = [
            "logged",
            "duplicates",
            "held",
            "held_duplicates",
            "repeated",
            "logged_before",
        ];
        assert_eq!(counts.map(|name| said[name].as_u64().unwrap()), [1, 1, 2, 1, 1, 1]);
    }

    #[test]
    fn a_row_repeats_what_its_first_was() {
        let mut rows = SentRows::default();
        rows.remember("a".into(), 1, &Logged::New(json!({})));
        rows.remember("b".into(), 2, &Logged::Before(None));
        assert!(matches!(rows.known("a"), Some(Logged::Again(1))));
        assert!(matches!(rows.known("b"), Some(Logged::Before(None))));
        assert!(rows.known("c").is_none());
    }

    #[test]
    fn a_cause_is_told_once() {
        let mut causes = FailureCauses::default();
        let url = Failure::field("url", "required", "is missing");
        let told =
            [(1, &url), (2, &Failure::failed("disk")), (3, &url), (4, &url)].map(|(row, f)| causes.count(row, f));
        assert_eq!(told, [None, None, Some(1), Some(1)]);
        assert_eq!(causes.as_text(), " (3 as 1.)");
        assert_eq!(causes.as_json()[0]["rows"], 3);
    }
}
