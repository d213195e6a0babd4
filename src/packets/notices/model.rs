//! A notice as it is given, answered, stored and shown.

use serde::{Deserialize, Serialize};

use crate::clock::{Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, TEXT, is_day};
use crate::identity::Person;
use crate::packets::certificates::asked::CertificateRule;

/// Letters of a day.
const DAY: usize = 10;

/// What was answered to a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeAnswer {
    /// Whether an objection was received.
    pub objection: bool,
    /// When it came, or when it was known that none would.
    pub answered_at: Timestamp,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub recorded_by: Person,
    pub recorded_at: Timestamp,
}

/// A notice: the record of one of its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub id: String,
    pub packet_id: String,
    pub case_id: String,
    pub version: i64,
    /// To whom.
    pub to: String,
    /// How it was given.
    pub means: String,
    /// What was made available with it.
    pub available: String,
    /// Where that can be seen.
    pub place: String,
    /// The rules under which the records are to be offered.
    pub rules: Vec<CertificateRule>,
    /// The day of the trial or hearing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hearing_on: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub given_at: Timestamp,
    pub recorded_by: Person,
    pub recorded_at: Timestamp,
    /// What was answered; none as long as it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<NoticeAnswer>,
}

/// A notice about to be recorded.
#[derive(Debug, Clone)]
pub struct NewNotice {
    pub to: String,
    pub means: String,
    pub available: String,
    pub place: String,
    /// Those of the packet's drafts of its own records, where none is named.
    pub rules: Vec<CertificateRule>,
    /// That of the packet, where none is named.
    pub hearing_on: Option<String>,
    pub note: Option<String>,
    at: Option<Micros>,
}

impl NewNotice {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let message = "must be a day such as 2027-03-01";
        let new = Self {
            to: form.required("to", LINE),
            means: form.required("means", LINE),
            available: form.required("available", LINE),
            place: form.required("place", LINE),
            rules: form.words("rules", CertificateRule::ALL.len()),
            hearing_on: form.text_where("hearing_on", "date", message, DAY, is_day),
            note: form.text("note", TEXT),
            at: form.time("given_at"),
        };
        form.done()?;
        Ok(new)
    }

    /// When it was given; a time to come is refused.
    pub fn at(&self, now: Micros) -> Result<Micros> {
        let message = "lies in the future: record a notice after it was given";
        past("given_at", self.at, (now, message))
    }
}

/// An answer about to be recorded.
#[derive(Debug, Clone)]
pub struct NewAnswer {
    pub objection: bool,
    pub text: Option<String>,
    at: Option<Micros>,
}

impl NewAnswer {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        form.must(
            "objection",
            "must be given: true where an objection was received, false where none was",
        );
        let new = Self {
            objection: form.flag("objection").unwrap_or_default(),
            text: form.text("text", TEXT),
            at: form.time("answered_at"),
        };
        form.done()?;
        Ok(new)
    }

    /// When the answer came; a time before the notice or to come is refused.
    pub fn at(&self, given: Micros, now: Micros) -> Result<Micros> {
        let at = past(
            "answered_at",
            self.at,
            (now, "lies in the future: record an answer after it came"),
        )?;
        if at < given {
            let message = "lies before the notice was given: check both times";
            return Err(Error::field("answered_at", "after_start", message));
        }
        Ok(at)
    }
}

fn past(field: &str, at: Option<Micros>, (now, message): (Micros, &str)) -> Result<Micros> {
    match at {
        Some(at) if at > now => Err(Error::field(field, "past", message)),
        at => Ok(at.unwrap_or(now)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn fields<T>(read: Result<T>) -> Vec<(String, String)> {
        let errors = read.err().map(|e| e.errors).unwrap_or_default();
        errors.into_iter().map(|e| (e.field, e.rule)).collect()
    }

    fn form(value: Value) -> Form {
        Form::new(value).expect("an object")
    }

    #[test]
    fn a_notice_says_to_whom_how_what_and_where() {
        let pair = |field: &str, rule: &str| (field.to_owned(), rule.to_owned());
        let required = ["to", "means", "available", "place"].map(|field| pair(field, "required"));
        assert_eq!(fields(NewNotice::parse(form(json!({})))), required);
        let broken = json!({"to": "Counsel", "means": " ", "available": "a", "place": "b", "rules": ["902"], "hearing_on": "soon"});
        let told = [
            pair("means", "required"),
            pair("rules[0]", "one_of"),
            pair("hearing_on", "date"),
        ];
        assert_eq!(fields(NewNotice::parse(form(broken))), told);
    }

    #[test]
    fn times_lie_in_their_order_and_in_the_past() {
        let whole =
            json!({"to": "C", "means": "m", "available": "a", "place": "p", "given_at": "2026-11-22T10:00:00Z"});
        let given = crate::clock::parse("2026-11-22T10:00:00.000000Z").expect("a time");
        let notice = NewNotice::parse(form(whole)).expect("a notice");
        assert_eq!(notice.at(given).expect("now"), given);
        assert_eq!(fields(notice.at(given - 1)), [("given_at".into(), "past".into())]);
        assert_eq!(
            fields(NewAnswer::parse(form(json!({})))),
            [("objection".into(), "required".into())]
        );
        let answer = json!({"objection": true, "answered_at": "2026-11-22T10:00:00Z"});
        let answer = NewAnswer::parse(form(answer)).expect("an answer");
        assert_eq!(answer.at(given, given).expect("then"), given);
        assert_eq!(
            fields(answer.at(given, given - 1)),
            [("answered_at".into(), "past".into())]
        );
        assert_eq!(
            fields(answer.at(given + 1, given + 1)),
            [("answered_at".into(), "after_start".into())]
        );
    }
}
