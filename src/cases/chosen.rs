//! What whoever was given chosen captures of a case sees of it beside these: its head.
//!
//! A grant opens the whole case, or the captures that it names and no more. Whoever has the second kind alone sees the case's
//! head; what else belongs to the case is not read for them at all (docs/adr/0076).

use serde::Serialize;

use super::granted::chosen_captures;
use super::model::{Case, CaseView};
use super::particulars::{CaseKind, CaseParticulars};
use crate::clock::Timestamp;
use crate::identity::Person;
use crate::policy::{CaseStatus, Handling};

/// What a case is to whoever was given chosen captures of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseHead {
    /// Its id.
    pub id: String,
    /// Its number.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Its kind.
    pub kind: CaseKind,
    /// Where it stands.
    pub status: CaseStatus,
    /// Always `chosen_captures`, in the words of who may see a case.
    pub sees: &'static str,
    /// How many captures were chosen for the reader.
    pub captures: i64,
    /// Until when they read one of them.
    pub until: Timestamp,
}

impl CaseHead {
    /// Of a case, for somebody who was given so many captures of it.
    pub fn of(case: &Case, (captures, until): (i64, Timestamp)) -> Self {
        Self {
            id: case.id.clone(),
            number: case.number.clone(),
            title: case.title.clone(),
            kind: case.kind,
            status: case.status,
            sees: "chosen_captures",
            captures,
            until,
        }
    }

    /// What was given, in words.
    pub fn says(&self) -> String {
        chosen_captures(self.captures)
    }

    /// A case that holds nothing else, for the pages that show one. Its times are in UTC: the zone is not told.
    pub fn as_case(&self) -> Case {
        let nobody = Person {
            id: String::new(),
            name: String::new(),
        };
        Case {
            id: self.id.clone(),
            number: self.number.clone(),
            provisional: false,
            title: self.title.clone(),
            kind: self.kind,
            status: self.status,
            disposition: None,
            handling: Handling::Standard,
            court_order: None,
            time_zone: "UTC".into(),
            jurisdiction: None,
            offense: None,
            unit_id: String::new(),
            lead: nobody,
            proposed_lead: None,
            proposal: None,
            supervisor: None,
            particulars: CaseParticulars::default(),
            opened_at: Timestamp(0),
            changed_at: Timestamp(0),
            version: 0,
            reason: None,
        }
    }
}

/// A case as one of its readers sees it.
#[derive(Debug, Clone)]
pub enum CaseShown {
    /// The whole case is open to them.
    Whole(Box<CaseView>),
    /// Chosen captures of it are.
    Head(CaseHead),
}

impl CaseShown {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Whole(view) => &view.case.id,
            Self::Head(head) => &head.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_nothing_else() {
        let head = CaseHead {
            id: "c".into(),
            number: "26-1".into(),
            title: "T".into(),
            kind: CaseKind::OnlineCrime,
            status: CaseStatus::Open,
            sees: "chosen_captures",
            captures: 1,
            until: Timestamp(9),
        };
        let case = head.as_case();
        assert_eq!(CaseHead::of(&case, (1, Timestamp(9))), head);
        assert!(case.lead.name.is_empty() && case.unit_id.is_empty() && case.offense.is_none());
        assert_eq!(head.says(), "1 chosen capture");
    }
}
