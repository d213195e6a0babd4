//! One check of a request, and who asks for it.

use serde::{Deserialize, Serialize};

use crate::gate::CaseContext;
use crate::words;

words! {
    /// What a check comes to.
    CheckVerdict {
        /// An approval is refused while it stands so.
        Failed = "failed",
        /// The agency's policy speaks against it: whoever approves all the same says why, which stands in the record.
        NeedsReason = "needs_reason",
        /// Nothing is refused, and the decider is to think about it.
        NeedsYou = "needs_you",
        /// Nothing stands against it.
        Passed = "passed",
    }
}

/// One check of a request, with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCheck {
    /// Its short name, such as `window`.
    pub check: String,
    /// What it comes to.
    pub verdict: CheckVerdict,
    /// Why, in a sentence.
    pub why: String,
}

pub(super) fn check(name: &str, verdict: CheckVerdict, why: impl Into<String>) -> RequestCheck {
    RequestCheck {
        check: name.to_owned(),
        verdict,
        why: why.into(),
    }
}

/// Who asks whether they may decide: policy's answer, and where they stand.
#[derive(Debug, Clone, Copy)]
pub struct Decider<'a> {
    /// Whether policy lets them decide.
    pub may: bool,
    /// Whether they supervise a unit above that of the case.
    pub above_unit: bool,
    /// Their relation to the case, and their part in the request.
    pub context: &'a CaseContext,
}
