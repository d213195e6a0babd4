//! The rules of conduct in force, and that somebody acknowledged them.

use serde::{Deserialize, Serialize};

use crate::authorization_policies::{PolicyInForce, Sentence};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::forms::Form;
use crate::identity::Person;
use crate::proof::canon::to_strict;
use crate::proof::id::Digest;

/// The rules of conduct that count now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConductRules {
    /// The number of the authorization policy that states them.
    pub policy: i64,
    /// The rules; none where the policy has none.
    pub sentences: Vec<Sentence>,
    /// SHA-256 of the canonical JSON (RFC 8785) of the list, in hex.
    pub sha256: String,
}

impl ConductRules {
    /// Those of a policy.
    ///
    /// # Errors
    /// None for a policy that was read.
    pub fn of(policy: &PolicyInForce) -> Result<Self> {
        let sentences = policy.terms.conduct.clone();
        let written = to_strict(&serde_json::to_value(&sentences)?).map_err(Error::internal)?;
        Ok(Self {
            policy: policy.reference.number,
            sha256: Digest::of(&written).to_string(),
            sentences,
        })
    }
}

/// That somebody acknowledged rules of conduct: the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConductAcknowledgement {
    /// Its id.
    pub id: String,
    /// Who acknowledged them.
    pub user: Person,
    /// The number of the authorization policy that stated them then.
    pub policy: i64,
    /// SHA-256 of the rules, in hex.
    pub sha256: String,
    /// When.
    pub at: Timestamp,
    /// Always 1: nothing changes it.
    pub version: i64,
}

/// The rules, and whether the reader acknowledged them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnConduct {
    /// The rules.
    pub rules: ConductRules,
    /// The reader's acknowledgement of them.
    pub acknowledged: Option<ConductAcknowledgement>,
}

/// Reads which rules are acknowledged: the digest of what was read.
///
/// # Errors
/// Where it is missing.
pub fn acknowledged(form: Form) -> Result<String> {
    form.read(|form| form.required("sha256", 64))
}
