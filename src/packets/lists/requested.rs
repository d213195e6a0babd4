//! What stands of an exhibit list in the record of a packet's request: which list, what the packet says of each exhibit and of
//! what is no exhibit, and how much was missing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::forms::Form;
use crate::words;

/// The list that somebody names when they ask for a packet, in the version that they saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedList {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: i64,
}

impl NamedList {
    /// Reads it.
    pub fn read(form: &mut Form) -> Self {
        form.must("version", "must be given: the version of the list that you saw");
        let version = form.count("version").unwrap_or_default();
        Self {
            id: form.required_id("id"),
            version: i64::try_from(version).unwrap_or(i64::MAX),
        }
    }
}

/// What the packet says of an exhibit beside its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedExhibit {
    /// Its number for the court, with its part: `P-12`, `P-12-A`.
    pub number: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A capture that is left out, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExcludedCapture {
    /// The capture.
    pub capture: String,
    /// Why, for the packet's readers.
    pub why: String,
}

/// A capture that is no exhibit, described by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledCapture {
    /// The capture.
    pub capture: String,
    /// What it is, for the packet's readers.
    pub description: String,
}

words! {
    /// What may be missing.
    MissingKind {
        /// The list has no exhibit.
        NoExhibit = "no_exhibit",
        /// A particular of the case that is due before a packet.
        Due = "due",
        /// An exhibit that is held or quarantined.
        CannotLeave = "cannot_leave",
        /// An exhibit that came back from review, and that nobody has corrected since.
        OpenCorrection = "open_correction",
        /// An exhibit that nothing covered, and about which no supervisor has decided.
        UnansweredException = "unanswered_exception",
        /// An exhibit that rests on an emergency that nobody has judged.
        UnjudgedEmergency = "unjudged_emergency",
        /// An exhibit that nobody has reviewed.
        Unreviewed = "unreviewed",
        /// An exhibit without a title.
        Untitled = "untitled",
        /// A capture that is no exhibit, and that the schedule does not describe.
        Undescribed = "undescribed",
        /// An exhibit whose record does not say with which tool, in which version, it was taken.
        NoTool = "no_tool",
        /// An exhibit whose record does not say on which device it was taken.
        NoDevice = "no_device",
        /// An exhibit whose record does not say how it was taken.
        NoMethod = "no_method",
        /// An exhibit whose record does not say with what access it was looked at.
        NoAccess = "no_access",
        /// An exhibit with a web archive that was taken signed in or under an alias, and that was not sanitized.
        Unsanitized = "unsanitized",
        /// An exhibit whose time of capture is a guess.
        GuessedTime = "guessed_time",
        /// An exhibit that could not be compared in full with the authorization on which it rests.
        Unjudged = "unjudged",
        /// An exhibit that its authorization would not cover as it was corrected.
        CorrectedBeyond = "corrected_beyond",
        /// A juvenile among the case's subjects.
        JuvenileNamed = "juvenile_named",
        /// What may impeach a witness, and no prosecutor has cleared.
        OpenFlag = "open_flag",
    }
}

impl MissingKind {
    /// Whether the request is refused until it is answered.
    pub fn stops(self) -> bool {
        matches!(self, Self::NoExhibit | Self::Due | Self::CannotLeave)
    }

    /// What it means and what to do, for people.
    pub fn says(self) -> &'static str {
        match self {
            Self::NoExhibit => "The list has no exhibit: put one in.",
            Self::Due => "The case owes it before a packet. \u{201c}unknown\u{201d} is an answer.",
            Self::CannotLeave => "Held or quarantined: take it out. The inventory lists it all the same.",
            Self::OpenCorrection => {
                "It came back from review, and nobody has corrected it since. The packet shows the review."
            }
            Self::UnansweredException => {
                "Nothing covered it, and no supervisor has decided about it. That stays visible."
            }
            Self::UnjudgedEmergency => "It rests on an emergency: a supervisor confirms it, or says that it was none.",
            Self::Unreviewed => "Nobody has reviewed it. The packet shows who reviewed what; here it shows nobody.",
            Self::Untitled => "It has no title: the court\u{2019}s list of exhibits names it by its number alone.",
            Self::Undescribed => "It is no exhibit, and the schedule does not describe it: describe each by itself.",
            Self::NoTool => "Its record names no tool and version, which a certificate needs: correct it.",
            Self::NoDevice => "Its record names no device, which a certificate needs: correct it.",
            Self::NoMethod => "Its record does not say how it was taken, which a certificate needs: correct it.",
            Self::NoAccess => {
                "Its record does not say with what access it was looked at, which a certificate needs: correct it."
            }
            Self::Unsanitized => {
                "It has a web archive that was taken signed in or under an alias: it may hold cookies, tokens and names. Make a sanitized copy under Redact, and tick it when you build the packet."
            }
            Self::Unjudged => {
                "It could not be compared in full with the authorization on which it rests: it names no account, say. That stays visible; correct it where its record lacks something."
            }
            Self::CorrectedBeyond => {
                "As it was corrected, it goes beyond the leave or the decision on which it rests. That stays visible."
            }
            Self::JuvenileNamed => {
                "A subject is a juvenile, and the packet shows what is recorded of them. A public filing has initials and the year of birth alone (Fed. R. Crim. P. 49.1, Fed. R. Civ. P. 5.2): file it under seal, or redact it before."
            }
            Self::OpenFlag => {
                "A flag on what may impeach a witness is not cleared: a prosecutor discloses it, or says that it impeaches nobody. The packet shows it."
            }
            Self::GuessedTime => "Its time of capture is a guess: correct it, or the packet says so.",
        }
    }
}

/// How much was missing when a packet was asked for, as its request records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingCount {
    /// What.
    pub what: MissingKind,
    /// Of how many.
    pub count: u64,
}

/// What a packet says of captures that are no exhibits.
#[derive(Debug, Default)]
pub struct UnusedWords<'r> {
    descriptions: HashMap<&'r str, &'r str>,
    reasons: HashMap<&'r str, &'r str>,
}

impl<'r> UnusedWords<'r> {
    /// From a request.
    pub fn of(schedule: Option<&'r [ScheduledCapture]>, excluded: Option<&'r [ExcludedCapture]>) -> Self {
        let schedule = schedule.unwrap_or_default().iter();
        let excluded = excluded.unwrap_or_default().iter();
        Self {
            descriptions: schedule.map(|row| (&*row.capture, &*row.description)).collect(),
            reasons: excluded.map(|row| (&*row.capture, &*row.why)).collect(),
        }
    }

    /// The description of a capture.
    pub fn description(&self, capture: &str) -> Option<String> {
        self.descriptions.get(capture).map(|&text| text.to_owned())
    }

    /// Why a capture was left out.
    pub fn reason(&self, capture: &str) -> Option<String> {
        self.reasons.get(capture).map(|&text| text.to_owned())
    }
}
