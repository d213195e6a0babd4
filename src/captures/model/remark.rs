//! What is said about a capture later: notes, reviews, decisions, verifications.

use serde::{Deserialize, Serialize};

use super::CaptureState;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::forms::{Form, REASON, TEXT};
use crate::identity::Person;
use crate::ledger::Appended;
use crate::proof::id::Digest;
use crate::words;

/// Where an event stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPlace {
    pub stream: String,
    pub seq: i64,
    pub leaf: Digest,
}

impl From<&Appended> for EventPlace {
    fn from(made: &Appended) -> Self {
        Self {
            stream: made.stream.clone(),
            seq: made.seq,
            leaf: made.leaf,
        }
    }
}

/// Something said about a capture: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark<T> {
    pub id: String,
    pub capture_id: String,
    pub by: Person,
    pub at: Timestamp,
    #[serde(flatten)]
    pub said: T,
    /// Where it stands in the ledger. Not a part of the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventPlace>,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureNote {
    pub text: String,
}

/// That a capture is graphic, or is not after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureMark {
    pub mark: Mark,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// That a program is to read the files once more, such as after another program was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExaminationWish {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A second person's finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub outcome: ReviewOutcome,
    pub note: Option<String>,
}

/// A supervisor's decision, with the state that it gives the capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureDecision {
    #[serde(flatten)]
    pub said: NewDecision,
    pub state: CaptureState,
}

/// What was found when every byte was read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    pub verdict: CheckOutcome,
    pub checks: Vec<Check>,
    pub anchored: String,
}

/// One thing that was verified: the record, or a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// `record` or `file`.
    pub what: String,
    pub sha256: Option<Digest>,
    pub verdict: CheckOutcome,
    pub why: String,
}

words! {
    /// What a check comes to (product.md, rule 7).
    CheckOutcome {
        /// It is as it was recorded.
        Passed = "passed",
        /// It is not.
        Failed = "failed",
        /// It is gone by decision.
        Absent = "absent",
        /// It cannot be checked here.
        NotChecked = "not_checked",
    }
}

words! {
    /// How a capture is marked. The last mark holds.
    Mark {
        /// Nobody sees it without asking for it.
        Graphic = "graphic",
        /// It is shown like any other.
        NotGraphic = "not_graphic",
    }
}

words! {
    /// What a reviewer finds.
    ReviewOutcome {
        /// It shows what it says.
        Accurate = "accurate",
        /// It does not, or not enough.
        Returned = "returned",
    }
}

words! {
    /// What a supervisor decides about a held capture or an emergency.
    DecisionOutcome {
        /// A held capture is taken in.
        Accept = "accept",
        /// A capture that nothing covered is approved afterwards. It stays visible that this was afterwards.
        Ratify = "ratify",
        /// It is kept from use.
        Quarantine = "quarantine",
        /// An emergency was one.
        Confirm = "confirm",
        /// An emergency was none.
        Repudiate = "repudiate",
    }
}

impl Review {
    /// The state that it gives the capture.
    pub fn state(&self) -> CaptureState {
        match self.outcome {
            ReviewOutcome::Accurate => CaptureState::Reviewed,
            ReviewOutcome::Returned => CaptureState::Logged,
        }
    }
}

impl CaptureNote {
    /// Reads and checks it.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            text: form.required("text", TEXT),
        })
    }
}

impl CaptureMark {
    /// Reads and checks it.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            mark: form.required_word("mark").unwrap_or(Mark::Graphic),
            note: form.text("note", TEXT),
        })
    }
}

impl ExaminationWish {
    /// Reads and checks it.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            note: form.text("note", TEXT),
        })
    }
}

impl Review {
    /// Reads and checks it: what is returned says why.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| {
            let outcome = form.required_word("outcome").unwrap_or(ReviewOutcome::Returned);
            let note = match outcome {
                ReviewOutcome::Returned => Some(form.required("note", TEXT)),
                ReviewOutcome::Accurate => form.text("note", TEXT),
            };
            Self { outcome, note }
        })
    }
}

/// A decision about to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDecision {
    pub outcome: DecisionOutcome,
    pub reason: String,
}

impl NewDecision {
    /// Reads and checks it.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            outcome: form.required_word("outcome").unwrap_or(DecisionOutcome::Quarantine),
            reason: form.required("reason", REASON),
        })
    }
}
