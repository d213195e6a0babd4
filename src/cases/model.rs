//! What a case is, how it is read from what was sent, and how a change makes its next version.

use serde::{Deserialize, Serialize};

use super::granted::{self, GrantedCapture};
use super::particulars::{self, CaseKind, CaseParticulars, Due, Stage};
use super::zone::zone;
use crate::clock::{Micros, Timestamp, random};
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, REASON, Word};
use crate::identity::Person;
use crate::lookalike::fold;
use crate::policy::{CaseStatus, Handling};
use crate::words;

/// A case about to be opened.
#[derive(Debug, Clone)]
pub struct NewCase {
    pub number: Option<String>,
    pub title: String,
    pub kind: CaseKind,
    pub handling: Handling,
    pub time_zone: String,
    pub unit_id: Option<String>,
    pub supervisor_id: Option<String>,
    pub offense: Option<String>,
    pub jurisdiction: Option<String>,
    pub court_order: Option<String>,
    pub particulars: CaseParticulars,
}

impl NewCase {
    /// Reads and checks it: kind and title are enough.
    pub fn parse(mut form: Form) -> Result<Self> {
        let kind = form.required_word::<CaseKind>("kind");
        let handling = form.word("handling").unwrap_or(Handling::Standard);
        let new = Self {
            number: number(&mut form),
            title: form.required("title", LINE),
            kind: kind.unwrap_or(CaseKind::OnlineCrime),
            handling,
            time_zone: zone(&mut form).unwrap_or_else(|| "UTC".into()),
            unit_id: form.id("unit_id"),
            supervisor_id: form.id("supervisor_id"),
            offense: form.filled("offense", LINE),
            jurisdiction: form.filled("jurisdiction", LINE),
            court_order: form.filled("court_order", LINE),
            particulars: match kind {
                Some(kind) => form.object("particulars", |f| particulars::parse(kind, f)),
                // They cannot be read without their kind, which is refused already.
                None => form.value("particulars").map(|_| CaseParticulars::default()),
            }
            .unwrap_or_default(),
        };
        if handling != Handling::Standard && new.supervisor_id.is_none() && form.ok() {
            form.refuse(
                "supervisor_id",
                "required",
                "must name the supervisor who decides in a restricted or confidential case",
            );
        }
        form.done()?;
        Ok(new)
    }
}

fn number(form: &mut Form) -> Option<String> {
    let fine = |c: char| c.is_alphanumeric() || " -_/.:()#".contains(c);
    let fits = |text: &str| {
        let folded = fold(text);
        text.trim() == text && !folded.is_empty() && folded.chars().all(fine)
    };
    let message = "must hold letters, digits and - _ / . : ( ) # only, without spaces around it";
    let text = form.text_where("number", "form", message, 64, fits)?;
    if fold(&text).starts_with("p-") {
        form.refuse(
            "number",
            "reserved",
            "must not begin with P-, which marks provisional numbers",
        );
    }
    Some(text)
}

/// A number for a case that has none yet: unguessable, and not sequential.
pub fn provisional_number() -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letters: String = random::<8>()
        .iter()
        .map(|b| char::from(LETTERS[usize::from(b % 32)]))
        .collect();
    format!("P-{}-{}", &letters[..4], &letters[4..])
}

/// A case: the record of one of its versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub id: String,
    pub number: String,
    /// Whether the number is one that we made, until the agency gives its own.
    pub provisional: bool,
    pub title: String,
    pub kind: CaseKind,
    pub status: CaseStatus,
    /// How it ended; only of a closed case.
    pub disposition: Option<String>,
    pub handling: Handling,
    pub court_order: Option<String>,
    pub time_zone: String,
    pub jurisdiction: Option<String>,
    pub offense: Option<String>,
    pub unit_id: String,
    pub lead: Person,
    /// Who is to lead it next, once they accept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_lead: Option<Person>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Proposal>,
    /// Who decides in a case that is closely kept.
    pub supervisor: Option<Person>,
    pub particulars: CaseParticulars,
    pub opened_at: Timestamp,
    pub changed_at: Timestamp,
    pub version: i64,
    /// Why this version was made.
    pub reason: Option<String>,
}

/// Who proposed the next lead of a case, when, and why where that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    pub by: Person,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Case {
    /// What is still owed, and what it blocks.
    pub fn due(&self) -> Vec<Due> {
        particulars::due(self.kind, &self.particulars)
    }

    /// Refuses a stage while something is owed before it.
    pub fn require(&self, stage: Stage) -> Result<()> {
        particulars::require(self.kind, &self.particulars, stage)
    }

    /// Whether only people who work on it or were let in may see it.
    pub fn is_closely_kept(&self) -> bool {
        self.handling != Handling::Standard
    }

    /// Whether somebody in danger may depend on it.
    pub fn is_about_somebody_endangered(&self) -> bool {
        self.particulars.answer("endangered") == Some(&serde_json::Value::Bool(true))
    }

    /// Nobody is proposed to lead it any more.
    pub fn end_proposal(&mut self) {
        (self.proposed_lead, self.proposal) = (None, None);
    }

    fn set_status(&mut self, status: CaseStatus) -> Result<()> {
        if status != CaseStatus::Closed {
            self.disposition = None;
        } else if self.disposition.is_none() {
            return Err(Error::field(
                "disposition",
                "required",
                "must be given to close a case, such as located_safe, arrest, unfounded, referred",
            ));
        } else {
            self.require(Stage::Closing)?;
            // A closed case takes no new lead.
            self.end_proposal();
        }
        self.status = status;
        Ok(())
    }
}

/// A case as its readers see it: the current version, and what stands beside it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CaseView {
    pub case: Case,
    pub members: Vec<Member>,
    /// Captures in it that are held.
    pub held: i64,
}

/// Somebody who works on a case beside its lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user_id: String,
    pub since: Timestamp,
}

/// What somebody changes of a case; absent is unchanged.
#[derive(Debug, Clone)]
pub struct CasePatch {
    pub title: Option<String>,
    pub offense: Option<String>,
    pub jurisdiction: Option<String>,
    pub court_order: Option<String>,
    pub time_zone: Option<String>,
    pub disposition: Option<String>,
    pub number: Option<String>,
    pub status: Option<CaseStatus>,
    pub handling: Option<Handling>,
    pub unit_id: Option<String>,
    pub lead_id: Option<String>,
    pub supervisor_id: Option<String>,
    /// As they came: their fields depend on the case's kind.
    particulars: Option<Form>,
    reason: Option<String>,
}

impl CasePatch {
    /// Reads what does not depend on the case's kind; the particulars wait for `apply`.
    pub fn parse(mut form: Form) -> Result<Self> {
        let title = form.has("title").then(|| form.required("title", LINE));
        let patch = Self {
            title,
            offense: form.filled("offense", LINE),
            jurisdiction: form.filled("jurisdiction", LINE),
            court_order: form.filled("court_order", LINE),
            time_zone: zone(&mut form),
            disposition: disposition(&mut form),
            number: number(&mut form),
            status: form.word("status"),
            handling: form.word("handling"),
            unit_id: form.id("unit_id"),
            lead_id: form.id("lead_id"),
            supervisor_id: form.id("supervisor_id"),
            particulars: form.only("particulars"),
            reason: form.text("reason", REASON),
        };
        form.done()?;
        Ok(patch)
    }

    /// Whether it sets a field that needs `Act::CaseChange`.
    pub fn needs_case_change(&self) -> bool {
        let texts = [
            &self.title,
            &self.offense,
            &self.jurisdiction,
            &self.court_order,
            &self.time_zone,
            &self.number,
            &self.unit_id,
        ];
        texts.into_iter().any(Option::is_some) || self.particulars.is_some()
    }

    /// Whether it is about the lead and nothing else.
    pub fn is_handover(&self) -> bool {
        let others = [&self.supervisor_id, &self.disposition]
            .into_iter()
            .any(Option::is_some);
        let state = self.status.is_some() || self.handling.is_some();
        self.lead_id.is_some() && !(others || state || self.needs_case_change())
    }

    /// The next version. People and unit stay as they were: who they are, only the database knows.
    pub fn apply(&self, before: &Case, now: Micros) -> Result<Case> {
        let mut next = before.clone();
        let optional = [
            (&self.offense, &mut next.offense),
            (&self.jurisdiction, &mut next.jurisdiction),
            (&self.court_order, &mut next.court_order),
            (&self.disposition, &mut next.disposition),
        ];
        for (given, kept) in optional {
            *kept = given.clone().or(kept.take());
        }
        next.title = self.title.clone().unwrap_or(next.title);
        next.time_zone = self.time_zone.clone().unwrap_or(next.time_zone);
        next.provisional = next.provisional && self.number.is_none();
        next.number = self.number.clone().unwrap_or(next.number);
        if let Some(given) = &self.particulars {
            next.particulars.merge(read_particulars(before.kind, given)?);
        }
        next.handling = self.handling.unwrap_or(next.handling);
        if let Some(status) = self.status {
            next.set_status(status)?;
        }
        next.reason = self.reason.clone();
        next.changed_at = Timestamp(now);
        next.version += 1;
        Ok(next)
    }
}

fn read_particulars(kind: CaseKind, given: &Form) -> Result<CaseParticulars> {
    let read = given
        .clone()
        .read(|form| form.object("particulars", |f| particulars::parse(kind, f)))?;
    Ok(read.unwrap_or_default())
}

fn disposition(form: &mut Form) -> Option<String> {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let fits = |text: &str| !text.is_empty() && text.chars().all(fine);
    let message = "must be a word such as located_safe, arrest, unfounded, referred";
    form.text_where("disposition", "form", message, 40, fits)
}

words! {
    /// What a grant lets its holder do.
    Right {
        /// Read the case.
        Read = "read",
        /// Read it, and take packets out.
        Export = "export",
        /// Decide in a case that is closely kept.
        Decide = "decide",
    }
}

/// A person's access to a case that ends by itself: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub id: String,
    pub case_id: String,
    pub user: Person,
    pub rights: Vec<Right>,
    /// The captures that it is of, in the order of their numbers; none where it is of the whole case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<GrantedCapture>,
    pub reason: String,
    pub granted_by: Person,
    pub granted_at: Timestamp,
    pub until: Timestamp,
    pub ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<Person>,
    /// Why it was ended before its time, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// What it came of.
    #[serde(flatten)]
    pub origin: GrantOrigin,
    pub version: i64,
}

impl Grant {
    /// What it gives, and of which captures where it is not of the whole case.
    pub fn gives(&self) -> String {
        let rights: Vec<&str> = self.rights.iter().map(|right| right.as_str()).collect();
        match self.captures.len() as i64 {
            0 => rights.join(", "),
            n => format!("{}, {}", rights.join(", "), granted::chosen_captures(n)),
        }
    }

    /// The numbers of the captures that it is of.
    pub fn items(&self) -> String {
        let items: Vec<String> = self.captures.iter().map(|one| one.item.to_string()).collect();
        items.join(", ")
    }
}

/// What a grant came of, where it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantOrigin {
    /// The request for access that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_request_id: Option<String>,
    /// Whether the glass was broken for it: for an hour, by two people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
}

/// A supervisor's word that they decide nothing more in a case: its record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recusal {
    pub id: String,
    pub case_id: String,
    /// Who recused themselves.
    pub user: Person,
    pub reason: String,
    /// From when on they decide nothing in it.
    pub at: Timestamp,
    pub version: i64,
}

/// Reads why somebody recuses themselves.
pub fn recusal(form: Form) -> Result<String> {
    form.read(|form| form.required("reason", REASON))
}

/// Reads why a grant is ended; the API may leave it out.
pub fn end_of_grant(form: Form) -> Result<Option<String>> {
    form.read(|form| form.text("reason", REASON))
}

/// Access to a case about to be given.
#[derive(Debug, Clone)]
pub struct NewGrant {
    pub user_id: String,
    pub until: Micros,
    pub rights: Vec<Right>,
    /// The captures that it is to be of, by id or item number; none for the whole case.
    pub captures: Vec<String>,
    pub reason: String,
    pub origin: GrantOrigin,
}

impl NewGrant {
    /// Reads and checks it. Who may export may read.
    pub fn parse(mut form: Form, now: Micros) -> Result<Self> {
        let words = form.texts("rights", 3, 20);
        let asked = |right: Right| words.iter().any(|w| w == right.as_str());
        let rights = [
            (Right::Read, asked(Right::Read) || asked(Right::Export)),
            (Right::Export, asked(Right::Export)),
            (Right::Decide, asked(Right::Decide)),
        ];
        let new = Self {
            user_id: form.required_id("user_id"),
            until: form.required_time("until"),
            rights: rights.iter().filter(|(_, given)| *given).map(|(r, _)| *r).collect(),
            captures: granted::parse(&mut form),
            reason: form.required("reason", REASON),
            origin: GrantOrigin::default(),
        };
        if !new.captures.is_empty() && new.gives(Right::Export) {
            let message = "cannot hold export of chosen captures, because a packet accounts for every capture of its case: \
                           give read of these captures, or export without captures";
            form.refuse("rights", "whole_case", message);
        }
        if !new.captures.is_empty() && new.gives(Right::Decide) {
            let message = "cannot hold decide of chosen captures, because whoever decides does so in the whole case: \
                           give read of these captures, or decide without captures";
            form.refuse("rights", "whole_case", message);
        }
        if words.is_empty() || words.iter().any(|w| Right::from_word(w).is_none()) {
            form.refuse("rights", "one_of", "must be a list of read, export, decide");
        }
        if form.ok() && new.until <= now {
            form.refuse("until", "future", "must lie in the future: a grant ends by itself");
        }
        form.done()?;
        Ok(new)
    }

    /// Whether it asks for a right.
    pub fn gives(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }
}
