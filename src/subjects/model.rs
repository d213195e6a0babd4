//! What subjects and accounts are, and how they are read from what was sent.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::address::is_address;
use super::handles::{handle, known, plain_handle};
use super::platforms::platform_word;
use crate::clock::{Micros, Timestamp};
use crate::error::{Error, Result};
use crate::forms::{FieldSet, Form, LINE, REASON, TEXT, URL};
use crate::ledger::Action;
use crate::policy::Act;
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

/// Reads a platform from a form. A page's form may name it as people do.
pub fn platform(form: &mut Form, field: &str) -> Option<String> {
    let named = form.text(field, 100)?;
    let word = if form.is_page() { platform_word(&named) } else { named };
    if !is_platform(&word) {
        let message = "must be 1 to 40 of a-z, 0-9 and _, such as instagram or web";
        form.refuse(field, "form", message);
    }
    Some(word)
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

/// A subject or an account of a case: the record of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseEntry<F> {
    pub id: String,
    pub case_id: String,
    pub version: i64,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    #[serde(flatten)]
    pub fields: F,
    /// Why it was last changed, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A person the case is about.
pub type Subject = CaseEntry<SubjectFields>;
/// An account on a platform.
pub type Account = CaseEntry<AccountFields>;

words! {
    /// What a reader should know of an entry. It follows from the entry, and is told with it.
    EntryFlag {
        /// The URL is no absolute address, or has blanks or line breaks inside.
        UrlUnparsed = "url_unparsed",
    }
}

/// What tells subjects and accounts apart.
pub trait EntryFields: FieldSet + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The object of their events.
    const NOUN: &'static str;
    /// Their place under a case's path.
    const PLACE: &'static str;
    /// What reading them needs, and what adding and changing them needs.
    const READ: Act;
    const WRITE: Act;
    /// What their events say has happened.
    const ADDED: Action;
    const CHANGED: Action;
    /// The same of a change that says that an account took another handle.
    const RENAMED: Action = Self::CHANGED;

    /// Reads those of a new entry, which must say more than a change.
    fn take_new(form: &mut Form) -> Self;

    /// Refuses fields that do not go together, in a new entry as in a change.
    fn check(&self, _form: &mut Form) {}

    /// The subject that they name.
    fn subject_id(&self) -> Option<&str> {
        None
    }

    /// What a reader should know of them; `None` of what has no flags.
    fn flags(&self) -> Option<Vec<EntryFlag>> {
        None
    }

    /// Takes back that they name a subject.
    fn untie(&mut self) {}

    /// Reads when an account took the handle that a change gives.
    fn take_renamed_at(_form: &mut Form) -> Option<Micros> {
        None
    }

    /// Keeps the handle that an account had before it took another one.
    fn keep_former(&mut self, _before: &Self, _at: Micros, _now: Micros) -> Result<()> {
        Ok(())
    }
}

/// Reads and checks an entry about to be added.
pub fn parse_new<F: EntryFields>(mut form: Form) -> Result<F> {
    let fields = F::take_new(&mut form);
    fields.check(&mut form);
    form.done()?;
    Ok(fields)
}

/// What somebody changes of an entry.
#[derive(Debug, Clone)]
pub struct EntryPatch<F> {
    pub fields: F,
    /// Whether an account is no longer held to be its subject's.
    untied: bool,
    /// When an account took the handle that is given, where it took another one.
    renamed_at: Option<Micros>,
    reason: Option<String>,
}

impl<F: EntryFields> EntryPatch<F> {
    /// Reads and checks it.
    pub fn parse(mut form: Form) -> Result<Self> {
        let untied = form.is_null("subject_id");
        let fields = F::take(&mut form);
        let renamed_at = F::take_renamed_at(&mut form);
        fields.check(&mut form);
        if untied {
            form.must("reason", "must say why the account is no longer held to be theirs");
        }
        let reason = form.text("reason", REASON);
        form.done()?;
        Ok(Self {
            fields,
            untied,
            renamed_at,
            reason,
        })
    }

    /// What its event says has happened.
    pub fn action(&self) -> Action {
        match self.renamed_at {
            Some(_) => F::RENAMED,
            None => F::CHANGED,
        }
    }

    /// The next version.
    ///
    /// # Errors
    /// Where it says that an account was renamed, and that cannot be.
    pub fn apply(&self, before: CaseEntry<F>, now: Micros) -> Result<CaseEntry<F>> {
        let mut fields = self.fields.clone().or(before.fields.clone());
        if self.untied {
            fields.untie();
        }
        if let Some(at) = self.renamed_at {
            fields.keep_former(&before.fields, at, now)?;
        }
        Ok(CaseEntry {
            version: before.version + 1,
            changed_at: Timestamp(now),
            fields,
            reason: self.reason.clone().or(before.reason),
            ..before
        })
    }
}

particulars! {
    /// What was sent of a subject; what is left out is unchanged.
    pub struct SubjectFields {
        role: SubjectRole = Form::word,
        name: String = |form, field| form.filled(field, LINE),
        juvenile: Juvenile = juvenile,
        date_of_birth: String = Form::day_or_unknown,
        description: String = |form, field| form.text(field, TEXT),
    }
}

impl EntryFields for SubjectFields {
    const NOUN: &'static str = "subject";
    const PLACE: &'static str = "subjects";
    const READ: Act = Act::SubjectRead;
    const WRITE: Act = Act::SubjectWrite;
    const ADDED: Action = Action::SubjectAdded;
    const CHANGED: Action = Action::SubjectChanged;

    fn take_new(form: &mut Form) -> Self {
        form.must_word::<SubjectRole>("role");
        Self::take(form)
    }
}

fn juvenile(form: &mut Form, field: &str) -> Option<Juvenile> {
    if form.is_word(field, "unknown") {
        form.value(field);
        return Some(Juvenile::Unknown(Unknown::Unknown));
    }
    form.flag(field).map(Juvenile::Known)
}

/// A handle that an account had before it took another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerHandle {
    pub handle: String,
    /// When it was given up, as whoever recorded that says.
    pub until: Timestamp,
    /// When that was recorded; not kept by the first records of renames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<Timestamp>,
}

particulars! {
    /// What was sent of an account; what is left out is unchanged.
    pub struct AccountFields {
        platform: String = platform,
        handle: String = handle,
        platform_id: String = |form, field| form.filled(field, LINE),
        url: String = |form, field| form.filled(field, URL),
        /// Whose it is, where that is known.
        subject_id: String = Form::id,
        /// On what basis it is tied to that subject.
        attribution: String = |form, field| form.filled(field, TEXT),
        /// Handles that it had before, the oldest first. They follow from renames, and nobody sends them.
        former_handles: Vec<FormerHandle> = |_, _| None,
    }
}

impl AccountFields {
    /// Every handle that it has or had.
    pub fn handles(&self) -> impl Iterator<Item = &str> {
        let former = self.former_handles.iter().flatten();
        former
            .map(|former| former.handle.as_str())
            .chain(self.handle.as_deref())
    }

    /// The handle that it had at a time, as far as renames were recorded by another.
    pub fn handle_at(&self, at: Micros, recorded_by: Micros) -> Option<&str> {
        let mut former = self.former_handles.iter().flatten();
        let is_later = |former: &FormerHandle| former.recorded_at.unwrap_or(former.until).0 > recorded_by;
        let then = former.find(|former| at < former.until.0 || is_later(former));
        then.map(|former| former.handle.as_str()).or(self.handle.as_deref())
    }
}

impl EntryFields for AccountFields {
    const NOUN: &'static str = "account";
    const PLACE: &'static str = "accounts";
    const READ: Act = Act::AccountRead;
    const WRITE: Act = Act::AccountWrite;
    const ADDED: Action = Action::AccountAdded;
    const CHANGED: Action = Action::AccountChanged;
    const RENAMED: Action = Action::AccountRenamed;

    fn take_new(form: &mut Form) -> Self {
        form.must("platform", "must be given");
        let fields = Self::take(form);
        let named = [&fields.handle, &fields.platform_id, &fields.url];
        if named.into_iter().all(Option::is_none) && form.ok() {
            form.refuse(
                "handle",
                "required",
                "must be given, or the platform's own id, or the URL",
            );
        }
        fields
    }

    fn check(&self, form: &mut Form) {
        if self.subject_id.is_some() && self.attribution.is_none() {
            form.refuse(
                "attribution",
                "required",
                "must say on what basis the account is tied to the subject",
            );
        }
    }

    fn subject_id(&self) -> Option<&str> {
        self.subject_id.as_deref()
    }

    fn flags(&self) -> Option<Vec<EntryFlag>> {
        let odd = self.url.as_deref().is_some_and(|url| !is_address(url));
        Some(odd.then_some(EntryFlag::UrlUnparsed).into_iter().collect())
    }

    fn untie(&mut self) {
        self.subject_id = None;
        self.attribution = None;
    }

    fn take_renamed_at(form: &mut Form) -> Option<Micros> {
        form.time("renamed_at")
    }

    fn keep_former(&mut self, before: &Self, at: Micros, now: Micros) -> Result<()> {
        let refuse = |rule, message: &str| Err(Error::field("renamed_at", rule, message));
        let Some(old) = known(before.handle.as_deref()) else {
            return refuse(
                "changed",
                "needs a handle before: leave it out, and give the handle alone",
            );
        };
        let is_new = known(self.handle.as_deref()).is_some_and(|new| plain_handle(new) != plain_handle(old));
        if !is_new {
            return refuse(
                "changed",
                "needs another handle beside it: give the new handle, or leave it out",
            );
        }
        if at > now {
            return refuse(
                "past",
                "must not lie in the future: record a rename once it has happened",
            );
        }
        let mut former = before.former_handles.clone().unwrap_or_default();
        if former.last().is_some_and(|last| at <= last.until.0) {
            return refuse("order", "must come after the rename before it");
        }
        former.push(FormerHandle {
            handle: old.to_owned(),
            until: Timestamp(at),
            recorded_at: Some(Timestamp(now)),
        });
        self.former_handles = Some(former);
        Ok(())
    }
}
