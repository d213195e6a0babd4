//! An exhibit list as it is saved, and how one is read from what was sent.

use serde::{Deserialize, Serialize};

use super::requested::{ExcludedCapture, ScheduledCapture};
use super::scheme::{NumberScheme, is_part, label};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, REASON, TEXT};
use crate::identity::Person;
use crate::packets::model::Purpose;
use crate::policy::Act;

/// Captures that one list may name, in each of its parts.
const NAMED: usize = 20_000;
/// Characters of an exhibit's title.
const TITLE: usize = 255;

/// An exhibit list: the record of one version. Its record is a working paper: it stands in no packet; what of it goes with a
/// packet stands in the record of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExhibitList {
    /// Its id.
    pub id: String,
    /// Its case.
    pub case_id: String,
    /// The version, from 1.
    pub version: i64,
    /// What people call it.
    pub name: String,
    /// What packets it is for. It does not change: who may keep a list follows from it.
    pub purpose: Purpose,
    /// How its exhibits are numbered.
    pub scheme: NumberScheme,
    /// The exhibits, in their order.
    pub exhibits: Vec<ListedExhibit>,
    /// Captures left out, each with the reason that the packet gives.
    pub excluded: Vec<ExcludedCapture>,
    /// Captures that are no exhibits, each described by itself: the schedule of unused material.
    pub schedule: Vec<ScheduledCapture>,
    /// When its first version was saved.
    pub created_at: Timestamp,
    /// When this version was saved.
    pub changed_at: Timestamp,
    /// Who saved this version.
    pub changed_by: Person,
    /// Why it was changed, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An exhibit of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedExhibit {
    /// The capture.
    pub capture: String,
    /// Its number in the scheme, such as `P-12`. One that is left out is filled in before the list is saved.
    pub number: String,
    /// Its part, such as `A`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Its title, at most 255 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it shows, for the packet's readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether whoever keeps the list holds it relevant.
    #[serde(default)]
    pub relevant: bool,
    /// A note for whoever keeps the list; it goes with no packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl ListedExhibit {
    /// Number and part as they are written.
    pub fn label(&self) -> String {
        label(&self.number, self.part.as_deref())
    }

    fn read(form: &mut Form) -> Self {
        let says = "must be 1 to 4 capital letters or digits, such as A";
        Self {
            capture: form.required_id("capture"),
            number: form.text("number", 40).unwrap_or_default().trim().to_owned(),
            part: form.text_where("part", "form", says, 40, is_part),
            title: form.filled("title", TITLE),
            description: form.filled("description", TEXT),
            relevant: form.flag("relevant").unwrap_or(false),
            note: form.filled("note", REASON),
        }
    }
}

/// Rows of a list as they were sent.
#[derive(Debug, Clone)]
pub enum GivenRows<T> {
    /// All of them, in their order.
    All(Vec<T>),
    /// Those that a page showed; the others stay as they are.
    Shown(Vec<T>),
}

/// What a page says of a capture that is no exhibit.
#[derive(Debug, Clone)]
pub struct UnusedRow {
    /// The capture.
    pub capture: String,
    /// What it is; none takes back what was said.
    pub description: Option<String>,
    /// Why it was left out; none takes back what was said.
    pub why: Option<String>,
}

impl UnusedRow {
    /// Reads one.
    pub fn read(form: &mut Form) -> Self {
        Self {
            capture: form.required_id("capture"),
            description: form.filled("description", TEXT),
            why: form.filled("why", REASON),
        }
    }
}

/// A change of the rows, as a button of the page names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListStep {
    /// Moves an exhibit before the one above it.
    Up(String),
    /// Moves an exhibit behind the one below it.
    Down(String),
    /// Takes an exhibit out.
    Remove(String),
    /// Gives all exhibits numbers anew, in their order; those that a packet gave stay.
    Renumber,
}

impl ListStep {
    /// From the word of a button, such as `up` and a capture; none of them only saves.
    pub fn from_button(word: &str) -> Option<Self> {
        let (verb, capture) = word.split_once(' ').unwrap_or((word, ""));
        let capture = capture.to_owned();
        Some(match verb {
            "up" => Self::Up(capture),
            "down" => Self::Down(capture),
            "remove" => Self::Remove(capture),
            "renumber" => Self::Renumber,
            _ => return None,
        })
    }

    fn make(&self, rows: &mut Vec<ListedExhibit>) {
        let place = |rows: &[ListedExhibit], id: &str| rows.iter().position(|row| row.capture == id);
        match self {
            Self::Up(id) => {
                if let Some(at) = place(rows, id).filter(|at| *at > 0) {
                    rows.swap(at, at - 1);
                }
            }
            Self::Down(id) => {
                if let Some(at) = place(rows, id).filter(|at| at + 1 < rows.len()) {
                    rows.swap(at, at + 1);
                }
            }
            Self::Remove(id) => rows.retain(|row| row.capture != *id),
            Self::Renumber => rows.iter_mut().for_each(|row| {
                row.number.clear();
                row.part = None;
            }),
        }
    }
}

/// What is sent of a list: a field that is left out stays as it was.
#[derive(Debug, Clone, Default)]
pub struct ListChange {
    /// See [`ExhibitList::name`].
    pub name: Option<String>,
    /// See [`ExhibitList::scheme`].
    pub scheme: Option<NumberScheme>,
    /// See [`ExhibitList::exhibits`].
    pub exhibits: Option<GivenRows<ListedExhibit>>,
    /// See [`ExhibitList::excluded`].
    pub excluded: Option<Vec<ExcludedCapture>>,
    /// See [`ExhibitList::schedule`].
    pub schedule: Option<Vec<ScheduledCapture>>,
    /// What a page says of captures that are no exhibits.
    pub unused: Option<Vec<UnusedRow>>,
    /// A change of the exhibits, after all else.
    pub step: Option<ListStep>,
    /// Why it is changed.
    pub reason: Option<String>,
}

impl ListChange {
    /// Reads a change.
    pub fn parse(mut form: Form) -> Result<Self> {
        let change = Self::take(&mut form);
        form.done()?;
        Ok(change)
    }

    /// Reads what a page sends, which shows some of the exhibits.
    pub fn parse_page(form: Form) -> Result<Self> {
        let mut change = Self::parse(form)?;
        if let Some(GivenRows::All(rows)) = change.exhibits.take() {
            change.exhibits = Some(GivenRows::Shown(rows));
        }
        Ok(change)
    }

    fn take(form: &mut Form) -> Self {
        Self {
            name: form.filled("name", LINE),
            scheme: form.object("scheme", NumberScheme::read),
            exhibits: form
                .has("exhibits")
                .then(|| GivenRows::All(form.objects("exhibits", NAMED, ListedExhibit::read))),
            excluded: form.has("excluded").then(|| {
                form.objects("excluded", NAMED, |f| ExcludedCapture {
                    capture: f.required_id("capture"),
                    why: f.required("why", REASON),
                })
            }),
            schedule: form.has("schedule").then(|| {
                form.objects("schedule", NAMED, |f| ScheduledCapture {
                    capture: f.required_id("capture"),
                    description: f.required("description", TEXT),
                })
            }),
            unused: None,
            step: None,
            reason: form.filled("reason", REASON),
        }
    }

    /// What the list says after it.
    pub fn apply(&self, before: ExhibitList) -> ExhibitList {
        let mut exhibits = match &self.exhibits {
            None => before.exhibits,
            Some(GivenRows::All(rows)) => rows.clone(),
            Some(GivenRows::Shown(rows)) => replaced(before.exhibits, rows),
        };
        if let Some(step) = &self.step {
            step.make(&mut exhibits);
        }
        let mut excluded = self.excluded.clone().unwrap_or(before.excluded);
        let mut schedule = self.schedule.clone().unwrap_or(before.schedule);
        for row in self.unused.iter().flatten() {
            excluded.retain(|one| one.capture != row.capture);
            schedule.retain(|one| one.capture != row.capture);
            let capture = || row.capture.clone();
            excluded.extend(row.why.clone().map(|why| ExcludedCapture {
                capture: capture(),
                why,
            }));
            let described = row.description.clone();
            schedule.extend(described.map(|description| ScheduledCapture {
                capture: capture(),
                description,
            }));
        }
        ExhibitList {
            name: self.name.clone().unwrap_or(before.name),
            scheme: self.scheme.clone().unwrap_or(before.scheme),
            exhibits,
            excluded,
            schedule,
            reason: self.reason.clone(),
            version: before.version + 1,
            ..before
        }
    }
}

/// Puts rows in the place of those of the same captures.
fn replaced(mut rows: Vec<ListedExhibit>, sent: &[ListedExhibit]) -> Vec<ListedExhibit> {
    for row in &mut rows {
        if let Some(new) = sent.iter().find(|new| new.capture == row.capture) {
            row.clone_from(new);
        }
    }
    rows
}

/// A list about to be saved for the first time.
#[derive(Debug, Clone)]
pub struct NewExhibitList {
    /// What packets it is for.
    pub purpose: Purpose,
    /// What people call it.
    pub name: String,
    /// All else.
    pub content: ListChange,
}

impl NewExhibitList {
    /// Reads one.
    pub fn parse(mut form: Form) -> Result<Self> {
        let purpose = form.required_word::<Purpose>("purpose");
        form.must("name", "must be given: what people call this list");
        let mut content = ListChange::take(&mut form);
        form.done()?;
        let unread = || Error::internal("a field that was neither taken nor refused");
        Ok(Self {
            purpose: purpose.ok_or_else(unread)?,
            name: content.name.take().ok_or_else(unread)?,
            content,
        })
    }
}

impl Purpose {
    /// What asking for such a packet needs, and keeping the lists for it.
    pub fn act(self) -> Act {
        match self {
            Self::Referral => Act::PacketReferral,
            _ => Act::PacketRequest,
        }
    }
}

/// A list as the list of lists shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListOutline {
    pub id: String,
    pub case_id: String,
    pub version: i64,
    pub name: String,
    pub purpose: Purpose,
    pub scheme: NumberScheme,
    /// How many exhibits it has.
    pub exhibits: usize,
    /// How many captures it leaves out with a reason.
    pub excluded: usize,
    /// How many captures its schedule describes.
    pub scheduled: usize,
    pub changed_at: Timestamp,
    pub changed_by: Person,
}

impl ExhibitList {
    /// In short.
    pub fn outline(&self) -> ListOutline {
        ListOutline {
            id: self.id.clone(),
            case_id: self.case_id.clone(),
            version: self.version,
            name: self.name.clone(),
            purpose: self.purpose,
            scheme: self.scheme.clone(),
            exhibits: self.exhibits.len(),
            excluded: self.excluded.len(),
            scheduled: self.schedule.len(),
            changed_at: self.changed_at,
            changed_by: self.changed_by.clone(),
        }
    }
}
