//! What each kind of case must know before it may go on. "unknown" is an answer; silence is not.

use serde_json::{Map, Value, json};

use crate::clock;
use crate::error::{Error, Result};
use crate::forms::{Form, LINE, TEXT};
use crate::words;

words! {
    /// What a case is about.
    Kind {
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

enum Shape {
    Line,
    Text,
    Time,
    Day,
    Flag,
    Words(&'static [&'static str]),
    Lines,
}

struct Field {
    path: &'static str,
    shape: Shape,
    before: Stage,
}

const fn field(path: &'static str, shape: Shape) -> Field {
    Field {
        path,
        shape,
        before: Stage::Authorization,
    }
}

const MISSING: &[Field] = &[
    field("name", Shape::Line),
    field("date_of_birth", Shape::Day),
    field("last_seen_at", Shape::Time),
    field("last_seen_where", Shape::Line),
    field("description", Shape::Text),
    field("endangered", Shape::Flag),
    Field {
        path: "ncic.number",
        shape: Shape::Line,
        before: Stage::Closing,
    },
    Field {
        path: "ncic.entered_at",
        shape: Shape::Time,
        before: Stage::Closing,
    },
];
const WANTED: &[Field] = &[
    field("warrant_number", Shape::Line),
    field("court", Shape::Line),
    field("offense", Shape::Line),
    field("caution", Shape::Text),
];
const ONLINE: &[Field] = &[
    field("offense", Shape::Line),
    field("victim_reference", Shape::Line),
    field("platforms", Shape::Lines),
];
const MEDIA: &[Field] = &[
    field("incident_at", Shape::Time),
    field("incident_where", Shape::Line),
    field("poster_role", Shape::Words(&["participant", "observer"])),
];

impl Kind {
    fn fields(self) -> &'static [Field] {
        match self {
            Self::MissingPerson => MISSING,
            Self::WantedPerson => WANTED,
            Self::OnlineCrime => ONLINE,
            Self::CrimeMedia => MEDIA,
        }
    }
}

/// Reads the particulars of a kind from a form; unknown fields are refused by their path.
pub fn parse(kind: Kind, form: &mut Form) -> Map<String, Value> {
    let mut out = Map::new();
    for field in kind.fields() {
        match field.path.split_once('.') {
            None => put(&mut out, field.path, value(form, field.path, &field.shape)),
            Some(_) => continue,
        }
    }
    if kind == Kind::MissingPerson {
        let ncic = form.object("ncic", |inner| {
            let mut out = Map::new();
            put(&mut out, "number", value(inner, "number", &Shape::Line));
            put(&mut out, "entered_at", value(inner, "entered_at", &Shape::Time));
            out
        });
        put(&mut out, "ncic", ncic.map(Value::Object));
    }
    out
}

fn put(out: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        out.insert(name.to_owned(), value);
    }
}

fn value(form: &mut Form, name: &str, kind: &Shape) -> Option<Value> {
    if form.is_word(name, "unknown") {
        return form.value(name);
    }
    match kind {
        Shape::Line => form.text(name, LINE).filter(|t| !t.trim().is_empty()).map(Value::from),
        Shape::Text => form.text(name, TEXT).filter(|t| !t.trim().is_empty()).map(Value::from),
        Shape::Time => form.time(name).map(|t| clock::format(t).into()),
        Shape::Day => day(form, name),
        Shape::Flag => form.flag(name).map(Value::from),
        Shape::Words(words) => one_of(form, name, words),
        Shape::Lines => form.has(name).then(|| json!(form.texts(name, 50, 40))),
    }
}

fn day(form: &mut Form, name: &str) -> Option<Value> {
    let text = form.text(name, 10)?;
    if text.parse::<chrono::NaiveDate>().is_err() {
        form.refuse(name, "date", "must be a day such as 2009-04-17, or \"unknown\"");
    }
    Some(text.into())
}

fn one_of(form: &mut Form, name: &str, words: &[&str]) -> Option<Value> {
    let text = form.text(name, 40)?;
    if !words.contains(&text.as_str()) {
        form.refuse(name, "one_of", format!("must be one of {}, unknown", words.join(", ")));
    }
    Some(text.into())
}

/// What is still owed: path, and what it blocks.
pub fn due(kind: Kind, particulars: &Value) -> Vec<(String, Stage)> {
    let answered = |path: &str| {
        let found = path.split('.').try_fold(particulars, |value, name| value.get(name));
        found.is_some_and(|v| !v.is_null())
    };
    let open = kind.fields().iter().filter(|f| !answered(f.path));
    open.map(|f| (format!("particulars.{}", f.path), f.before)).collect()
}

/// Refuses a stage while something is owed before it. What is owed before the first authorization is owed before all.
pub fn require(kind: Kind, particulars: &Value, stage: Stage) -> Result<()> {
    let open: Vec<String> = due(kind, particulars)
        .into_iter()
        .filter(|(_, before)| *before == stage || *before == Stage::Authorization)
        .map(|(path, _)| path)
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let errors = open.iter().map(|path| crate::error::FieldError {
        field: path.clone(),
        rule: "due".into(),
        message: format!(
            "is due before {}: give it, or answer \"unknown\", with PATCH on the case",
            stage.as_str()
        ),
    });
    let detail = format!(
        "Before {} these are due: {}. \"unknown\" is an answer.",
        stage.as_str(),
        open.join(", ")
    );
    Err(Error {
        slug: "due-first",
        errors: errors.collect(),
        ..Error::conflict(detail)
    })
}
