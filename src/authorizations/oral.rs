//! An oral approval: what a requester records of it. It covers nothing; the one who gave it confirms it in writing, and what
//! was captured before that is ratified or it is not.

use serde::{Deserialize, Serialize};

use crate::clock::{DAY, Micros, Timestamp};
use crate::error::Result;
use crate::forms::{Form, TEXT};
use crate::identity::Person;
use crate::words;

words! {
    /// How it was given.
    OralMeans {
        /// By telephone.
        Telephone = "telephone",
        /// By radio.
        Radio = "radio",
        /// Face to face.
        InPerson = "in_person",
        /// In another way, which the words given tell.
        Other = "other",
    }
}

/// What is recorded of an oral approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OralApproval {
    /// Who gave it.
    pub by: Person,
    /// When, as the requester says.
    pub given_at: Timestamp,
    pub how: OralMeans,
    /// What was said.
    pub said: String,
    pub recorded_by: Person,
    pub recorded_at: Timestamp,
}

/// An oral approval about to be recorded.
#[derive(Debug, Clone)]
pub struct NewOralApproval {
    pub by: String,
    pub given_at: Micros,
    pub how: OralMeans,
    pub said: String,
}

/// An oral approval is recorded within this time.
const WITHIN: Micros = 7 * DAY;

impl NewOralApproval {
    /// Reads and checks one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(mut form: Form, now: Micros) -> Result<Self> {
        let new = Self {
            by: form.required_id("by"),
            given_at: form.required_time("given_at"),
            how: form.required_word("how").unwrap_or(OralMeans::Other),
            said: form.required("said", TEXT),
        };
        if !form.is_refused("given_at") && new.given_at > now {
            form.refuse("given_at", "past", "must not lie in the future: say when it was given");
        } else if !form.is_refused("given_at") && new.given_at < now - WITHIN {
            form.refuse(
                "given_at",
                "range",
                "must lie within the last seven days: ask for a written approval",
            );
        }
        form.done()?;
        Ok(new)
    }
}
