//! What a supervisor decided about a referral, as it is recorded and shown.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::Result;
use crate::identity::Person;
use crate::proof::id::Digest;
use crate::words;

words! {
    /// What a supervisor says to a referral.
    ReleaseOutcome {
        /// It may leave.
        Released = "released",
        /// It does not leave.
        Refused = "refused",
    }
}

/// What a supervisor decided about a referral: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The packet.
    pub packet_id: String,
    /// Its case.
    pub case_id: String,
    /// What was decided.
    pub outcome: ReleaseOutcome,
    /// Why; a refusal always says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The file that it is about.
    pub packet: ReleasedFile,
    /// By whom.
    pub decided_by: Person,
    /// When.
    pub decided_at: Timestamp,
}

/// The file that a supervisor decided about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasedFile {
    /// Its name, without the ending.
    pub name: String,
    /// Bytes.
    pub size: Option<i64>,
    /// Their digest.
    pub sha256: Option<Digest>,
}

/// Where a referral stands, as its readers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ReleaseView {
    /// No supervisor has decided.
    Waiting,
    /// It may leave.
    Released(ReleaseDecision),
    /// It does not leave.
    Refused(ReleaseDecision),
}

/// Who decided, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseDecision {
    pub by: Person,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ReleaseView {
    /// What this record says.
    pub fn of(record: &str) -> Result<Self> {
        let release: Release = serde_json::from_str(record)?;
        let decision = ReleaseDecision {
            by: release.decided_by,
            at: release.decided_at,
            reason: release.reason,
        };
        Ok(match release.outcome {
            ReleaseOutcome::Released => Self::Released(decision),
            ReleaseOutcome::Refused => Self::Refused(decision),
        })
    }

    /// Why the packet does not leave, where it does not.
    pub fn stops(&self) -> Option<String> {
        match self {
            Self::Released(_) => None,
            Self::Waiting => Some(
                "This packet is a referral and waits for its release: a supervisor of the case's unit who does not work \
                 on the case releases it with POST /api/v1/packets/{id}/release."
                    .into(),
            ),
            Self::Refused(_) => Some(
                "A supervisor refused to release this referral, and its page says why: build another without what was \
                 refused."
                    .into(),
            ),
        }
    }
}
