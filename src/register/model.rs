//! An entry of the register, and errors that are reported in one.

use serde::{Deserialize, Serialize};

use crate::authorizations::{Authorization, AuthorizationState, Level};
use crate::clock::{Micros, Timestamp};
use crate::error::Result;
use crate::forms::{Form, REASON};
use crate::identity::Person;
use crate::policy::Role;
use crate::words;

/// Who decided what of an authorization, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryRuling {
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// What was decided: `approve`, `deny`, `return` or `revoke`.
    pub outcome: String,
    /// The number of the authorization policy under which it was.
    pub policy: Option<i64>,
}

/// How an authorization ended, as far as the register tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryClosing {
    /// By whom it was reported.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: String,
    /// The captures that rested on it then.
    pub captures: i64,
}

/// An entry of the register: identifiers, levels, dates, states and decisions; no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterEntry {
    /// Its running number; none where it was asked for before the register began.
    pub register_number: Option<i64>,
    /// The authorization's id.
    pub id: String,
    /// Its case.
    pub case_id: String,
    /// The case's number.
    pub case_number: String,
    /// Its number in the case.
    pub number: i64,
    /// How visible the agency is.
    pub level: Level,
    /// Where.
    pub platforms: Vec<String>,
    /// Where it stands now.
    pub state: AuthorizationState,
    /// Who asked for it.
    pub requester: Person,
    /// Whom it covers.
    pub holders: Vec<Person>,
    /// When it was asked for, the last time.
    pub requested_at: Timestamp,
    /// The start that was asked for.
    pub starts_at: Timestamp,
    /// The end.
    pub ends_at: Timestamp,
    /// From when on it counts; none where it was never approved.
    pub effective_from: Option<Timestamp>,
    /// The decisions, in their order.
    pub decisions: Vec<EntryRuling>,
    /// How it ended, where that was reported.
    pub closing: Option<EntryClosing>,
    /// Errors reported in it that nobody has answered.
    pub open_errors: i64,
    /// Errors reported in it, answered or not.
    pub errors: i64,
}

impl RegisterEntry {
    /// The entry of an authorization, without its errors.
    pub fn of(asked: &Authorization, case_number: String, now: Micros) -> Self {
        let ruled = asked.approvals.iter().chain(&asked.decision);
        let mut decisions: Vec<EntryRuling> = ruled
            .map(|ruling| EntryRuling {
                by: ruling.by.clone(),
                at: ruling.at,
                outcome: ruling.outcome.clone().unwrap_or_default(),
                policy: ruling.policy.as_ref().map(|policy| policy.number),
            })
            .collect();
        decisions.extend(asked.revoked.iter().map(|ruling| EntryRuling {
            by: ruling.by.clone(),
            at: ruling.at,
            outcome: "revoke".to_owned(),
            policy: None,
        }));
        Self {
            register_number: asked.register_number,
            id: asked.id.clone(),
            case_id: asked.case_id.clone(),
            case_number,
            number: asked.number,
            level: asked.terms.level,
            platforms: asked.terms.platforms.clone(),
            state: asked.state_at(now),
            requester: asked.requester.clone(),
            holders: asked.holders.clone(),
            requested_at: asked.requested_at,
            starts_at: asked.terms.starts_at,
            ends_at: asked.terms.ends_at,
            effective_from: asked.effective_from,
            decisions,
            closing: asked.closing.as_ref().map(|closing| EntryClosing {
                by: closing.by.clone(),
                at: closing.at,
                outcome: closing.outcome.to_string(),
                captures: closing.captures,
            }),
            open_errors: 0,
            errors: 0,
        }
    }

    /// What the next page begins after.
    pub fn key(&self) -> String {
        format!("{}.{}", self.register_number.unwrap_or(0), self.id)
    }
}

words! {
    /// Where the report of an error stands.
    RegisterErrorState {
        /// Nobody has answered.
        Reported = "reported",
        /// A supervisor has.
        Answered = "answered",
    }
}

words! {
    /// What a supervisor finds about an error that was reported.
    ErrorFinding {
        /// The entry is wrong; what is right stands in the answer, because no record is ever changed.
        EntryWrong = "entry_wrong",
        /// The entry is right.
        EntryRight = "entry_right",
    }
}

/// A supervisor's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    /// What was found.
    pub finding: ErrorFinding,
    /// What is right, or why the entry is.
    pub text: String,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// The report of an error in an entry of the register: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterError {
    /// Its id.
    pub id: String,
    /// The authorization whose entry it is about.
    pub authorization_id: String,
    /// Its case.
    pub case_id: String,
    /// 1 as reported, 2 as answered.
    pub version: i64,
    /// Where it stands.
    pub state: RegisterErrorState,
    /// What is wrong.
    pub note: String,
    /// By whom.
    pub by: Person,
    /// Whether an auditor reported it, who sees the entry alone.
    pub by_auditor: bool,
    /// When.
    pub at: Timestamp,
    /// The answer, where one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<ErrorAnswer>,
}

/// The report of an error as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShownRegisterError {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: RegisterErrorState,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// What is wrong; none where that may tell of a case that the reader may not read.
    pub note: Option<String>,
    /// What was found, where somebody answered.
    pub finding: Option<ErrorFinding>,
    /// The answer; none as the note is.
    pub answer: Option<String>,
    /// By whom it was answered.
    pub answered_by: Option<Person>,
    /// When.
    pub answered_at: Option<Timestamp>,
}

impl ShownRegisterError {
    /// To a reader of the case, or to an auditor, who reads what auditors reported.
    pub fn of(error: RegisterError, reader: ErrorReader) -> Self {
        let is_told = reader == ErrorReader::OfCase || error.by_auditor;
        let answer = error.answer;
        Self {
            id: error.id,
            state: error.state,
            by: error.by,
            at: error.at,
            note: is_told.then_some(error.note),
            finding: answer.as_ref().map(|answer| answer.finding),
            answered_by: answer.as_ref().map(|answer| answer.by.clone()),
            answered_at: answer.as_ref().map(|answer| answer.at),
            answer: answer.filter(|_| is_told).map(|answer| answer.text),
        }
    }
}

/// Who reads the report of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorReader {
    /// Somebody who may read the case.
    OfCase,
    /// An auditor, who sees identifiers.
    OfIdentifiers,
}

/// Reads what is wrong with an entry.
///
/// # Errors
/// Every field that breaks a rule.
pub fn note(form: Form) -> Result<String> {
    form.read(|form| form.required("note", REASON))
}

/// An answer about to be given.
#[derive(Debug, Clone)]
pub struct NewErrorAnswer {
    /// What was found.
    pub finding: ErrorFinding,
    /// What is right, or why the entry is.
    pub text: String,
}

impl NewErrorAnswer {
    /// Reads one.
    ///
    /// # Errors
    /// Every field that breaks a rule.
    pub fn parse(form: Form) -> Result<Self> {
        form.read(|form| Self {
            finding: form.required_word("finding").unwrap_or(ErrorFinding::EntryRight),
            text: form.required("text", REASON),
        })
    }
}

/// The key of a page of the register: a running number and an id.
pub fn placed(key: &str) -> Option<(i64, String)> {
    let (number, id) = key.split_once('.')?;
    Some((number.parse().ok()?, id.to_owned()))
}

/// Whether somebody reports as an auditor: one who holds no role that reads cases.
pub fn is_auditors(roles: &[Role]) -> bool {
    let reads = [Role::Investigator, Role::Supervisor, Role::Prosecutor];
    roles.contains(&Role::Auditor) && !reads.iter().any(|role| roles.contains(role))
}
