//! Output profiles as a request names them, and what the record of an issue tells of duplicates and profiles.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::forms::Form;
use crate::words;

words! {
    /// A folder in which the exhibits' files lie once more, named and listed as somebody's system takes them.
    OutputProfile {
        /// The Jury Evidence Recording System of federal courts.
        Jers = "jers",
        /// Load files for review programs: Concordance DAT and Opticon OPT.
        Loadfile = "loadfile",
    }
}

impl OutputProfile {
    /// Reads those that a request names; each once, in the order of the words.
    pub fn read(form: &mut Form) -> Vec<Self> {
        let named: BTreeSet<Self> = form.words("profiles", Self::ALL.len()).into_iter().collect();
        named.into_iter().collect()
    }

    /// Their words.
    pub fn words(all: &[Self]) -> Vec<String> {
        all.iter().map(|profile| profile.as_str().to_owned()).collect()
    }

    /// What it is, for a page.
    pub fn says(self) -> &'static str {
        match self {
            Self::Jers => "Federal courts (JERS): number, description, Exhibits.txt",
            Self::Loadfile => "Load files for review programs: DAT and OPT",
        }
    }
}

/// The profiles as a page's form offers them.
pub fn profile_choices() -> Vec<(&'static str, &'static str)> {
    OutputProfile::ALL
        .iter()
        .map(|one| (one.as_str(), one.says()))
        .collect()
}

/// Whether standard duplicates go with a packet, as a page's form offers it.
pub fn duplicate_choices() -> [(&'static str, &'static str); 3] {
    [
        ("", "As its purpose has it: for a court, discovery, a supplement"),
        ("true", "Beside the originals"),
        ("false", "None"),
    ]
}

/// What a packet has beside its originals, and what it lacks of that: a part of the record of `packet.issued`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedExtras {
    /// Standard duplicates that lie in it.
    pub duplicates: u64,
    /// Files of which there is none although courts may not play them.
    pub lacking: u64,
    /// What its profiles cannot take.
    pub unfit: u64,
    /// The first of what is lacking or cannot be taken.
    pub told: Vec<IssuedWarning>,
}

/// A file without a duplicate, or that a profile cannot take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedWarning {
    pub item: u64,
    /// The place of the file among the exhibit's, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u32>,
    pub says: String,
}
