//! An impeachment flag as it is kept, and how one is read from what was sent.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::Result;
use crate::forms::{Form, LINE, REASON};
use crate::identity::Person;
use crate::words;

words! {
    /// Where a flag stands.
    FlagState {
        /// No prosecutor has cleared it.
        Raised = "raised",
        /// A prosecutor has.
        Cleared = "cleared",
    }
}

/// Why a flag was cleared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagClearing {
    /// Why: disclosed, or nothing that impeaches.
    pub reason: String,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// What may impeach a witness: the record of one version of the flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpeachmentFlag {
    /// Its id.
    pub id: String,
    /// Its case.
    pub case_id: String,
    /// 1 as raised, 2 as cleared.
    pub version: i64,
    /// Where it stands.
    pub state: FlagState,
    /// The capture that it is about, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_id: Option<String>,
    /// The number of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<i64>,
    /// The person who may be a witness, as they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What may impeach, and whom.
    pub reason: String,
    /// Who raised it.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// Why it was cleared, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clearing: Option<FlagClearing>,
}

/// A flag about to be raised.
#[derive(Debug, Clone)]
pub struct NewFlag {
    /// The number of the item that it is about.
    pub item: Option<u64>,
    /// The person.
    pub person: Option<String>,
    /// What may impeach.
    pub reason: String,
}

impl NewFlag {
    /// Reads one: it is about an item, or a person, or both.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| {
            let new = Self {
                item: form.count("item"),
                person: form.filled("person", LINE),
                reason: form.required("reason", REASON),
            };
            if new.item.is_none() && new.person.is_none() && !form.is_refused("item") && !form.is_refused("person") {
                form.refuse(
                    "item",
                    "either",
                    "must be given, or person: what or whom the flag is about",
                );
            }
            new
        })
    }
}

/// Reads why a flag is cleared.
///
/// # Errors
/// Where that is missing.
pub fn clearing(form: Form) -> Result<String> {
    form.read(|form| form.required("reason", REASON))
}
