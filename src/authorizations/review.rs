//! The review of a running authorization: a supervisor looks again whether it is still needed.

use serde::{Deserialize, Serialize};

use crate::authorization_policies::LevelTerms;
use crate::clock::{DAY, Micros, Timestamp};
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::identity::Person;

/// A supervisor's word that a running authorization continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveReview {
    pub by: Person,
    pub at: Timestamp,
    /// Why it continues.
    pub reason: String,
    /// When it was due, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When somebody looks again; none where it ends before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

/// When somebody looks again, by the policy of its level: within its days, and none after the end.
pub fn next_review(policy: &LevelTerms, now: Micros, ends_at: Timestamp) -> Option<Timestamp> {
    let days = i64::try_from(policy.review_days?).unwrap_or(0);
    let next = Timestamp(now.saturating_add(days.saturating_mul(DAY)));
    (next < ends_at).then_some(next)
}

/// Reads why it continues.
///
/// # Errors
/// Where no reason is given.
pub fn parse(form: Form) -> Result<String> {
    form.read(|form| form.required("reason", REASON))
}
