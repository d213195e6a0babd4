//! What an audit is, and what is kept of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::forms::Form;
use crate::identity::Person;
use crate::proof::id::Digest;
use crate::words;

/// The kind of the job, by which events name it as their actor.
pub const JOB: &str = "audit";

words! {
    /// Where an audit stands.
    AuditState {
        /// It waits for the server.
        Queued = "queued",
        /// The server reads.
        Running = "running",
        /// Nothing is wrong.
        Clean = "clean",
        /// Something is wrong; the report says what.
        Faulty = "faulty",
        /// It could not be carried out.
        Failed = "failed",
        /// It was called off.
        Cancelled = "cancelled",
    }
}

impl AuditState {
    /// Whether it has not ended.
    pub fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// The record of an audit that was asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditAsked {
    pub id: String,
    pub requested_by: Person,
    pub requested_at: Timestamp,
}

/// The record of an audit that came to its end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditDone {
    pub id: String,
    pub finished_at: Timestamp,
    /// What `casetrail audit --json` prints.
    pub report: Value,
}

/// The record of an audit that could not be carried out.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditBroken {
    pub id: String,
    pub finished_at: Timestamp,
    pub reason: String,
}

/// An audit as it is shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuditView {
    #[serde(flatten)]
    pub asked: AuditAsked,
    pub state: AuditState,
    /// What the server reads now, how much of it is read, of how much.
    pub step: String,
    pub done: i64,
    pub total: i64,
    pub finished_at: Option<Timestamp>,
    /// How many faults and notices the report holds.
    pub faults: Option<u64>,
    pub notices: Option<u64>,
    /// The SHA-256 of the report's canonical bytes, as the event shows it for ever.
    pub report_sha256: Option<Digest>,
    /// Why it could not be carried out.
    pub error: Option<String>,
    /// The whole report; lists leave it out.
    pub report: Option<Value>,
}

impl AuditView {
    /// An audit that waits for the server.
    pub fn queued(asked: AuditAsked) -> Self {
        Self {
            asked,
            state: AuditState::Queued,
            step: String::new(),
            done: 0,
            total: 0,
            finished_at: None,
            faults: None,
            notices: None,
            report_sha256: None,
            error: None,
            report: None,
        }
    }
}

/// Checks that a request for an audit says nothing else.
pub fn nothing(form: Form) -> Result<()> {
    form.read(|_| ())
}
