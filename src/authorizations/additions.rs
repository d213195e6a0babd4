//! How an account that turns up while an authorization runs is asked for, and answered.

use super::model::{CoveredAccount, account};
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::words;

words! {
    /// What a supervisor answers where an account is to be added.
    AdditionOutcome {
        /// It is covered from now on.
        Approve = "approve",
        /// It is not.
        Deny = "deny",
    }
}

/// An account about to be asked for.
#[derive(Debug, Clone)]
pub struct NewAddition {
    pub account: CoveredAccount,
    pub reason: String,
}

impl NewAddition {
    /// Reads one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(mut form: Form) -> Result<Self> {
        form.must("platform", "must name the platform of the account");
        let new = Self {
            account: account(&mut form),
            reason: form.required("reason", REASON),
        };
        form.done()?;
        Ok(new)
    }
}

/// A supervisor's answer.
#[derive(Debug, Clone)]
pub struct AdditionDecision {
    pub outcome: AdditionOutcome,
    pub reason: Option<String>,
}

impl AdditionDecision {
    /// Reads and checks it: to deny needs a reason.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(mut form: Form) -> Result<Self> {
        let outcome = form.required_word("decision").unwrap_or(AdditionOutcome::Deny);
        let reason = match outcome {
            AdditionOutcome::Approve => form.filled("reason", REASON),
            AdditionOutcome::Deny => Some(form.required("reason", REASON)),
        };
        form.done()?;
        Ok(Self { outcome, reason })
    }
}
