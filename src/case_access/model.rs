//! Who may see a case, as it is answered; and a request for access, as it is kept and read.

use serde::{Deserialize, Serialize};

use crate::cases::{Grant, Right};
use crate::clock::{DAY, HOUR, Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, REASON};
use crate::identity::Person;
use crate::policy::{Act, Role};
use crate::words;

/// How long a request waits for an answer.
const WAITS: Micros = 7 * DAY;
/// How long a break-glass request waits for its second person, and how long the access lasts that it gives.
pub const GLASS: Micros = HOUR;

words! {
    /// What ties a person to a case.
    GroundKind {
        /// They lead it.
        Lead = "lead",
        /// They are a member of it.
        Member = "member",
        /// They were proposed to lead it, and have not answered.
        ProposedLead = "proposed_lead",
        /// It belongs to a unit that they supervise.
        Unit = "unit",
        /// They were let in.
        Grant = "grant",
    }
}

words! {
    /// How much of a case somebody sees.
    CaseSight {
        /// The case with its evidence, people and authorizations; what is held apart.
        Everything = "everything",
        /// What the case is about, and nothing in it.
        Outline = "outline",
        /// Its number, title, kind and status, and the captures that were chosen for them.
        ChosenCaptures = "chosen_captures",
    }
}

/// One thing that ties a person to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessGround {
    /// What.
    pub kind: GroundKind,
    /// The grant, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// What the grant gives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rights: Vec<Right>,
    /// Of how many chosen captures the grant is, where it is not of the whole case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub captures: Option<usize>,
    /// When the grant ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Whether the grant was given by breaking the glass.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
}

impl AccessGround {
    /// A ground that is no grant.
    pub fn plain(kind: GroundKind) -> Self {
        Self {
            kind,
            grant_id: None,
            rights: Vec::new(),
            captures: None,
            until: None,
            break_glass: false,
        }
    }

    /// A grant.
    pub fn grant(grant: &Grant) -> Self {
        Self {
            kind: GroundKind::Grant,
            grant_id: Some(grant.id.clone()),
            rights: grant.rights.clone(),
            captures: Some(grant.captures.len()).filter(|n| *n > 0),
            until: Some(grant.until),
            break_glass: grant.origin.break_glass,
        }
    }
}

/// Somebody who could see a case.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReader {
    /// Who.
    pub user: Person,
    /// Their sign-in name.
    pub username: String,
    /// How much of it.
    pub sees: CaseSight,
    /// What ties them to it.
    pub grounds: Vec<AccessGround>,
    /// The rules that let them, by their @id.
    pub rules: Vec<String>,
}

/// Everybody who could see a case at a moment.
#[derive(Debug, Clone, Serialize)]
pub struct CaseReaders {
    /// The case.
    pub case_id: String,
    /// The moment.
    pub at: Timestamp,
    /// Who, by name.
    pub people: Vec<CaseReader>,
}

/// Whether a person may do one thing, and by which rules.
#[derive(Debug, Clone, Serialize)]
pub struct ActAnswer {
    /// What they would do.
    pub act: Act,
    /// Whether they may.
    pub allowed: bool,
    /// Whether they may do it about the captures that were chosen for them, and about nothing else of the case.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub chosen_captures: bool,
    /// The rules that decided; none where no rule allows it.
    pub rules: Vec<String>,
}

/// What a person may do in a case at a moment.
#[derive(Debug, Clone, Serialize)]
pub struct PersonsAccess {
    /// The case.
    pub case_id: String,
    /// The moment.
    pub at: Timestamp,
    /// Who.
    pub user: Person,
    /// Their sign-in name.
    pub username: String,
    /// What they are.
    pub roles: Vec<Role>,
    /// What ties them to the case.
    pub grounds: Vec<AccessGround>,
    /// Each act, allowed or not.
    pub acts: Vec<ActAnswer>,
}

words! {
    /// How access is asked for.
    AccessRequestKind {
        /// Whoever decides in the case answers.
        Access = "access",
        /// At once, with a second person, for an hour.
        BreakGlass = "break_glass",
    }
}

words! {
    /// Where a request stands, for those who decide.
    AccessRequestState {
        /// Nobody has answered.
        Asked = "asked",
        /// Access was given.
        Granted = "granted",
        /// It was denied, or the second person declined.
        Denied = "denied",
        /// The one who asked took it back.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// Where a request stands, for the one who asked. A denial looks like no answer, and so does a number that no case
    /// has: otherwise an answer would tell that a case exists.
    AskedState {
        /// No access was given yet.
        Asked = "asked",
        /// Access was given.
        Granted = "granted",
        /// The time for an answer is over, and no access was given.
        NotGranted = "not_granted",
        /// They took it back.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// How a request is answered.
    AccessOutcome {
        /// Access is given.
        Granted = "granted",
        /// It is not.
        Denied = "denied",
    }
}

/// A request for access to a case: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequest {
    /// Its id.
    pub id: String,
    /// The version: 1 as asked, 2 as it ended.
    pub version: i64,
    /// How it is asked.
    pub kind: AccessRequestKind,
    /// Where it stands.
    pub state: AccessRequestState,
    /// The case's number, as it was typed.
    pub number: String,
    /// The case that has this number, where one has.
    pub case_id: Option<String>,
    /// What is asked for.
    pub rights: Vec<Right>,
    /// Why.
    pub reason: String,
    /// By whom.
    pub asked_by: Person,
    /// When.
    pub asked_at: Timestamp,
    /// The second person, of a break-glass request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Person>,
    /// When the time for an answer is over.
    pub ends_at: Timestamp,
    /// What became of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<AccessAnswer>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessAnswer {
    /// Why, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The grant that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// Until when it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

impl AccessRequest {
    /// Whether an answer is still possible.
    pub fn is_open(&self, now: Micros) -> bool {
        self.state == AccessRequestState::Asked && now < self.ends_at.0
    }

    /// The request as the one who asked sees it.
    pub fn as_asked(&self, now: Micros) -> AskedAccess {
        let over = now >= self.ends_at.0;
        // Of a break-glass request the second person's answer is known: it says nothing of the case.
        let answered = self.kind == AccessRequestKind::BreakGlass && self.answer.is_some();
        let granted = self.answer.as_ref().filter(|answer| answer.grant_id.is_some());
        let state = match self.state {
            _ if granted.is_some() => AskedState::Granted,
            AccessRequestState::Withdrawn => AskedState::Withdrawn,
            _ if over || answered => AskedState::NotGranted,
            _ => AskedState::Asked,
        };
        AskedAccess {
            id: self.id.clone(),
            kind: self.kind,
            state,
            number: self.number.clone(),
            case_id: granted.and(self.case_id.clone()),
            rights: self.rights.clone(),
            reason: self.reason.clone(),
            asked_at: self.asked_at,
            second: self.second.clone(),
            ends_at: self.ends_at,
            until: granted.and_then(|answer| answer.until),
        }
    }
}

/// A request as the one who asked sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AskedAccess {
    /// Its id.
    pub id: String,
    /// How it was asked.
    pub kind: AccessRequestKind,
    /// Where it stands for them.
    pub state: AskedState,
    /// The number, as they typed it.
    pub number: String,
    /// The case; only where they were let in.
    pub case_id: Option<String>,
    /// What they asked for.
    pub rights: Vec<Right>,
    /// Why.
    pub reason: String,
    /// When.
    pub asked_at: Timestamp,
    /// The second person they named.
    pub second: Option<Person>,
    /// When the time for an answer is over.
    pub ends_at: Timestamp,
    /// Until when their access runs.
    pub until: Option<Timestamp>,
}

/// A request about to be made.
#[derive(Debug, Clone)]
pub struct NewAccessRequest {
    /// The case's number.
    pub number: String,
    /// What is asked for.
    pub rights: Vec<Right>,
    /// Why.
    pub reason: String,
    /// The second person, by user name or id: then it is a break-glass request.
    pub second: Option<String>,
}

impl NewAccessRequest {
    /// Reads one. Without rights it asks to read.
    pub fn parse(mut form: Form) -> Result<Self> {
        let export = form.flag("export").unwrap_or_default();
        let new = Self {
            number: form.required("number", 64),
            rights: if export {
                vec![Right::Read, Right::Export]
            } else {
                vec![Right::Read]
            },
            reason: form.required("reason", REASON),
            second: form.filled("second", LINE),
        };
        if export && new.second.is_some() {
            let message = "is not given by breaking the glass: that is to read for an hour. Ask for access to export";
            form.refuse("export", "either", message);
        }
        form.done()?;
        Ok(new)
    }

    /// How it is asked.
    pub fn kind(&self) -> AccessRequestKind {
        match self.second {
            Some(_) => AccessRequestKind::BreakGlass,
            None => AccessRequestKind::Access,
        }
    }

    /// When the time for an answer is over.
    pub fn ends_at(&self, now: Micros) -> Micros {
        match self.kind() {
            AccessRequestKind::Access => now + WAITS,
            AccessRequestKind::BreakGlass => now + GLASS,
        }
    }
}

/// An answer about to be recorded.
#[derive(Debug, Clone)]
pub struct NewAccessAnswer {
    /// Which.
    pub outcome: AccessOutcome,
    /// Until when access is given.
    until: Option<Micros>,
    /// Why; a denial always says it.
    pub reason: Option<String>,
}

impl NewAccessAnswer {
    /// Reads one.
    pub fn parse(mut form: Form) -> Result<Self> {
        let outcome = form
            .required_word::<AccessOutcome>("outcome")
            .unwrap_or(AccessOutcome::Denied);
        let new = Self {
            outcome,
            until: form.time("until"),
            reason: match outcome {
                AccessOutcome::Granted => form.filled("reason", REASON),
                AccessOutcome::Denied => Some(form.required("reason", REASON)),
            },
        };
        form.done()?;
        Ok(new)
    }

    /// Until when access is given by whoever decides in the case.
    pub fn until(&self, now: Micros) -> Result<Micros> {
        match self.until {
            Some(until) if until > now => Ok(until),
            Some(_) => {
                let message = "must lie in the future: a grant ends by itself";
                Err(Error::field("until", "future", message))
            }
            None => {
                let message = "must be given: the time at which the access ends by itself";
                Err(Error::field("until", "required", message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(v: Value) -> Result<NewAccessRequest> {
        NewAccessRequest::parse(Form::new(v).expect("an object"))
    }

    fn asked(case: Option<&str>, kind: AccessRequestKind) -> AccessRequest {
        let who = Person {
            id: "1".into(),
            name: "A".into(),
        };
        AccessRequest {
            id: "r".into(),
            version: 1,
            kind,
            state: AccessRequestState::Asked,
            number: "26-1".into(),
            case_id: case.map(str::to_owned),
            rights: vec![Right::Read],
            reason: "x".into(),
            asked_by: who,
            asked_at: Timestamp(0),
            second: None,
            ends_at: Timestamp(WAITS),
            answer: None,
        }
    }

    #[test]
    fn a_request_says_why_and_a_broken_glass_gives_no_export() {
        assert!(read(json!({"number": "26-1"})).is_err());
        assert_eq!(
            read(json!({"number": "26-1", "reason": "x", "export": true}))
                .expect("read")
                .rights
                .len(),
            2
        );
        let second = "019ab1c4-7000-7001-8f21-3c5a7e901eef";
        let both = read(json!({"number": "26-1", "reason": "x", "export": true, "second": second}));
        assert_eq!(both.expect_err("both").errors[0].rule, "either");
    }

    #[test]
    fn a_denial_looks_like_no_answer_and_like_no_case() {
        let by = Person {
            id: "2".into(),
            name: "B".into(),
        };
        let denied = AccessRequest {
            state: AccessRequestState::Denied,
            answer: Some(AccessAnswer {
                reason: Some("no".into()),
                grant_id: None,
                until: None,
                by,
                at: Timestamp(1),
            }),
            ..asked(Some("c"), AccessRequestKind::Access)
        };
        let waiting = asked(Some("c"), AccessRequestKind::Access);
        let nowhere = asked(None, AccessRequestKind::Access);
        for now in [2, WAITS - 1, WAITS, WAITS + 1] {
            let told = |one: &AccessRequest| serde_json::to_value(one.as_asked(now)).expect("JSON");
            assert_eq!(told(&denied), told(&nowhere), "{now}");
            assert_eq!(told(&waiting), told(&nowhere), "{now}");
        }
        assert_eq!(nowhere.as_asked(WAITS).state, AskedState::NotGranted);
    }
}
