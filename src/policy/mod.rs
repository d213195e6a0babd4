//! Authorization: who may do what. One decision for API, pages, command line and jobs.
//!
//! The rules are text that counsel can read (`casetrail.cedar`, in the words of `casetrail.cedarschema`); this module
//! loads them once, strictly validated, and answers questions. It decides by role, relation, handling, status and the
//! caller's part in the thing acted on. What depends on time or content (what an authorization covers, when a grant
//! ends, whether a grantee is a supervisor) is decided in Rust by those who ask, before or after.
//! It never looks anything up: no database, no clock, no request.

mod act;
mod decide;
mod matrix;
#[cfg(test)]
mod norm;
mod question;
mod slice;
#[cfg(test)]
mod tests;

pub use act::Act;
pub use decide::Policy;
pub use matrix::matrix;
pub use question::{CaseFacts, Decision, Facts, PolicyError, Question, Relation};

use crate::words;

words! {
    /// What a person is in the agency. One may hold several.
    Role {
        /// Opens and works cases.
        Investigator = "investigator",
        /// Decides and reviews, for the cases of their units.
        Supervisor = "supervisor",
        /// Takes granted cases out as packets.
        Prosecutor = "prosecutor",
        /// Reads the trail of everything and the content of nothing.
        Auditor = "auditor",
        /// Keeps the installation and sees no case.
        Administrator = "administrator",
    }
}

words! {
    /// How closely a case is kept.
    Handling {
        /// The unit's supervisors read it.
        Standard = "standard",
        /// Only members and those with access on record.
        Restricted = "restricted",
        /// The same, and its existence is not shown to others.
        Confidential = "confidential",
    }
}

words! {
    /// Where a case stands.
    CaseStatus {
        /// Being worked on.
        Open = "open",
        /// Resting; work may still come in.
        Suspended = "suspended",
        /// Done, with a disposition; takes no writes until reopened.
        Closed = "closed",
    }
}
