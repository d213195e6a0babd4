//! What subjects and accounts are, and how they are read from what was sent.

use serde::{Deserialize, Serialize};

use crate::clock::{Micros, Timestamp};
use crate::error::Result;
use crate::forms::{Form, LINE, REASON, TEXT, URL};
use crate::{particulars, words};

words! {
    /// What a person is to a case.
    SubjectRole {
        /// Missing.
        Missing = "missing",
        /// Wanted.
        Wanted = "wanted",
        /// Suspected.
        Suspect = "suspect",
        /// A victim.
        Victim = "victim",
        /// A witness.
        Witness = "witness",
        /// Not known.
        Unknown = "unknown",
    }
}

/// Whether a text can name a platform (contract section 2).
pub fn is_platform(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.len() <= 40 && text.chars().all(fine)
}

/// Reads a platform from a form.
pub fn platform(form: &mut Form, field: &str) -> Option<String> {
    let text = form.text(field, 100)?;
    if !is_platform(&text) {
        form.refuse(
            field,
            "form",
            "must be 1 to 40 of a-z, 0-9 and _, such as instagram or web",
        );
    }
    Some(text)
}

words! {
    /// The answer where it is not known.
    Unknown {
        /// Asked, and not known.
        Unknown = "unknown",
    }
}

/// Whether a person is a juvenile: yes, no, or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Juvenile {
    /// Yes or no.
    Known(bool),
    /// Not known.
    Unknown(Unknown),
}

/// A person the case is about: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub id: String,
    pub case_id: String,
    pub version: i64,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    #[serde(flatten)]
    pub fields: SubjectFields,
    /// Why it was last changed, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

particulars! {
    /// What was sent of a subject; what is left out is unchanged.
    pub struct SubjectFields {
        role: SubjectRole = Form::word,
        name: String = |form, field| form.text(field, LINE),
        juvenile: Juvenile = juvenile,
        date_of_birth: String = birth,
        description: String = |form, field| form.text(field, TEXT),
    }
}

/// A subject about to be added.
#[derive(Debug, Clone)]
pub struct NewSubject(SubjectFields);

impl NewSubject {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        form.must_word::<SubjectRole>("role");
        let fields = SubjectFields::take(&mut form);
        form.done()?;
        Ok(Self(fields))
    }

    /// The first version.
    pub fn added(&self, id: String, case_id: String, now: Micros) -> Subject {
        Subject {
            id,
            case_id,
            version: 1,
            created_at: Timestamp(now),
            changed_at: Timestamp(now),
            fields: self.0.clone(),
            reason: None,
        }
    }
}

/// What somebody changes of a subject.
#[derive(Debug, Clone)]
pub struct SubjectPatch {
    fields: SubjectFields,
    reason: Option<String>,
}

impl SubjectPatch {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let patch = Self {
            fields: SubjectFields::take(&mut form),
            reason: form.text("reason", REASON),
        };
        form.done()?;
        Ok(patch)
    }

    /// The next version.
    pub fn apply(&self, before: Subject, now: Micros) -> Subject {
        Subject {
            version: before.version + 1,
            changed_at: Timestamp(now),
            fields: self.fields.clone().or(before.fields),
            reason: self.reason.clone().or(before.reason),
            ..before
        }
    }
}

fn juvenile(form: &mut Form, field: &str) -> Option<Juvenile> {
    if form.is_word(field, "unknown") {
        form.value(field);
        return Some(Juvenile::Unknown(Unknown::Unknown));
    }
    form.flag(field).map(Juvenile::Known)
}

fn birth(form: &mut Form, field: &str) -> Option<String> {
    let text = form.text(field, 10)?;
    if text != "unknown" && text.parse::<chrono::NaiveDate>().is_err() {
        form.refuse(field, "date", "must be a day such as 2009-04-17, or \"unknown\"");
    }
    Some(text)
}

/// An account on a platform: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub case_id: String,
    pub version: i64,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    #[serde(flatten)]
    pub fields: AccountFields,
    /// Why it was last changed, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

particulars! {
    /// What was sent of an account; what is left out is unchanged.
    pub struct AccountFields {
        platform: String = platform,
        handle: String = |form, field| form.text(field, LINE),
        platform_id: String = |form, field| form.text(field, LINE),
        url: String = |form, field| form.text(field, URL),
        /// Whose it is, where that is known.
        subject_id: String = Form::id,
        /// On what basis it is tied to that subject.
        attribution: String = |form, field| form.text(field, TEXT),
    }
}

impl AccountFields {
    fn check_attribution(&self, form: &mut Form) {
        if self.subject_id.is_some() && self.attribution.is_none() {
            form.refuse(
                "attribution",
                "required",
                "must say on what basis the account is tied to the subject",
            );
        }
    }
}

/// An account about to be added.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// What was sent.
    pub fields: AccountFields,
}

impl NewAccount {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        form.must("platform", "must be given");
        let fields = AccountFields::take(&mut form);
        let named = [&fields.handle, &fields.platform_id, &fields.url];
        if named.into_iter().all(Option::is_none) && form.ok() {
            form.refuse(
                "handle",
                "required",
                "must be given, or the platform's own id, or the URL",
            );
        }
        fields.check_attribution(&mut form);
        form.done()?;
        Ok(Self { fields })
    }

    /// The first version.
    pub fn added(&self, id: String, case_id: String, now: Micros) -> Account {
        Account {
            id,
            case_id,
            version: 1,
            created_at: Timestamp(now),
            changed_at: Timestamp(now),
            fields: self.fields.clone(),
            reason: None,
        }
    }
}

/// What somebody changes of an account.
#[derive(Debug, Clone)]
pub struct AccountPatch {
    /// What was sent.
    pub fields: AccountFields,
    reason: Option<String>,
}

impl AccountPatch {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let fields = AccountFields::take(&mut form);
        fields.check_attribution(&mut form);
        let reason = form.text("reason", REASON);
        form.done()?;
        Ok(Self { fields, reason })
    }

    /// The next version.
    pub fn apply(&self, before: Account, now: Micros) -> Account {
        Account {
            version: before.version + 1,
            changed_at: Timestamp(now),
            fields: self.fields.clone().or(before.fields),
            reason: self.reason.clone().or(before.reason),
            ..before
        }
    }
}
