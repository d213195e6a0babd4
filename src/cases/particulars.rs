//! What each kind of case must know before it may go on. `unknown` is an answer; leaving it out is none.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock;
use crate::error::{Error, FieldError, Result};
use crate::forms::{Form, LINE, TEXT};
use crate::text::label;
use crate::words;

words! {
    /// What a case is about.
    CaseKind {
        /// Somebody is missing.
        MissingPerson = "missing_person",
        /// Somebody is wanted.
        WantedPerson = "wanted_person",
        /// A crime perpetrated online.
        OnlineCrime = "online_crime",
        /// Photos or videos of a crime.
        CrimeMedia = "crime_media",
    }
}

words! {
    /// What may not happen while something is due.
    Stage {
        /// Asking for an authorization.
        Authorization = "authorization",
        /// Closing the case.
        Closing = "closing",
        /// Exporting a packet.
        Packet = "packet",
    }
}

/// What kind of answer is asked for.
pub enum Shape {
    /// A line.
    Line,
    /// A text of several lines.
    Text,
    /// An instant.
    Time,
    /// A day.
    Day,
    /// Yes or no.
    Flag,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Several lines.
    Lines,
}

/// What a kind of case asks for.
pub struct AskedAnswer {
    /// Its place among the particulars.
    pub path: &'static str,
    /// What kind of answer.
    pub shape: Shape,
    /// What waits for it.
    pub before: Stage,
}

const fn field(path: &'static str, shape: Shape) -> AskedAnswer {
    let before = Stage::Authorization;
    AskedAnswer { path, shape, before }
}

impl AskedAnswer {
    const fn before(self, before: Stage) -> Self {
        Self { before, ..self }
    }
}

const MISSING: &[AskedAnswer] = &[
    field("name", Shape::Line),
    field("date_of_birth", Shape::Day),
    field("last_seen_at", Shape::Time),
    field("last_seen_where", Shape::Line),
    field("description", Shape::Text),
    field("endangered", Shape::Flag),
    field("ncic.number", Shape::Line).before(Stage::Closing),
    field("ncic.entered_at", Shape::Time).before(Stage::Closing),
];
const WANTED: &[AskedAnswer] = &[
    field("warrant_number", Shape::Line),
    field("court", Shape::Line),
    field("offense", Shape::Line),
    field("caution", Shape::Text),
];
const ONLINE: &[AskedAnswer] = &[
    field("offense", Shape::Line),
    field("victim_reference", Shape::Line),
    field("platforms", Shape::Lines),
];
const MEDIA: &[AskedAnswer] = &[
    field("incident_at", Shape::Time),
    field("incident_where", Shape::Line),
    field("poster_role", Shape::Words(&["participant", "observer"])),
];

impl CaseKind {
    /// What it asks for, in the order of its form.
    pub fn asked(self) -> &'static [AskedAnswer] {
        match self {
            Self::MissingPerson => MISSING,
            Self::WantedPerson => WANTED,
            Self::OnlineCrime => ONLINE,
            Self::CrimeMedia => MEDIA,
        }
    }
}

/// The particulars of a case: what its kind asks for, as far as it was answered. `unknown` is an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseParticulars(Map<String, Value>);

impl CaseParticulars {
    /// The answer under a path such as `ncic.number`.
    pub fn answer(&self, path: &str) -> Option<&Value> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let found = self.0.get(first)?;
        let found = if rest.is_empty() { found } else { found.get(rest)? };
        Some(found).filter(|v| !v.is_null())
    }

    /// Answers that are given replace what was there, one by one; an inner object is merged.
    pub fn merge(&mut self, given: Self) {
        merge(&mut self.0, given.0);
    }
}

fn merge(into: &mut Map<String, Value>, given: Map<String, Value>) {
    for (name, value) in given {
        match (value, into.get_mut(&name)) {
            (Value::Object(inner), Some(Value::Object(kept))) => merge(kept, inner),
            (other, _) => {
                into.insert(name, other);
            }
        }
    }
}

/// Reads the particulars of a kind from a form; unknown fields are refused by their path.
pub fn parse(kind: CaseKind, form: &mut Form) -> CaseParticulars {
    let own = kind.asked().iter().filter(|f| !f.path.contains('.'));
    let mut out = read(form, own.map(|f| (f.path, &f.shape)));
    if kind == CaseKind::MissingPerson {
        let fields = kind.asked().iter();
        let inner = fields.filter_map(|f| Some((f.path.strip_prefix("ncic.")?, &f.shape)));
        let ncic = form.object("ncic", |form| Value::Object(read(form, inner)));
        out.extend(ncic.map(|ncic| ("ncic".to_owned(), ncic)));
    }
    CaseParticulars(out)
}

fn read<'f>(form: &mut Form, fields: impl Iterator<Item = (&'f str, &'f Shape)>) -> Map<String, Value> {
    fields
        .filter_map(|(name, shape)| Some((name.to_owned(), value(form, name, shape)?)))
        .collect()
}

fn value(form: &mut Form, name: &str, kind: &Shape) -> Option<Value> {
    if form.is_word(name, "unknown") {
        return form.value(name);
    }
    match kind {
        Shape::Line => form.filled(name, LINE).map(Value::from),
        Shape::Text => form.filled(name, TEXT).map(Value::from),
        Shape::Time => form.time(name).map(|t| clock::format(t).into()),
        Shape::Day => form.day_or_unknown(name).map(Value::from),
        Shape::Flag => form.flag(name).map(Value::from),
        Shape::Words(words) => one_of(form, name, words),
        Shape::Lines => form.has(name).then(|| json!(form.texts(name, 50, 40))),
    }
}

fn one_of(form: &mut Form, name: &str, words: &[&str]) -> Option<Value> {
    let message = format!("must be one of {}, unknown", words.join(", "));
    let text = form.text_where(name, "one_of", &message, 40, |text| words.contains(&text));
    text.map(Value::from)
}

/// A field that is still owed, by its path, and what it blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    pub field: String,
    pub before: Stage,
}

/// What is still owed.
pub fn due(kind: CaseKind, particulars: &CaseParticulars) -> Vec<Due> {
    let open = kind.asked().iter().filter(|f| particulars.answer(f.path).is_none());
    open.map(|f| Due {
        field: format!("particulars.{}", f.path),
        before: f.before,
    })
    .collect()
}

/// Refuses a stage while something is owed before it. What is due before an authorization is due before every stage.
pub fn require(kind: CaseKind, particulars: &CaseParticulars, stage: Stage) -> Result<()> {
    let open: Vec<String> = due(kind, particulars)
        .into_iter()
        .filter(|due| due.before == stage || due.before == Stage::Authorization)
        .map(|due| due.field)
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let message = format!("is due before {stage}: give it, or answer \"unknown\", among the case’s particulars");
    let errors = open.iter().map(|path| FieldError::new(path, "due", &message));
    let named = open
        .iter()
        .map(|path| label(&path.trim_start_matches("particulars.").replace('.', " ")));
    let detail = format!(
        "Before {stage} these particulars of the case are due: {}. \"unknown\" is an answer.",
        named.collect::<Vec<_>>().join(", ")
    );
    Err(Error {
        code: "due-first",
        errors: errors.collect(),
        ..Error::conflict(detail)
    })
}
