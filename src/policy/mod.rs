//! Who may do what: one decision for the API, the pages, the command line and the jobs alike.
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

/// A word that is none of those it was to be one of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is no {kind}")]
pub struct UnknownWord {
    /// What it was to be: `Role`, `Handling`, …
    pub kind: &'static str,
    /// What was given.
    pub word: String,
}

/// Makes an enum whose values have one word each, the same in code, JSON, tables and the policy's text.
macro_rules! words {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$meaning:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$meaning])* #[serde(rename = $word)] $value,)+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The value's word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::policy::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let value = Self::ALL.iter().copied().find(|value| value.as_str() == word);
                value.ok_or_else(|| $crate::policy::UnknownWord { kind: stringify!($name), word: word.to_owned() })
            }
        }
    };
}
use words;

words! {
    /// What a person is in the agency. One may hold several.
    pub enum Role {
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
    pub enum Handling {
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
    pub enum CaseStatus {
        /// Being worked on.
        Open = "open",
        /// Resting; work may still come in.
        Suspended = "suspended",
        /// Done, with a disposition; takes no writes until reopened.
        Closed = "closed",
    }
}
