//! An evidence request as it is kept, and how one is read from what was sent.

use serde::{Deserialize, Serialize};

use crate::clock::{self, Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{Form, REASON, TEXT, is_day};
use crate::identity::Person;
use crate::words;

words! {
    /// Where a request stands.
    EvidenceRequestState {
        /// Nobody has answered.
        Open = "open",
        /// It was answered.
        Answered = "answered",
        /// Those who work on the case declined, with a reason.
        Declined = "declined",
        /// The prosecutor took it back.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// How a request is answered.
    AnswerOutcome {
        /// What was asked for is there, and the answer says where.
        Answered = "answered",
        /// It will not be, and the answer says why.
        Declined = "declined",
    }
}

/// What a prosecutor asks of those who work on a case: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRequest {
    /// Its id.
    pub id: String,
    /// Its case.
    pub case_id: String,
    /// The version: 1 as asked, 2 as it ended.
    pub version: i64,
    /// Where it stands.
    pub state: EvidenceRequestState,
    /// What is asked for.
    pub what: String,
    /// The day by which it is due, as `2026-12-24`.
    pub due_on: String,
    /// By whom.
    pub asked_by: Person,
    /// When.
    pub asked_at: Timestamp,
    /// How it ended, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<RequestEnding>,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestEnding {
    /// The answer, why it was declined, or why it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
}

/// A request about to be made.
#[derive(Debug, Clone)]
pub struct NewEvidenceRequest {
    /// See [`EvidenceRequest::what`].
    pub what: String,
    due_on: Option<String>,
}

impl NewEvidenceRequest {
    /// Reads one.
    pub fn parse(mut form: Form) -> Result<Self> {
        form.must(
            "due_on",
            "must be given: the day by which it is due, such as 2026-12-24",
        );
        let says = "must be a day, such as 2026-12-24";
        let new = Self {
            what: form.required("what", TEXT),
            due_on: form.text_where("due_on", "date", says, 20, is_day),
        };
        form.done()?;
        Ok(new)
    }

    /// The day by which it is due; one that is over everywhere on Earth is refused.
    pub fn due_on(&self, now: Micros) -> Result<String> {
        let due = self.due_on.clone().unwrap_or_default();
        let westernmost = clock::format(now - 12 * clock::HOUR);
        if due.as_str() < &westernmost[..10] {
            let message = "lies in the past: name a day to come";
            return Err(Error::field("due_on", "future", message));
        }
        Ok(due)
    }
}

/// An answer about to be recorded.
#[derive(Debug, Clone)]
pub struct NewEvidenceAnswer {
    /// How the request ends by it.
    pub state: EvidenceRequestState,
    /// The answer, or why it is declined.
    pub text: String,
}

impl NewEvidenceAnswer {
    /// Reads one. Without an outcome it is an answer.
    pub fn parse(mut form: Form) -> Result<Self> {
        let outcome = form.word::<AnswerOutcome>("outcome");
        let new = Self {
            state: match outcome {
                Some(AnswerOutcome::Declined) => EvidenceRequestState::Declined,
                Some(AnswerOutcome::Answered) | None => EvidenceRequestState::Answered,
            },
            text: form.required("text", TEXT),
        };
        form.done()?;
        Ok(new)
    }
}

/// Why a request is taken back, where that is said.
pub fn withdrawal(mut form: Form) -> Result<Option<String>> {
    let text = form.filled("text", REASON);
    form.done()?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(v: Value) -> Result<NewEvidenceRequest> {
        NewEvidenceRequest::parse(Form::new(v).expect("an object"))
    }

    #[test]
    fn a_request_names_what_and_a_day_to_come() {
        let broken = read(json!({"what": " ", "due_on": "tomorrow"})).expect_err("broken");
        let rules: Vec<_> = broken
            .errors
            .iter()
            .map(|e| (e.field.as_str(), e.rule.as_str()))
            .collect();
        assert_eq!(rules, [("what", "required"), ("due_on", "date")]);
        assert!(read(json!({"what": "the whole thread"})).is_err());
        let noon = clock::parse("2026-12-24T12:00:00.000000Z").expect("a time");
        let due = |day: &str, now| {
            read(json!({"what": "x", "due_on": day}))
                .expect("a request")
                .due_on(now)
        };
        assert_eq!(due("2026-12-24", noon).expect("today"), "2026-12-24");
        assert_eq!(due("2026-12-23", noon).expect_err("over").errors[0].rule, "future");
        // In the west it is still yesterday.
        assert!(due("2026-12-23", noon - clock::HOUR).is_ok());
    }

    #[test]
    fn an_answer_says_something() {
        let read = |v: Value| NewEvidenceAnswer::parse(Form::new(v).expect("an object"));
        assert!(read(json!({})).is_err());
        assert_eq!(
            read(json!({"text": "x"})).expect("read").state,
            EvidenceRequestState::Answered
        );
        let declined = read(json!({"text": "x", "outcome": "declined"})).expect("read");
        assert_eq!(declined.state, EvidenceRequestState::Declined);
    }
}
