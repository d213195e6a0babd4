//! How a capture that nothing covered stood to the authorizations of its case when it was logged.

use super::{Capture, CaptureState};
use crate::authorizations::Line;
use crate::words;

words! {
    /// How nothing covered it.
    Uncovered {
        /// No authorization of its case was ever approved, or none was claimed.
        Without = "without",
        /// There was one, and it did not reach so far.
        Beyond = "beyond",
        /// There had been one, which was over.
        After = "after",
    }
}

/// What the rule of the state says where there was no authorization to judge by.
const NONE: [&str; 2] = [
    "no authorization of this case was ever approved",
    "the authorization named is none of this case that was approved",
];

/// The rule of a capture that claims to need no authorization: whether a standing order carries it.
pub const STANDING_ORDER: &str = "standing_order";

/// How each rule begins that says that an authorization was over.
const OVER: [(&str, &str); 3] = [
    ("window", "captured after it ended"),
    ("state", "it was revoked at "),
    ("state", "it was ended at "),
];

impl Capture {
    /// How nothing covered it, where nothing did. The migration 0034 says the same of the records of earlier releases.
    pub fn uncovered(&self) -> Option<Uncovered> {
        if self.state != CaptureState::Held {
            return None;
        }
        let failed = || self.coverage.iter().filter(|line| line.passed == Some(false));
        let is_over = |line: &Line| {
            let says = |(rule, why): &(&str, &str)| line.rule == *rule && line.why.starts_with(why);
            OVER.iter().any(says)
        };
        let is_none = |line: &Line| line.rule == STANDING_ORDER || NONE.contains(&line.why.as_str());
        Some(if failed().any(is_over) {
            Uncovered::After
        } else if self.coverage.is_empty() || failed().any(is_none) {
            Uncovered::Without
        } else {
            Uncovered::Beyond
        })
    }
}
