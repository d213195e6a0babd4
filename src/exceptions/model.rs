//! What exceptions there are, and how one is signed off.

use serde::{Deserialize, Serialize};

use crate::clock::{DAY, Micros, Timestamp};
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::identity::Person;
use crate::policy::Role;
use crate::words;

words! {
    /// The class of an exception.
    ExceptionClass {
        /// A capture for which no authorization of its case was ever approved, or none was claimed.
        Without = "without",
        /// A capture that goes beyond the authorization of its case.
        Beyond = "beyond",
        /// A capture that was made after its authorization was over.
        After = "after",
        /// A capture that rests on an authorization with which it could not be compared in full: it names no account, say.
        Unjudged = "unjudged",
        /// A capture that its authorization would not cover as it was corrected.
        CorrectedBeyond = "corrected_beyond",
        /// A held capture that waits for its decision longer than it should.
        Undecided = "undecided",
        /// An emergency that nobody has confirmed or repudiated.
        EmergencyUnconfirmed = "emergency_unconfirmed",
        /// A covert capture that nobody else has reviewed.
        CovertUnreviewed = "covert_unreviewed",
        /// An authorization that was approved against a check.
        AgainstCheck = "against_check",
    }
}

impl ExceptionClass {
    /// What it is, in a sentence.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Without => "No authorization covered it",
            Self::Beyond => "It goes beyond the authorization",
            Self::After => "The authorization was over",
            Self::Unjudged => "It could not be compared in full with its authorization",
            Self::CorrectedBeyond => "As corrected, it goes beyond its leave or its decision",
            Self::Undecided => "It is held and waits for a decision",
            Self::EmergencyUnconfirmed => "Nobody has confirmed the emergency",
            Self::CovertUnreviewed => "Covert, and nobody else has reviewed it",
            Self::AgainstCheck => "Approved although a check spoke against it",
        }
    }

    /// Whether it is about a capture; the others are about an authorization.
    pub const fn is_of_capture(self) -> bool {
        !matches!(self, Self::AgainstCheck)
    }
}

words! {
    /// Whether somebody has signed an exception off.
    SignOffState {
        /// Nobody has.
        Open = "open",
        /// Somebody without a part in it has.
        SignedOff = "signed_off",
    }
}

words! {
    /// What an exception is about.
    ExceptionObject {
        /// A capture.
        OfCapture = "capture",
        /// An authorization.
        OfAuthorization = "authorization",
    }
}

/// That somebody without a part in an exception looked at it: the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// Its id.
    pub id: String,
    /// The class of the exception.
    pub class: ExceptionClass,
    /// The id of the capture or authorization.
    pub object_id: String,
    /// The version of the capture that was looked at; earlier releases did not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_version: Option<i64>,
    /// Its case.
    pub case_id: String,
    /// What was found.
    pub note: String,
    /// By whom.
    pub by: Person,
    /// As what: a supervisor, or an auditor.
    pub role: Role,
    /// When.
    pub at: Timestamp,
    /// Always 1: nothing changes it.
    pub version: i64,
}

/// An exception about to be signed off.
#[derive(Debug, Clone)]
pub struct NewSignOff {
    /// Its class.
    pub class: ExceptionClass,
    /// What was found.
    pub note: String,
    /// The version of the capture that was looked at, where the sender tells it.
    pub seen: Option<u64>,
}

impl NewSignOff {
    /// Reads one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            class: form.required_word("class").unwrap_or(ExceptionClass::Without),
            note: form.required("note", REASON),
            seen: form.count("object_version"),
        })
    }
}

/// A sign-off as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownSignOff {
    /// Its id.
    pub id: String,
    /// By whom.
    pub by: Person,
    /// As what.
    pub role: Role,
    /// When.
    pub at: Timestamp,
    /// What was found. None for an auditor, where a supervisor wrote it: it may tell of the case.
    pub note: Option<String>,
}

impl ShownSignOff {
    /// To a reader who reads the case.
    pub fn whole(signed: SignOff) -> Self {
        Self {
            id: signed.id,
            by: signed.by,
            role: signed.role,
            at: signed.at,
            note: Some(signed.note),
        }
    }

    /// To a reader who sees identifiers alone.
    pub fn of_identifiers(signed: SignOff) -> Self {
        let is_auditors = signed.role == Role::Auditor;
        let whole = Self::whole(signed);
        Self {
            note: whole.note.filter(|_| is_auditors),
            ..whole
        }
    }
}

/// An exception, told by identifiers alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundException {
    /// Its class.
    pub class: ExceptionClass,
    /// What it is about.
    pub object: ExceptionObject,
    /// The id of that.
    pub object_id: String,
    /// The current version of a capture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_version: Option<i64>,
    /// The item of a capture, the number of an authorization in its case.
    pub number: i64,
    /// Where that stands now.
    pub object_state: String,
    /// The case.
    pub case_id: String,
    /// Its number.
    pub case_number: String,
    /// Who captured it, or who approved it. None where a capture's capturer is closed to the reader.
    pub person: Option<Person>,
    /// When it was received, or approved.
    pub since: Timestamp,
    /// Whether somebody has signed it off.
    pub state: SignOffState,
    /// Who has, when, and what was found.
    pub signed_off: Option<ShownSignOff>,
}

impl FoundException {
    /// What the next page begins after.
    pub fn key(&self) -> String {
        format!("{}.{}", self.object_id, self.class)
    }
}

/// How long a held capture may wait before it is an exception, in days, where the reader names no other number.
pub const UNDECIDED_DAYS: i64 = 7;

/// What a list of exceptions is asked for.
#[derive(Debug, Clone)]
pub struct ExceptionSearch {
    /// Only of this class.
    pub class: Option<ExceptionClass>,
    /// Only open ones, or only those that were signed off.
    pub state: Option<SignOffState>,
    /// Held captures are told that came before this.
    pub held_before: Micros,
    /// After this exception: object and class.
    pub after: Option<(String, ExceptionClass)>,
    /// Of this capture or authorization alone.
    pub object_id: Option<String>,
    /// At most so many.
    pub limit: usize,
}

impl ExceptionSearch {
    /// All of one object, whatever their state.
    pub fn of_object(id: &str, now: Micros) -> Self {
        Self {
            class: None,
            state: None,
            held_before: held_before(now, UNDECIDED_DAYS),
            after: None,
            object_id: Some(id.to_owned()),
            limit: ExceptionClass::ALL.len(),
        }
    }
}

/// The time before which a capture was received that waits for more than so many days.
pub fn held_before(now: Micros, days: i64) -> Micros {
    now.saturating_sub(days.saturating_mul(DAY))
}
