//! Flags on what may impeach a witness, as the records of a packet tell them.

use serde::Deserialize;

use crate::clock::{self, Micros};

/// A flag on what may impeach a witness, as its last record tells it.
#[derive(Debug, Clone, Deserialize)]
pub struct ImpeachmentTold {
    pub id: String,
    /// The capture that it is about, where it is about one.
    pub capture_id: Option<String>,
    item: Option<u64>,
    /// Who may be a witness.
    person: Option<String>,
    reason: String,
    by: FlagPerson,
    at: String,
    clearing: Option<FlagCleared>,
}

/// Who cleared a flag, and why.
#[derive(Debug, Clone, Deserialize)]
pub struct FlagCleared {
    reason: String,
    by: FlagPerson,
    at: String,
}

impl ImpeachmentTold {
    /// Whom or what it is about, by whom it was raised.
    pub(super) fn says(&self) -> String {
        let item = self.item.map(|item| format!("item {item}"));
        let about: Vec<String> = item.into_iter().chain(self.person.clone()).collect();
        let by = &self.by.name;
        format!("{by} flagged what may impeach a witness: {}.", about.join(", "))
    }

    /// What may impeach.
    pub(super) fn reason(&self) -> String {
        self.reason.clone()
    }

    pub(super) fn at(&self) -> Option<Micros> {
        clock::parse(&self.at)
    }

    /// Who cleared it, where a prosecutor did.
    pub(super) fn cleared(&self) -> Option<&FlagCleared> {
        self.clearing.as_ref()
    }
}

impl FlagCleared {
    pub fn reason(&self) -> &str {
        &self.reason
    }

    pub fn by(&self) -> &str {
        &self.by.name
    }

    pub fn at(&self) -> Option<Micros> {
        clock::parse(&self.at)
    }
}

#[derive(Debug, Clone, Deserialize)]
struct FlagPerson {
    name: String,
}
