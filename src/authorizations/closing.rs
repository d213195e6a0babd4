//! The closing report: how an authorization ended, told by those who asked for it.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::Result;
use crate::forms::{Form, TEXT};
use crate::identity::Person;
use crate::words;

words! {
    /// What came of an authorization.
    ClosingOutcome {
        /// What it was asked for was reached.
        Achieved = "achieved",
        /// A part of that.
        Partly = "partly",
        /// Nothing of that.
        NotAchieved = "not_achieved",
        /// Nobody looked at anything under it.
        NotUsed = "not_used",
    }
}

/// How an authorization ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosingReport {
    /// By whom it is reported.
    pub by: Person,
    /// When. An authorization that still ran ends here.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: ClosingOutcome,
    /// The report.
    pub report: String,
    /// What confidential material turned up and what was done with it, where some did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidential_material: Option<String>,
    /// The captures that rested on it then.
    pub captures: i64,
}

/// A report about to be made.
#[derive(Debug, Clone)]
pub struct NewClosing {
    /// See [`ClosingReport::outcome`].
    pub outcome: ClosingOutcome,
    /// See [`ClosingReport::report`].
    pub report: String,
    /// See [`ClosingReport::confidential_material`].
    pub confidential_material: Option<String>,
}

impl NewClosing {
    /// Reads one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(mut form: Form) -> Result<Self> {
        let new = Self {
            outcome: form.required_word("outcome").unwrap_or(ClosingOutcome::NotUsed),
            report: form.required("report", TEXT),
            confidential_material: form.filled("confidential_material", TEXT),
        };
        form.done()?;
        Ok(new)
    }
}
