//! How a capture that nothing covered, or of which that cannot be told, stood to the authorizations of its case when it was
//! logged.

use super::{BasisKind, Capture, CaptureState};
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
        /// It rests on one with which it could not be compared in full.
        Unjudged = "unjudged",
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

/// The rules that compare what a capture says of itself with what an authorization names.
const COMPARED: [&str; 4] = ["account", "platform", "level", "device"];

impl Capture {
    /// How nothing covered it, where nothing did, and whether it was covered for want of something to compare. The migrations
    /// 0034 and 0040 say the same of the records of earlier releases.
    pub fn uncovered(&self) -> Option<Uncovered> {
        if self.state != CaptureState::Held {
            let by_leave = self.basis.kind == BasisKind::Authorization;
            let is_open = |line: &Line| line.passed.is_none() && COMPARED.contains(&line.rule.as_str());
            return (by_leave && self.coverage.iter().any(is_open)).then_some(Uncovered::Unjudged);
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
